//! Where the agent listens: an inherited Unix socket, a Unix socket it makes, or TCP with a token.

use std::{io, net::SocketAddr, os::fd::OwnedFd, path::Path, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::header,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    serve::ListenerExt,
};
use sandpit_api::{ApiError, ErrorCode};
use tokio::net::{TcpListener, UnixListener};

use super::reply::Failure;

/// Serves `app` on a listening Unix socket that was handed over. Ends only with an error.
///
/// # Errors
/// When `socket` is no listening Unix socket.
pub async fn serve_fd(socket: OwnedFd, app: Router) -> io::Result<()> {
    // No command of the sandbox may inherit it.
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    let listener = std::os::unix::net::UnixListener::from(socket);
    listener.set_nonblocking(true)?;
    listener.local_addr()?;
    axum::serve(UnixListener::from_std(listener)?, app).await
}

/// Serves `app` on a Unix socket made at `path`; a stale socket there is replaced.
///
/// # Errors
/// When the socket cannot be made.
pub async fn serve_unix(path: &Path, app: Router) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    axum::serve(UnixListener::bind(path)?, app).await
}

/// Serves `app` on TCP to those who send `Authorization: Bearer <token>`.
///
/// # Errors
/// When the address cannot be had.
pub async fn serve_tcp(address: SocketAddr, token: String, app: Router) -> io::Result<()> {
    let listener = TcpListener::bind(address).await?.tap_io(|stream| {
        // An echo must not wait for an acknowledgement; without it the socket still works.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, guarded(app, token)).await
}

/// `app` behind a token.
pub fn guarded(app: Router, token: String) -> Router {
    app.layer(middleware::from_fn_with_state(Arc::<str>::from(token), check))
}

async fn check(State(token): State<Arc<str>>, request: Request, next: Next) -> Response {
    let sent = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let sent = sent.and_then(|value| value.strip_prefix("Bearer "));
    if sent.is_some_and(|sent| same(sent.as_bytes(), token.as_bytes())) {
        return next.run(request).await;
    }
    Failure::from(ApiError::new(ErrorCode::Unauthorized, "a valid bearer token is needed")).into_response()
}

/// Whether two secrets are equal, in a time that depends only on their lengths.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && std::hint::black_box(a.iter().zip(b).fold(0, |diff, (a, b)| diff | (a ^ b))) == 0
}
