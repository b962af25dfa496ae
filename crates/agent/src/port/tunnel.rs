//! `GET /api/tunnel/{port}`: an HTTP upgrade that becomes a TCP connection to the sandbox's loopback.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use rustix::process::{Resource, getrlimit};
use sandpit_api::{ApiError, ErrorCode, ErrorCode::*};
use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::dial::dial;
use crate::server::State;
use crate::server::reply::{Path, Reply};

/// Bytes on the way in each direction.
const BUFFER: usize = 64 * 1024;
/// The most tunnels that are open at the same time.
const LIMIT: u64 = 2000;

/// As many places as there may be tunnels: each costs two descriptors, and half of all may be theirs.
pub fn places() -> Arc<Semaphore> {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    Arc::new(Semaphore::new((descriptors / 4).min(LIMIT) as usize))
}

/// Becomes a TCP connection to a port of the sandbox's loopback.
///
/// Asked with `Connection: Upgrade` and `Upgrade: tcp`; after the `101` both sides send bytes.
#[utoipa::path(
    get, path = "/api/tunnel/{port}", tag = "Ports",
    params(("port" = u16, Path, description = "From 1 to 65535", minimum = 1, example = 8000)),
    responses((status = 101, description = "The connection's bytes follow")),
    extensions(("x-errors" = json!([InvalidPort, ResourceBusy, ServiceNotResponding]))),
)]
pub async fn open(agent: State, Path(port): Path<String>, mut request: Request) -> Reply {
    let port = parse(&port)?;
    let wanted = request.headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
    if !wanted.is_some_and(|wanted| wanted.eq_ignore_ascii_case("tcp")) {
        return Err(ApiError::invalid("upgrade", "the header Upgrade: tcp is expected").into());
    }
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return Err(ApiError::invalid("upgrade", "this connection cannot be upgraded").into());
    };
    let place = agent.tunnels.clone().try_acquire_owned().map_err(|_| too_many())?;
    let stream = dial(port).await.map_err(|error| refused(port, &error))?;
    tokio::spawn(carry(upgrade, stream, place));
    Ok(switching())
}

fn parse(text: &str) -> Result<u16, ApiError> {
    let port = text.parse::<u16>().ok().filter(|port| *port != 0);
    port.ok_or_else(|| {
        ApiError::new(ErrorCode::InvalidPort, format!("{text:?} is not a port from 1 to 65535"))
            .with("field", "port")
    })
}

fn refused(port: u16, error: &io::Error) -> ApiError {
    ApiError::new(ErrorCode::ServiceNotResponding, format!("nothing answers on port {port}: {error}"))
        .with("port", port)
}

fn too_many() -> ApiError {
    ApiError::new(ErrorCode::ResourceBusy, "the sandbox carries as many tunnels as it can")
        .suggest("Close some connections to its ports, and try again.")
}

fn switching() -> Response {
    let headers = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "tcp")];
    (StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response()
}

/// Copies until both sides have ended; one that has ended leaves the other open (half-close).
async fn carry(upgrade: OnUpgrade, mut stream: TcpStream, _place: OwnedSemaphorePermit) {
    let Ok(upgraded) = upgrade.await else {
        return;
    };
    let mut upgraded = TokioIo::new(upgraded);
    // Either side breaking off ends the connection, which is all that can be told to the other.
    let _ = copy_bidirectional_with_sizes(&mut upgraded, &mut stream, BUFFER, BUFFER).await;
}
