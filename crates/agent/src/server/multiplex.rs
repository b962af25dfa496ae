//! Many requests on one WebSocket (reference §2.4), given to the same routes as any other.
//!
//! Frames of all requests go through one short queue to the socket: a client that reads slowly makes
//! them all wait, and loses none. Cancelling a request, or closing the socket, drops it, which stops
//! what it runs.

use std::{collections::HashMap, sync::Arc, task::Poll};

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::ws::{Message, Utf8Bytes, WebSocket},
    response::{IntoResponse, Response},
};
use futures::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use parking_lot::Mutex;
use sandpit_api::{
    ApiError, ErrorCode,
    multiplex::{Call, CallError, CallFrame, CallKind},
};
use serde_json::value::RawValue;
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
};
use tower::ServiceExt;

use super::{
    Routes,
    extract::{JSON_LIMIT, Upgrade},
    reply::Reply,
    sse,
};

/// Frames that wait for the socket.
const FRAMES: usize = 16;
/// Requests of one socket that run at the same time.
const RUNNING: usize = 2048;
/// The most of an answer that is no stream, bytes: it crosses in one frame.
const ANSWER_LIMIT: usize = 128 << 20;
/// Headers that concern a connection, of which a request here has none, and its sender's secrets.
const NOT_PASSED: [HeaderName; 8] = [
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What a socket's requests are given to.
#[derive(Clone)]
pub struct Served(pub Router);

/// The routes of this module.
pub fn routes() -> Routes {
    crate::routes![open, open_api]
}

/// A WebSocket that carries many requests at the same time.
///
/// Text frames: `Call` from the client, `CallFrame` to it. A request is answered by one `response`, or by
/// `stream` frames (the server-sent events of its route) and then one.
#[utoipa::path(
    get, path = "/ws", tag = "About",
    responses((status = 101, description = "Frames `Call` and `CallFrame`")),
)]
async fn open(Upgrade(upgrade): Upgrade, Extension(served): Extension<Served>) -> Reply {
    let upgrade = upgrade.max_message_size(JSON_LIMIT).max_frame_size(JSON_LIMIT);
    Ok(upgrade.on_upgrade(|socket| serve(socket, served.0)).into_response())
}

/// The same as `/ws`.
#[utoipa::path(
    get, path = "/api/ws", tag = "About",
    responses((status = 101, description = "Frames `Call` and `CallFrame`")),
)]
async fn open_api(upgrade: Upgrade, served: Extension<Served>) -> Reply {
    open(upgrade, served).await
}

async fn serve(socket: WebSocket, app: Router) {
    let (sink, stream) = socket.split();
    let (frames, queued) = mpsc::channel(FRAMES);
    let calls = Calls { app, frames, running: Running::default(), tasks: JoinSet::new() };
    tokio::select! {
        () = calls.listen(stream) => {}
        // An error means that the client has gone.
        _ = write(sink, queued) => {}
    }
}

async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut queued: mpsc::Receiver<CallFrame>,
) -> Result<(), axum::Error> {
    while let Some(frame) = queued.recv().await {
        let text = serde_json::to_string(&frame).map_err(axum::Error::new)?;
        sink.send(Message::Text(text.into())).await?;
    }
    Ok(())
}

/// The requests that run, by their ids.
type Running = Arc<Mutex<HashMap<String, AbortHandle>>>;

/// The requests of one socket. Dropping it drops them.
struct Calls {
    app: Router,
    frames: mpsc::Sender<CallFrame>,
    running: Running,
    tasks: JoinSet<()>,
}

