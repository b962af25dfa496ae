//! `GET /api/tunnel/{port}`: an HTTP upgrade that becomes a TCP connection to the sandbox's loopback.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use sandpit_api::{ApiError, ErrorCode, ErrorCode::*};
use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::TcpStream;

use crate::server::reply::{Path, Reply};

/// Bytes on the way in each direction.
const BUFFER: usize = 64 * 1024;

/// Becomes a TCP connection to a port of the sandbox's loopback.
///
/// Asked with `Connection: Upgrade` and `Upgrade: tcp`; after the `101` both sides send bytes.
#[utoipa::path(
    get, path = "/api/tunnel/{port}", tag = "Ports",
    params(("port" = u16, Path, description = "From 1 to 65535", minimum = 1, example = 8000)),
    responses((status = 101, description = "The connection's bytes follow")),
    extensions(("x-errors" = json!([InvalidPort, ServiceNotResponding]))),
)]
pub async fn open(Path(port): Path<String>, mut request: Request) -> Reply {
    let port = parse(&port)?;
    let wanted = request.headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
    if !wanted.is_some_and(|wanted| wanted.eq_ignore_ascii_case("tcp")) {
        return Err(ApiError::invalid("upgrade", "the header Upgrade: tcp is expected").into());
    }
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return Err(ApiError::invalid("upgrade", "this connection cannot be upgraded").into());
    };
    let stream = dial(port).await.map_err(|error| refused(port, &error))?;
    tokio::spawn(carry(upgrade, stream));
    Ok(switching())
}

fn parse(text: &str) -> Result<u16, ApiError> {
    let port = text.parse::<u16>().ok().filter(|port| *port != 0);
    port.ok_or_else(|| {
        ApiError::new(ErrorCode::InvalidPort, format!("{text:?} is not a port from 1 to 65535"))
            .with("field", "port")
    })
}

/// A server may listen on one family only.
async fn dial(port: u16) -> io::Result<TcpStream> {
    let stream = match TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
        Ok(stream) => stream,
        Err(error) => TcpStream::connect((Ipv6Addr::LOCALHOST, port)).await.map_err(|_| error)?,
    };
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn refused(port: u16, error: &io::Error) -> ApiError {
    ApiError::new(ErrorCode::ServiceNotResponding, format!("nothing answers on port {port}: {error}"))
        .with("port", port)
}

fn switching() -> Response {
    let headers = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "tcp")];
    (StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response()
}

/// Copies until both sides have ended; one that has ended leaves the other open (half-close).
async fn carry(upgrade: OnUpgrade, mut stream: TcpStream) {
    let Ok(upgraded) = upgrade.await else {
        return;
    };
    let mut upgraded = TokioIo::new(upgraded);
    // Either side breaking off ends the connection, which is all that can be told to the other.
    let _ = copy_bidirectional_with_sizes(&mut upgraded, &mut stream, BUFFER, BUFFER).await;
}
