//! A request and its answer: the head with what is there of the body, then the rest as the page takes it.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body};
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use tokio::{sync::oneshot, time::timeout};
use tower::ServiceExt;

use super::{
    Carrier, Failure, Open, pack,
    pipe::{End, Pipe, Taken},
};

/// A body this short is given together with its head: one message to the page is dearer than its bytes.
const SHORT: u64 = 256 << 10;
/// How long the head may wait for such a body.
const PATIENCE: Duration = Duration::from_millis(20);

/// What the page asks, without the body.
#[derive(Debug, Deserialize)]
pub struct Ask {
    pub id: u32,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
}

#[derive(Serialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
    more: bool,
}

impl Ask {
    pub fn request(&self, body: Body) -> Result<Request<Body>, http::Error> {
        let mut request = Request::builder().method(self.method.as_str()).uri(self.path.as_str());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(body)
    }
}

/// A whole answer, packed as [`Carrier::fetch`] packs it.
pub fn packed(answer: Response<Bytes>) -> Vec<u8> {
    let (parts, body) = answer.into_parts();
    pack::head(&head_of(&parts, false), &body)
}

impl Carrier {
    /// Asks the router. Packed `Ask` and body in; packed `Head` and the body so far out.
    pub async fn fetch(&self, packed: &[u8]) -> Result<Vec<u8>, Failure> {
        let (ask, body) = pack::unpack_head::<Ask>(packed)?;
        let request = ask.request(Body::from(Bytes::copy_from_slice(body)))?;
        let pipe = Arc::new(Pipe::default());
        let (head, answered) = oneshot::channel();
        let task = tokio::spawn(run(self.router.clone(), request, pipe.clone(), head)).abort_handle();
        self.open.lock().insert(ask.id, Open { pipe: pipe.clone(), input: None, task });
        let parts = answered.await.map_err(|_| Failure::Ended)?;
        let first = first_of(&pipe, &parts).await;
        let more = first.end != Some(End::Whole);
        if !more {
            self.cancel(ask.id);
        }
        Ok(pack::head(&head_of(&parts, more), &first.bytes))
    }

    /// More of a body: bytes, then one byte that says whether more comes (0), it was all (1), or it was cut off
    /// (2, and the bytes before it are the reason).
    pub async fn body(&self, id: u32) -> Result<Vec<u8>, Failure> {
        let taken = self.pipe(id)?.take().await;
        let (mut bytes, state) = match taken.end {
            None => (taken.bytes, 0),
            Some(End::Whole) => (taken.bytes, 1),
            Some(End::Failed(reason)) if taken.bytes.is_empty() => (reason.into_bytes(), 2),
            Some(End::Failed(_)) => (taken.bytes, 0),
        };
        if state != 0 {
            self.cancel(id);
        }
        bytes.push(state);
        Ok(bytes)
    }
}

async fn run(
    router: Router,
    request: Request<Body>,
    pipe: Arc<Pipe>,
    head: oneshot::Sender<http::response::Parts>,
) {
    let Ok(answer) = router.oneshot(request).await;
    let (parts, mut body) = answer.into_parts();
    if head.send(parts).is_err() {
        return;
    }
    while let Some(frame) = body.frame().await {
        match frame.map(|frame| frame.into_data()) {
            Ok(Ok(data)) => pipe.push(|all| all.extend_from_slice(&data)).await,
            Ok(Err(_trailers)) => {}
            Err(error) => return pipe.end(End::Failed(error.to_string()), |_| {}),
        }
    }
    pipe.end(End::Whole, |_| {});
}

async fn first_of(pipe: &Pipe, parts: &http::response::Parts) -> Taken {
    let length =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length <= SHORT)
        && let Ok(whole) = timeout(PATIENCE, pipe.take_whole()).await
    {
        return whole;
    }
    tokio::task::yield_now().await;
    pipe.take_ready().unwrap_or(Taken { bytes: Vec::new(), end: None })
}

fn head_of(parts: &http::response::Parts, more: bool) -> Head {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    Head { status: parts.status.as_u16(), headers, more }
}
