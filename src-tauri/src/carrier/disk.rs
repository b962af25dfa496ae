//! Large bodies go between a disk and the router and never through the page.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, body::Body};
use futures::StreamExt;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tokio::{
    fs::File,
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    task::JoinHandle,
};
use tower::ServiceExt;

use super::{Ask, Carrier, Failure, Open, exchange::packed, pipe::Pipe};

const PIECE: usize = 256 << 10;
/// How often the page is told how far it is.
const TELL: Duration = Duration::from_millis(100);

impl Carrier {
    /// Sends a file as the body of `ask`; the whole answer comes back, packed as `fetch` packs it.
    pub async fn send_file(
        &self,
        ask: Ask,
        path: &Path,
        tell: impl Fn(u64) + Send + 'static,
    ) -> Result<Vec<u8>, Failure> {
        let file = File::open(path).await?;
        let length = file.metadata().await?.len();
        let mut request = ask.request(Body::from_stream(pieces(file, tell)))?;
        request.headers_mut().insert(http::header::CONTENT_LENGTH, length.into());
        let work = tokio::spawn(answer_of(self.router.clone(), request));
        Ok(packed(self.until_done(ask.id, work).await?))
    }

    /// Writes the body of the answer to `GET path` into a file, whole or not at all.
    pub async fn save_answer(&self, id: u32, path: &str, place: &Path) -> Result<(), Failure> {
        let request = Request::get(path).body(Body::empty())?;
        let work = tokio::spawn(save(self.router.clone(), request, place.to_owned()));
        let saved = self.until_done(id, work).await;
        if saved.is_err() {
            // Nothing of it is left when it was cut off; that there was nothing yet is as good.
            let _ = tokio::fs::remove_file(part_of(place)).await;
        }
        saved
    }

    async fn until_done<T>(&self, id: u32, work: JoinHandle<Result<T, Failure>>) -> Result<T, Failure> {
        let open = Open { pipe: Arc::new(Pipe::default()), input: None, task: work.abort_handle() };
        self.open.lock().insert(id, open);
        let done = work.await.unwrap_or(Err(Failure::Ended));
        self.cancel(id);
        done
    }
}

/// Writes a file whole or not at all.
pub async fn write_whole(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = part_of(place);
    tokio::fs::write(&part, bytes).await?;
    tokio::fs::rename(&part, place).await
}

/// Where a file is written until it is whole.
fn part_of(place: &Path) -> PathBuf {
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    place.with_file_name(name)
}

fn pieces(
    file: impl AsyncRead + Unpin + Send + 'static,
    tell: impl Fn(u64) + Send + 'static,
) -> impl futures::Stream<Item = io::Result<Vec<u8>>> + Send {
    let start = (file, tell, 0, Instant::now());
    futures::stream::try_unfold(start, |(mut file, tell, sent, mut told)| async move {
        let mut piece = Vec::with_capacity(PIECE);
        let read = (&mut file).take(PIECE as u64).read_to_end(&mut piece).await?;
        let sent = sent + read as u64;
        if read == 0 || told.elapsed() >= TELL {
            told = Instant::now();
            tell(sent);
        }
        Ok((read > 0).then_some((piece, (file, tell, sent, told))))
    })
}

async fn answer_of(router: Router, request: Request<Body>) -> Result<Response<bytes::Bytes>, Failure> {
    let Ok(answer) = router.oneshot(request).await;
    let (parts, body) = answer.into_parts();
    Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
}

async fn save(router: Router, request: Request<Body>, place: PathBuf) -> Result<(), Failure> {
    let Ok(answer) = router.oneshot(request).await;
    if answer.status() != StatusCode::OK {
        let body = answer.into_body().collect().await?.to_bytes();
        return Err(Failure::Refused(String::from_utf8_lossy(&body).into_owned()));
    }
    let part = part_of(&place);
    let mut file = File::create(&part).await?;
    let mut body = answer.into_body().into_data_stream();
    while let Some(piece) = body.next().await {
        file.write_all(&piece?).await?;
    }
    file.sync_all().await?;
    Ok(tokio::fs::rename(&part, &place).await?)
}
