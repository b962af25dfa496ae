//! `POST /api/port-watch`: waiting until something answers on a port (reference §2.3, §6).
//!
//! The kernel tells who listens, so nothing is sent to a port before there is somebody; then a
//! connection, or a request, says whether it is ready.

use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use async_stream::stream;
use axum::body::Body;
use futures::Stream;
use http::uri::PathAndQuery;
use http::{Request, header};
use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use sandpit_api::ApiError;
use sandpit_api::ErrorCode::{self, *};
use sandpit_api::port::{PortMode, PortWatch, PortWatchEvent};
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::dial::dial;
use super::listening;
use crate::file::blocking;
use crate::process::Process;
use crate::server::reply::{Json, Reply};
use crate::server::{State, sse};

/// The pause between two looks. What is waited for is told well within 50 ms.
const LOOK: Duration = Duration::from_millis(10);
/// A server that has not answered by then is asked again (reference §6).
const ANSWER: Duration = Duration::from_secs(5);
/// How much of an answer is read, and how long, so that the server can say all it has to say.
const DRAINED: usize = 1 << 20;
const DRAIN: Duration = Duration::from_secs(1);

/// Waits until a port is ready, server-sent.
///
/// Tells `watching` at once, then one of `ready`, `process_exited` and `error`, and ends.
#[utoipa::path(
    post, path = "/api/port-watch", tag = "Ports",
    request_body(content = PortWatch, example = json!({ "port": 8000, "mode": "tcp", "timeoutMs": 1000 })),
    responses((
        status = 200, description = "Events, each `data: <PortWatchEvent>`",
        content_type = "text/event-stream", body = PortWatchEvent,
        example = json!("data: {\"type\":\"watching\",\"port\":8000}\n\ndata: {\"type\":\"ready\",\"port\":8000}\n\n"),
    )),
    extensions(("x-errors" = json!([InvalidPort, ProcessNotFound]))),
)]
pub async fn watch(agent: State, Json(request): Json<PortWatch>) -> Reply {
    let wanted = Wanted::read(&request)?;
    let process = request.process_id.as_deref().map(|id| agent.processes.find(id)).transpose()?;
    let limit = request.timeout_ms.map(Duration::from_millis);
    Ok(sse::events(events(wanted, process, limit)))
}

/// What makes a port ready.
struct Wanted {
    port: u16,
    /// None: a connection is enough.
    answer: Option<Answer>,
    pause: Duration,
}

struct Answer {
    path: PathAndQuery,
    statuses: RangeInclusive<u16>,
}

impl Wanted {
    fn read(request: &PortWatch) -> Result<Self, ApiError> {
        let port = u16::try_from(request.port).ok().filter(|port| *port != 0);
        let port = port.ok_or_else(|| {
            let message = format!("{} is not a port from 1 to 65535", request.port);
            ApiError::new(ErrorCode::InvalidPort, message).with("field", "port")
        })?;
        let answer = match request.mode {
            PortMode::Tcp => None,
            PortMode::Http => Some(Answer::read(request)?),
        };
        let pause = request.interval.map_or(LOOK, |time| Duration::from_millis(time.max(1)).min(LOOK));
        Ok(Self { port, answer, pause })
    }

    /// Waits until the port is ready; the status of the answer, if there was to be one.
    async fn ready(&self) -> Option<u16> {
        loop {
            if self.is_listening().await
                && let Ok(found) = self.look().await
            {
                return found;
            }
            sleep(self.pause).await;
        }
    }

    async fn is_listening(&self) -> bool {
        let port = self.port;
        let look = move || {
            let sockets = listening::sockets();
            // Where the kernel does not tell, only a connection can.
            let unknown = sockets.is_empty() && !listening::is_readable();
            Ok(unknown || sockets.iter().any(|socket| socket.port == port))
        };
        blocking(look).await.unwrap_or(true)
    }

    async fn look(&self) -> io::Result<Option<u16>> {
        let Some(wanted) = &self.answer else { return dial(self.port).await.map(|_| None) };
        let asked = timeout(ANSWER, get(self.port, &wanted.path)).await?;
        let (status, rest) = asked?;
        if wanted.statuses.contains(&status) {
            tokio::spawn(rest);
            return Ok(Some(status));
        }
        rest.await;
        Err(io::ErrorKind::NotConnected.into())
    }
}

impl Answer {
    fn read(request: &PortWatch) -> Result<Self, ApiError> {
        let path = request.path.as_deref().unwrap_or("/");
        let path = path.starts_with('/').then(|| path.parse().ok()).flatten();
        let path = path.ok_or_else(|| ApiError::invalid("path", "path is not the path of an URL"))?;
        let (min, max) = (request.status_min.unwrap_or(200), request.status_max.unwrap_or(399));
        for (field, status) in [("statusMin", min), ("statusMax", max)] {
            if !(100..=999).contains(&status) {
                return Err(ApiError::invalid(field, format!("{status} is no HTTP status")));
            }
        }
        if min > max {
            return Err(ApiError::invalid("statusMin", format!("statusMin {min} is above statusMax {max}")));
        }
        Ok(Self { path, statuses: min..=max })
    }
}

/// The status of the answer, and what is left to read of it.
async fn get(port: u16, path: &PathAndQuery) -> io::Result<(u16, impl Future<Output = ()> + Send + use<>)> {
    let stream = TokioIo::new(dial(port).await?);
    let (mut sender, connection) = handshake(stream).await.map_err(io::Error::other)?;
    let connection = AbortOnDropHandle::new(tokio::spawn(connection));
    let request = Request::get(path.as_str())
        .header(header::HOST, format!("localhost:{port}"))
        .header(header::CONNECTION, "close")
        .body(Body::empty())
        .map_err(io::Error::other)?;
    let response = sender.send_request(request).await.map_err(io::Error::other)?;
    let status = response.status().as_u16();
    let rest = async move {
        let body = Limited::new(response.into_body(), DRAINED).collect();
        // The server may have more to say than anybody wants to hear.
        let _ = timeout(DRAIN, async { tokio::join!(body, connection) }).await;
    };
    Ok((status, rest))
}

fn events(
    wanted: Wanted,
    process: Option<Arc<Process>>,
    limit: Option<Duration>,
) -> impl Stream<Item = PortWatchEvent> {
    let port = wanted.port;
    let last = async move {
        tokio::select! {
            biased;
            // First: what answers on the port of a process that has ended is another one.
            exit_code = exited(process) => PortWatchEvent::ProcessExited { port, exit_code },
            status_code = wanted.ready() => PortWatchEvent::Ready { port, status_code },
            () = expired(limit) => expiry(port, limit.unwrap_or_default()),
        }
    };
    stream! {
        yield PortWatchEvent::Watching { port };
        yield last.await;
    }
}

async fn exited(process: Option<Arc<Process>>) -> i32 {
    match process {
        Some(process) => process.ended().await,
        None => std::future::pending().await,
    }
}

async fn expired(limit: Option<Duration>) {
    match limit {
        Some(limit) => sleep(limit).await,
        None => std::future::pending().await,
    }
}

fn expiry(port: u16, limit: Duration) -> PortWatchEvent {
    let error = format!("port {port} was not ready after {} ms", limit.as_millis());
    PortWatchEvent::Error { port, error, code: ErrorCode::ProcessReadyTimeout }
}