impl Calls {
    async fn listen(mut self, mut stream: SplitStream<WebSocket>) {
        loop {
            tokio::select! {
                message = stream.next() => match message {
                    Some(Ok(Message::Text(text))) => self.take(&text).await,
                    Some(Ok(Message::Binary(_))) => {
                        self.refuse(None, CallError::ParseError, "a text frame is expected").await;
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                },
                Some(_) = self.tasks.join_next() => {}
            }
        }
    }

    async fn take(&mut self, text: &Utf8Bytes) {
        match serde_json::from_str::<Call>(text) {
            Ok(Call { kind: CallKind::Cancel, id, .. }) => {
                let running = self.running.lock().remove(&id);
                running.inspect(AbortHandle::abort);
            }
            Ok(call) => self.start(call).await,
            Err(error) => {
                let code = if error.is_data() { CallError::InvalidRequest } else { CallError::ParseError };
                self.refuse(id_in(text), code, &error.to_string()).await;
            }
        }
    }

    async fn start(&mut self, call: Call) {
        let id = call.id.clone();
        let (taken, running) = {
            let running = self.running.lock();
            (running.contains_key(&id), running.len())
        };
        if taken {
            return self.refuse(None, CallError::InvalidRequest, "a request with this id runs already").await;
        }
        if running >= RUNNING {
            let message = format!("a socket runs at most {RUNNING} requests at the same time");
            let busy = ApiError::new(ErrorCode::ResourceBusy, message).with("limit", RUNNING);
            return tell(&self.frames, answer_of(id, busy)).await;
        }
        match request_of(call) {
            Ok(request) => self.spawn(id, request).await,
            Err(why) => self.refuse(Some(id), CallError::InvalidRequest, &why).await,
        }
    }

    async fn spawn(&mut self, id: String, request: Request<Body>) {
        let mut answer = Box::pin(self.app.clone().oneshot(request));
        // Handlers begin in the order in which requests were sent: commands of one session queue so.
        let begun = futures::poll!(&mut answer);
        let (frames, running, own) = (self.frames.clone(), self.running.clone(), id.clone());
        // Held until the request is listed, so that it cannot end before.
        let mut listed = self.running.lock();
        let task = self.tasks.spawn(async move {
            let answer = match begun {
                Poll::Ready(answer) => answer,
                Poll::Pending => answer.await,
            };
            let last = tell_answer(answer.unwrap_or_else(|never| match never {}), own.clone(), &frames).await;
            // Before the client learns of the end: then its id is free.
            running.lock().remove(&own);
            tell(&frames, last).await;
        });
        listed.insert(id, task);
    }

    async fn refuse(&self, id: Option<String>, code: CallError, message: &str) {
        tell(&self.frames, error_of(id, code, message)).await;
    }
}

/// The id of a frame that is wrong otherwise.
fn id_in(text: &str) -> Option<String> {
    let frame: serde_json::Value = serde_json::from_str(text).ok()?;
    frame.get("id")?.as_str().map(str::to_owned)
}

fn error_of(id: Option<String>, code: CallError, message: &str) -> CallFrame {
    CallFrame::Error { id, code, message: message.to_owned(), status: code.status() }
}

fn answer_of(id: String, error: ApiError) -> CallFrame {
    let status = error.http_status;
    CallFrame::Response { id, status, body: serde_json::value::to_raw_value(&error).ok(), done: true }
}

async fn tell(frames: &mpsc::Sender<CallFrame>, frame: CallFrame) {
    // When nobody takes frames any more the socket is closed, and this task about to be dropped.
    let _ = frames.send(frame).await;
}

fn request_of(call: Call) -> Result<Request<Body>, String> {
    let method = call.method.ok_or("method is missing")?;
    let path = call.path.ok_or("path is missing")?;
    if !path.starts_with('/') {
        return Err(format!("path {path:?} does not start with /"));
    }
    let body = call.body.map(|body| Bytes::from(Box::<str>::from(body).into_string()));
    let mut request = Request::builder().method(method.as_str()).uri(path);
    for (name, value) in call.headers.unwrap_or_default() {
        request = request.header(name, value);
    }
    let mut request =
        request.body(body.map_or_else(Body::empty, Body::from)).map_err(|error| error.to_string())?;
    tidy(request.headers_mut());
    Ok(request)
}

fn tidy(headers: &mut HeaderMap) {
    for name in NOT_PASSED {
        headers.remove(name);
    }
    headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
}

/// Tells an answer but for its last frame, which it returns.
async fn tell_answer(answer: Response, id: String, frames: &mpsc::Sender<CallFrame>) -> CallFrame {
    let kind = answer.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if kind.starts_with(b"text/event-stream") {
        return stream(answer, id, frames).await;
    }
    let text = kind.starts_with(b"text/");
    whole(answer, id, text).await
}

/// Tells each event of `answer` as it comes; what is to be told last.
async fn stream(answer: Response, id: String, frames: &mpsc::Sender<CallFrame>) -> CallFrame {
    let status = answer.status().as_u16();
    let mut pieces = answer.into_body().into_data_stream();
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(event) => {
                if let Some(data) = sse::data_of(&event) {
                    tell(frames, CallFrame::Stream { id: id.clone(), data: data.to_owned() }).await;
                }
            }
            Err(error) => return error_of(Some(id), CallError::StreamError, &error.to_string()),
        }
    }
    CallFrame::Response { id, status, body: None, done: true }
}

/// An answer in one frame.
async fn whole(answer: Response, id: String, text: bool) -> CallFrame {
    let status = answer.status().as_u16();
    let body = match Limited::new(answer.into_body(), ANSWER_LIMIT).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!("the answer is larger than {ANSWER_LIMIT} bytes");
            let error = ApiError::new(ErrorCode::FileTooLarge, message).with("maxBytes", ANSWER_LIMIT);
            return answer_of(id, error.suggest("Ask the same over HTTP, which streams it."));
        }
        Err(error) => return error_of(Some(id), CallError::StreamError, &error.to_string()),
    };
    match json_of(body, text) {
        Some(body) => CallFrame::Response { id, status, body, done: true },
        None => {
            let error = ApiError::new(
                ErrorCode::NotSupported,
                "the answer is bytes, which a text frame cannot carry",
            );
            answer_of(id, error.suggest("Ask the same over HTTP."))
        }
    }
}

/// A body as JSON: as it is, or text as a string. `None` for bytes.
fn json_of(body: Bytes, text: bool) -> Option<Option<Box<RawValue>>> {
    if body.is_empty() {
        return Some(None);
    }
    let body = String::from_utf8(body.into()).ok()?;
    if text {
        return serde_json::value::to_raw_value(&body).ok().map(Some);
    }
    RawValue::from_string(body).ok().map(Some)
}

#[cfg(test)]
mod tests;
