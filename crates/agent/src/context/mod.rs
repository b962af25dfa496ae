//! Code contexts: Jupyter kernels, spoken to over ZeroMQ.
//!
//! A context has one kernel at a time, one queue of runs, and one bounded ring of frames that every
//! viewer reads at its own pace. Any kernelspec found in the sandbox is a language.

mod actor;
mod contexts;
mod diagnose;
mod hidden;
mod kernel;
mod launch;
mod output;
mod pool;
mod prepare;
mod reference;
mod ring;
mod socket;
mod spec;
mod start;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::response::IntoResponse;
use axum::routing::{any, delete, get, post};
use http::StatusCode;
use parking_lot::Mutex;
use sandpit_api::context::{CreateContext, KernelState};
use sandpit_api::{ApiError, ErrorCode};
use serde::Deserialize;
use serde_json::json;

use crate::server::extract::Upgrade;
use crate::server::reply::{self, Json, Path, Query, Reply};
use crate::server::{Routes, State, sse};
pub use contexts::Contexts;

/// The routes of this module.
pub fn routes() -> Routes {
    Routes::default()
        .route("/api/kernels", get(kernels))
        .route("/api/interpreter/health", get(health))
        .route("/api/contexts", get(list).post(create))
        .route("/api/contexts/warm", post(warm))
        .route("/api/contexts/{id}", delete(remove))
        .route("/api/contexts/{id}/interrupt", post(interrupt))
        .route("/api/contexts/{id}/restart", post(restart))
        .route("/api/execute/code", post(execute))
        .route("/ws/context", any(follow))
}

/// What of a context its viewers, its routes and its task share.
pub struct Shared {
    id: String,
    language: String,
    display_name: String,
    cwd: String,
    created_at: String,
    state: Mutex<KernelState>,
    ring: Arc<ring::Ring>,
}

fn code_error(message: String) -> ApiError {
    ApiError::new(ErrorCode::CodeExecutionError, message)
}

async fn kernels(agent: State) -> Reply {
    let all = spec::find_all(agent.env()).await;
    let kernels: Vec<_> = all.into_iter().map(spec::Spec::wire).collect();
    reply::success(&json!({ "kernels": kernels }))
}

async fn health() -> Reply {
    reply::success(&json!({ "status": "healthy" }))
}

async fn list(agent: State) -> Reply {
    reply::success(&json!({ "contexts": agent.contexts().list() }))
}

async fn create(agent: State, Json(body): Json<CreateContext>) -> Reply {
    let handle = agent.contexts().create(&agent, body).await?;
    let context = handle.shared.context();
    reply::success(&json!({
        "contextId": context.id,
        "language": context.language,
        "cwd": context.cwd,
        "context": context,
    }))
}

#[derive(Deserialize)]
struct Warm {
    language: Option<String>,
}

async fn warm(agent: State, Json(body): Json<Warm>) -> Reply {
    agent.contexts().warm(&agent, body.language.as_deref().unwrap_or("python")).await?;
    Ok((StatusCode::ACCEPTED, reply::success(&json!({}))?).into_response())
}

async fn remove(agent: State, Path(id): Path<String>) -> Reply {
    agent.contexts().delete(&id).await?;
    reply::success(&json!({ "contextId": id }))
}

async fn interrupt(agent: State, Path(id): Path<String>) -> Reply {
    agent.contexts().get(&id)?.interrupt().await?;
    reply::success(&json!({ "contextId": id }))
}

async fn restart(agent: State, Path(id): Path<String>) -> Reply {
    let handle = agent.contexts().get(&id)?;
    handle.restart().await?;
    reply::success(&json!({ "contextId": id, "context": handle.shared.context() }))
}

#[derive(Deserialize)]
struct Code {
    #[serde(alias = "contextId")]
    context_id: Option<String>,
    code: String,
    language: Option<String>,
    #[serde(alias = "timeoutMs")]
    timeout_ms: Option<u64>,
}

async fn execute(agent: State, Json(body): Json<Code>) -> Reply {
    let handle = match &body.context_id {
        Some(id) => agent.contexts().get(id)?,
        None => agent.contexts().default_for(&agent, body.language).await?,
    };
    let request_id = uuid::Uuid::now_v7().to_string();
    let limit = body.timeout_ms.map(Duration::from_millis);
    let follow = reference::Follow::new(handle.clone(), request_id.clone(), limit);
    handle.execute(&request_id, body.code, false).await?;
    Ok(sse::events(follow.events()))
}

#[derive(Deserialize)]
struct Viewer {
    id: String,
    since: Option<u64>,
}

async fn follow(agent: State, Query(viewer): Query<Viewer>, upgrade: reply::Result<Upgrade>) -> Reply {
    // Before the upgrade: a browser learns why it was refused by asking the same address plainly.
    let handle = agent.contexts().get(&viewer.id)?;
    let Upgrade(upgrade) = upgrade?;
    Ok(upgrade.on_upgrade(move |socket| socket::serve(handle, viewer.since, socket)).into_response())
}
