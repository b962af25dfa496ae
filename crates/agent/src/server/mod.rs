//! The agent's HTTP server: it puts the modules' routes together and answers what is none of them.
//!
//! What a route does is the business of its module; here is only how requests are read and answered.

mod commands;
pub mod extract;
#[cfg(test)]
mod hostile;
mod later;
pub mod listen;
mod multiplex;
#[cfg(test)]
mod openapi;
pub mod reply;
mod routes;
pub mod sse;
#[cfg(test)]
pub mod testing;
mod unread;

use std::sync::Arc;

use axum::{Extension, Router, http::Uri, middleware};
use sandpit_api::{ApiError, ErrorCode, answer::Success};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Agent;
use reply::{Failure, Reply};
pub use routes::{Description, Routes};

/// The state of every handler.
pub type State = axum::extract::State<Arc<Agent>>;

/// Everything the agent serves.
pub fn router(agent: Arc<Agent>) -> Router {
    let app = routes()
        .into_router()
        .fallback(unknown_route)
        .method_not_allowed_fallback(wrong_method)
        .with_state(agent);
    // A socket that carries many requests gives them to the same routes.
    app.clone().layer(Extension(multiplex::Served(app))).layer(middleware::map_request(unread::taken))
}

fn routes() -> Routes {
    about()
        .merge(commands::routes())
        .merge(later::routes())
        .merge(multiplex::routes())
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
}

/// What tells who answers (reference §2.2).
fn about() -> Routes {
    crate::routes![greet, ping, version]
}

/// Says who answers, as text.
#[utoipa::path(
    get, path = "/", tag = "About",
    responses((status = 200, description = "Name and version", body = String, example = "sandpit-agent 0.1.0\n")),
)]
async fn greet() -> &'static str {
    concat!("sandpit-agent ", env!("CARGO_PKG_VERSION"), "\n")
}

#[derive(Serialize, ToSchema)]
struct Pong {
    status: &'static str,
    message: &'static str,
}

/// Answers, which is all that is asked.
#[utoipa::path(
    get, path = "/api/ping", tag = "About",
    responses((status = 200, description = "It is healthy", body = Success<Pong>, example = json!({
        "success": true, "status": "healthy", "message": "pong", "timestamp": "2026-01-01T00:00:00Z",
    }))),
)]
async fn ping() -> Reply {
    reply::success(&Pong { status: "healthy", message: "pong" })
}

#[derive(Serialize, ToSchema)]
struct Version {
    version: &'static str,
    protocol: u32,
}

/// The version of the agent, and the generation of its protocol.
#[utoipa::path(
    get, path = "/api/version", tag = "About",
    responses((status = 200, description = "The version", body = Success<Version>, example = json!({
        "success": true, "version": "0.1.0", "protocol": 1, "timestamp": "2026-01-01T00:00:00Z",
    }))),
)]
async fn version() -> Reply {
    reply::success(&Version { version: env!("CARGO_PKG_VERSION"), protocol: sandpit_api::PROTOCOL })
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
