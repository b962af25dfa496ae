//! The agent's HTTP server: it puts the modules' routes together and answers what is none of them.
//!
//! What a route does is the business of its module; here is only how requests are read and answered.

pub mod extract;
pub mod listen;
pub mod reply;
pub mod sse;
#[cfg(test)]
pub mod testing;

use std::sync::Arc;

use axum::{Router, http::Uri, routing::get};
use sandpit_api::{ApiError, ErrorCode};
use serde_json::json;

use crate::Agent;
use reply::{Failure, Reply};

/// The routes of one module, before they are given their agent.
pub type Routes = Router<Arc<Agent>>;

/// The state of every handler.
pub type State = axum::extract::State<Arc<Agent>>;

/// Everything the agent serves.
pub fn router(agent: Arc<Agent>) -> Router {
    Router::new()
        .merge(about())
        .merge(crate::context::routes())
        .merge(crate::exec::routes())
        .merge(crate::file::routes())
        .merge(crate::git::routes())
        .merge(crate::port::routes())
        .merge(crate::process::routes())
        .merge(crate::session::routes())
        .merge(crate::stats::routes())
        .merge(crate::terminal::routes())
        .merge(crate::watch::routes())
        .fallback(unknown_route)
        .method_not_allowed_fallback(wrong_method)
        .with_state(agent)
}

/// What tells who answers (reference §2.2).
fn about() -> Routes {
    Router::new()
        .route("/", get(async || concat!("sandpit-agent ", env!("CARGO_PKG_VERSION"), "\n")))
        .route("/api/ping", get(ping))
        .route("/api/version", get(version))
}

async fn ping() -> Reply {
    reply::success(&json!({ "status": "healthy", "message": "pong" }))
}

async fn version() -> Reply {
    reply::success(&json!({ "version": env!("CARGO_PKG_VERSION"), "protocol": sandpit_api::PROTOCOL }))
}

async fn unknown_route(uri: Uri) -> Failure {
    ApiError::new(ErrorCode::RouteNotFound, format!("no such route: {}", uri.path()))
        .with("path", uri.path())
        .into()
}

async fn wrong_method(method: axum::http::Method, uri: Uri) -> Failure {
    ApiError::new(ErrorCode::MethodNotAllowed, format!("{method} is not served at {}", uri.path()))
        .with("path", uri.path())
        .with("method", method.as_str())
        .into()
}
