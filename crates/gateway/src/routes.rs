//! The table of routes. Each carries its own description, from which the OpenAPI document is made.

use axum::{Json, Router, routing::any};
use http::{Method, Uri};
use sandpit_api::{ApiError, ErrorCode, PROTOCOL, engine::Health};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    agent, answer::Failed, engines, events, gateway::Gateway, lifecycle, openapi, ports, stats, steps,
};

/// What goes to a sandbox's agent, which describes it.
pub const PASSED: [&str; 3] = [
    "/v1/sandboxes/{sandbox}/api/{*path}",
    "/v1/sandboxes/{sandbox}/ws",
    "/v1/sandboxes/{sandbox}/ws/{*path}",
];

/// Every route of the gateway's own, with its description.
pub fn described() -> OpenApiRouter<Gateway> {
    OpenApiRouter::default()
        .routes(routes!(health))
        .routes(routes!(openapi::openapi))
        .routes(routes!(engines::engines))
        .routes(routes!(events::events))
        .routes(routes!(lifecycle::list, lifecycle::create))
        .routes(routes!(lifecycle::show, lifecycle::patch, lifecycle::delete))
        .routes(routes!(steps::start))
        .routes(routes!(steps::stop))
        .routes(routes!(steps::pause))
        .routes(routes!(steps::resume))
        .routes(routes!(steps::restart))
        .routes(routes!(stats::stats))
        .routes(routes!(ports::list, ports::add))
        .routes(routes!(ports::remove))
}

pub fn router(gateway: Gateway) -> Router {
    let (own, _) = described().split_for_parts();
    let routes = PASSED.into_iter().fold(own, |router, path| router.route(path, any(agent::pass)));
    routes.fallback(not_found).method_not_allowed_fallback(not_allowed).with_state(gateway)
}

/// Who answers, and the generation of its protocol.
#[utoipa::path(
    get, path = "/v1/health", tag = "Gateway",
    responses((status = 200, description = "It is healthy", body = Health, example = json!({
        "name": "sandpit", "version": "0.1.0", "protocol": 1,
    }))),
)]
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
