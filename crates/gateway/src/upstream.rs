//! Connections to agents and, through them, to servers inside sandboxes: pooled, HTTP/1.1.
//!
//! The authority of a request's URI says where it goes: `http://<sandbox>/…` to the agent itself,
//! `http://<sandbox>:<port>/…` through the agent's tunnel to that port inside the sandbox.

use std::{
    error::Error as _,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use futures::future::BoxFuture;
use http::{
    Request, Response, Uri, header,
    uri::{PathAndQuery, Scheme},
};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connected, Connection},
    },
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use sandpit_api::{ApiError, ErrorCode};
use sandpit_engine::{AgentClient, ByteStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::engines::Roster;

/// An agent that has not answered a dial by then is hung.
const DIAL: Duration = Duration::from_secs(10);
const MOST_IDLE: usize = 16;
const AGENT_KEPT: Duration = Duration::from_secs(60);
/// Shorter than the 5 s after which common servers hang up, so that they never do so on a new request.
const SERVER_KEPT: Duration = Duration::from_secs(4);

/// Why there is no answer.
#[derive(Debug)]
pub enum Unanswered {
    /// No connection: the engine's, the agent's or the tunnel's own error.
    Refused(ApiError),
    /// There was a connection, and it ended before an answer.
    Broken(String),
}

/// The two pools.
pub struct Upstream {
    dial: Dial,
    agents: Client<Dial, Body>,
    servers: Client<Dial, Body>,
}

impl Upstream {
    pub fn new(roster: Arc<Roster>) -> Self {
        let dial = Dial { roster };
        let pool = |kept| {
            let mut builder = Client::builder(TokioExecutor::new());
            builder.pool_timer(TokioTimer::new()).pool_idle_timeout(kept).pool_max_idle_per_host(MOST_IDLE);
            builder.set_host(false).build(dial.clone())
        };
        Self { agents: pool(AGENT_KEPT), servers: pool(SERVER_KEPT), dial }
    }

    /// Sends `request`, whose URI is only a path, to the agent of `id`.
    pub async fn agent(&self, id: &str, request: Request<Body>) -> Result<Response<Incoming>, Unanswered> {
        send(&self.agents, id, request).await
    }

    /// Sends `request`, whose URI is only a path, to what listens on `port` inside `id`.
    pub async fn server(
        &self,
        id: &str,
        port: u16,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, Unanswered> {
        send(&self.servers, &format!("{id}:{port}"), request).await
    }

    /// Whether a connection to `port` inside `id` is accepted.
    pub async fn accepts(&self, id: &str, port: u16) -> bool {
        self.dial.connect(id, Some(port)).await.is_ok()
    }
}

async fn send(
    client: &Client<Dial, Body>,
    authority: &str,
    mut request: Request<Body>,
) -> Result<Response<Incoming>, Unanswered> {
    let path = request.uri().path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    let uri = Uri::builder().scheme(Scheme::HTTP).authority(authority).path_and_query(path).build();
    *request.uri_mut() = uri.map_err(|error| Unanswered::Broken(error.to_string()))?;
    client.request(request).await.map_err(|error| {
        let refused = error.source().and_then(|source| source.downcast_ref::<ApiError>());
        match refused {
            Some(refused) => Unanswered::Refused(refused.clone()),
            None => Unanswered::Broken(innermost(&error)),
        }
    })
}

fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

#[derive(Clone)]
struct Dial {
    roster: Arc<Roster>,
}

impl Dial {
    async fn connect(&self, id: &str, port: Option<u16>) -> Result<Stream, ApiError> {
        let connected = tokio::time::timeout(DIAL, async {
            let agent = self.roster.dial(id).await?;
            match port {
                None => Ok(Stream(agent)),
                Some(port) => tunnel(agent, port).await,
            }
        });
        connected.await.unwrap_or_else(|_| {
            let message = format!("The agent of {id} has not answered for {} s.", DIAL.as_secs());
            Err(ApiError::new(ErrorCode::AgentUnreachable, message).with("sandboxId", id))
        })
    }
}

async fn tunnel(agent: Box<dyn ByteStream>, port: u16) -> Result<Stream, ApiError> {
    let request = Request::get(format!("/api/tunnel/{port}"))
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "tcp")
        .body(Empty::<Bytes>::new())
        .map_err(|error| ApiError::new(ErrorCode::InternalError, error.to_string()))?;
    let (_, stream) = AgentClient::over(agent).await?.upgrade(request).await?;
    Ok(Stream(Box::new(stream)))
}

impl tower::Service<Uri> for Dial {
    type Response = TokioIo<Stream>;
    type Error = ApiError;
    type Future = BoxFuture<'static, Result<Self::Response, ApiError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ApiError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dial = self.clone();
        Box::pin(async move {
            dial.connect(uri.host().unwrap_or_default(), uri.port_u16()).await.map(TokioIo::new)
        })
    }
}

/// A dialled connection, as the pool wants it.
pub struct Stream(Box<dyn ByteStream>);

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
