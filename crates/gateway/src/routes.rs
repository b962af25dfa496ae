//! The table of routes. It is data, so that a test can try every one of them.

use axum::{
    Json, Router,
    extract::State,
    routing::{MethodRouter, any, delete, get, post},
};
use http::{Method, Uri};
use sandpit_api::{ApiError, ErrorCode, PROTOCOL, engine::Health};

use crate::{
    agent,
    answer::{Failed, Id},
    engines, events,
    gateway::Gateway,
    lifecycle::{self, Step},
    ports, stats,
};

/// Every route of the gateway by its path.
pub fn table() -> Vec<(&'static str, MethodRouter<Gateway>)> {
    vec![
        ("/v1/health", get(health)),
        ("/v1/engines", get(engines::engines)),
        ("/v1/events", get(events::events)),
        ("/v1/sandboxes", get(lifecycle::list).post(lifecycle::create)),
        ("/v1/sandboxes/{id}", get(lifecycle::show).patch(lifecycle::patch).delete(lifecycle::delete)),
        ("/v1/sandboxes/{id}/start", step(Step::Start)),
        ("/v1/sandboxes/{id}/stop", step(Step::Stop)),
        ("/v1/sandboxes/{id}/pause", step(Step::Pause)),
        ("/v1/sandboxes/{id}/resume", step(Step::Resume)),
        ("/v1/sandboxes/{id}/restart", step(Step::Restart)),
        ("/v1/sandboxes/{id}/stats", get(stats::stats)),
        ("/v1/sandboxes/{id}/ports", get(ports::list).post(ports::add)),
        ("/v1/sandboxes/{id}/ports/{port}", delete(ports::remove)),
        ("/v1/sandboxes/{id}/api/{*path}", any(agent::pass)),
        ("/v1/sandboxes/{id}/ws", any(agent::pass)),
        ("/v1/sandboxes/{id}/ws/{*path}", any(agent::pass)),
    ]
}

pub fn router(gateway: Gateway) -> Router {
    let routes =
        table().into_iter().fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    routes.fallback(not_found).method_not_allowed_fallback(not_allowed).with_state(gateway)
}

fn step(step: Step) -> MethodRouter<Gateway> {
    post(move |State(gateway): State<Gateway>, Id(id): Id| lifecycle::step(step, gateway, id))
}

async fn health() -> Json<Health> {
    Json(Health {
        name: "sandpit".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: PROTOCOL,
    })
}

async fn not_found(uri: Uri) -> Failed {
    let message = format!("There is no route {}.", uri.path());
    Failed(ApiError::new(ErrorCode::RouteNotFound, message).with("path", uri.path()))
}

async fn not_allowed(method: Method, uri: Uri) -> Failed {
    let message = format!("{method} is not a method of {}.", uri.path());
    Failed(ApiError::new(ErrorCode::MethodNotAllowed, message).with("method", method.as_str()))
}
