//! Code contexts: Jupyter kernels, spoken to over ZeroMQ.
//!
//! A context has one kernel at a time, one queue of runs, and one bounded ring of frames that every
//! viewer reads at its own pace. Any kernelspec found in the sandbox is a language.

mod actor;
mod check;
mod contexts;
mod diagnose;
mod hear;
mod hidden;
mod kernel;
mod launch;
mod output;
mod pool;
mod prepare;
mod reference;
mod ring;
mod run;
mod socket;
mod spec;
mod start;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use parking_lot::Mutex;
use sandpit_api::answer::{Nothing, Success};
use sandpit_api::context::{Context, CreateContext, ExecuteCode, KernelSpec, KernelState};
use sandpit_api::{ApiError, ErrorCode, ErrorCode::*};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::server::extract::{self, Upgrade};
use crate::server::reply::{self, Json, Path, Query, Reply};
use crate::server::{Routes, State, sse};
pub use contexts::Contexts;
use run::Terms;

/// The routes of this module.
pub fn routes() -> Routes {
    crate::routes![kernels, health, list, create, warm, remove, interrupt, restart, execute, follow]
}

/// What of a context its viewers, its routes and its task share.
pub struct Shared {
    id: String,
    spec: spec::Spec,
    cwd: String,
    created_at: String,
    state: Mutex<KernelState>,
    ring: Arc<ring::Ring>,
}

fn code_error(message: String) -> ApiError {
    ApiError::new(ErrorCode::CodeExecutionError, message)
}

/// Answer of `GET /api/kernels`.
#[derive(Serialize, ToSchema)]
struct Kernels {
    kernels: Vec<KernelSpec>,
}

/// The kernels that the sandbox can start.
#[utoipa::path(
    get, path = "/api/kernels", tag = "Code",
    responses((status = 200, description = "The kernels", body = Success<Kernels>, example = json!({
        "success": true, "timestamp": "2026-01-01T00:00:00Z",
        "kernels": [{ "name": "python3", "displayName": "Python 3.11", "language": "python" }],
    }))),
)]
async fn kernels(agent: State) -> Reply {
    let all = spec::find_all(agent.env()).await;
    let kernels = all.into_iter().map(spec::Spec::wire).collect();
    reply::success(&Kernels { kernels })
}

/// Answer of `GET /api/interpreter/health`.
#[derive(Serialize, ToSchema)]
struct InterpreterHealth {
    status: &'static str,
}

/// Says that code can be run.
#[utoipa::path(
    get, path = "/api/interpreter/health", tag = "Code",
    responses((status = 200, description = "It can", body = Success<InterpreterHealth>, example = json!({
        "success": true, "status": "healthy", "timestamp": "2026-01-01T00:00:00Z",
    }))),
)]
async fn health() -> Reply {
    reply::success(&InterpreterHealth { status: "healthy" })
}

/// Answer of `GET /api/contexts`.
#[derive(Serialize, ToSchema)]
struct AllContexts {
    contexts: Vec<Context>,
}

/// All code contexts.
#[utoipa::path(
    get, path = "/api/contexts", tag = "Code",
    responses((status = 200, description = "The contexts", body = Success<AllContexts>, example = json!({
        "success": true, "timestamp": "2026-01-01T00:00:00Z",
        "contexts": [{ "id": "c1", "language": "python", "cwd": "/workspace", "state": "idle",
            "displayName": "Python 3.11", "createdAt": "2026-01-01T00:00:00Z" }],
    }))),
)]
async fn list(agent: State) -> Reply {
    reply::success(&AllContexts { contexts: agent.contexts().list() })
}

/// Answer of `POST /api/contexts`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreatedContext {
    context_id: String,
    /// As it was asked for: the official client looks its contexts up by that name.
    language: String,
    cwd: String,
    context: Context,
}

/// Starts a code context; answers once its kernel does.
#[utoipa::path(
    post, path = "/api/contexts", tag = "Code",
    request_body(content = CreateContext, example = json!({ "language": "python" })),
    responses((status = 200, description = "It is ready", body = Success<CreatedContext>, example = json!({
        "success": true, "contextId": "c1", "language": "python", "cwd": "/workspace", "timestamp": "2026-01-01T00:00:00Z",
        "context": { "id": "c1", "language": "python", "cwd": "/workspace", "state": "idle",
            "displayName": "Python 3.11", "createdAt": "2026-01-01T00:00:00Z" },
    }))),
    extensions(("x-errors" = json!([
        CodeExecutionError, NotSupported, PythonNotAvailable, JavascriptNotAvailable, InterpreterNotReady,
    ]))),
)]
async fn create(agent: State, Json(body): Json<CreateContext>) -> Reply {
    let asked = body.language.clone();
    let handle = match agent.contexts().create(&agent, body).await {
        Ok(handle) => handle,
        Err(error) => return Ok(with_retry_after(error)),
    };
    let context = handle.shared.context();
    reply::success(&CreatedContext {
        context_id: context.id.clone(),
        language: asked.unwrap_or_else(|| context.language.clone()),
        cwd: context.cwd.clone(),
        context,
    })
}

/// The reference says when to try again in a header too.
fn with_retry_after(error: ApiError) -> Response {
    let after = error.context.get("retryAfter").map(ToString::to_string);
    let mut answer = reply::Failure::from(error).into_response();
    if let Some(after) = after.and_then(|after| after.parse().ok()) {
        answer.headers_mut().insert(http::header::RETRY_AFTER, after);
    }
    answer
}

/// Body of `POST /api/contexts/warm`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Warm {
    /// `python` when absent.
    language: Option<String>,
}

/// Starts a kernel in the background, to be handed to the next context of its language.
#[utoipa::path(
    post, path = "/api/contexts/warm", tag = "Code",
    request_body(content = Warm, example = json!({ "language": "python" })),
    responses((status = 202, description = "It starts", body = Success<Nothing>, example = json!({ "success": true, "timestamp": "2026-01-01T00:00:00Z" }))),
    extensions(("x-errors" = json!([PythonNotAvailable, JavascriptNotAvailable]))),
)]
async fn warm(agent: State, Json(body): Json<Warm>) -> Reply {
    agent.contexts().warm(&agent, body.language.as_deref().unwrap_or("python")).await?;
    Ok((StatusCode::ACCEPTED, reply::success(&Nothing {})?).into_response())
}

/// The context that was meant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ContextId {
    context_id: String,
}

/// Ends a context and its kernel.
#[utoipa::path(
    delete, path = "/api/contexts/{id}", tag = "Code", params(("id" = String, Path, description = "Id of the context", example = "c1")),
    responses((status = 200, description = "It is gone", body = Success<ContextId>, example = json!({
        "success": true, "contextId": "c1", "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!([ContextNotFound]))),
)]
async fn remove(agent: State, Path(id): Path<String>) -> Reply {
    agent.contexts().delete(&id).await?;
    reply::success(&ContextId { context_id: id })
}

/// Interrupts what runs in a context, and drops what is queued.
#[utoipa::path(
    post, path = "/api/contexts/{id}/interrupt", tag = "Code", params(("id" = String, Path, description = "Id of the context", example = "c1")),
    responses((status = 200, description = "It was asked to", body = Success<ContextId>, example = json!({
        "success": true, "contextId": "c1", "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!([ContextNotFound]))),
)]
async fn interrupt(agent: State, Path(id): Path<String>) -> Reply {
    agent.contexts().get(&id)?.interrupt().await?;
    reply::success(&ContextId { context_id: id })
}

/// Answer of `POST /api/contexts/{id}/restart`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RestartedContext {
    context_id: String,
    context: Context,
}

/// Gives a context a new kernel; answers once it does.
#[utoipa::path(
    post, path = "/api/contexts/{id}/restart", tag = "Code", params(("id" = String, Path, description = "Id of the context", example = "c1")),
    responses((status = 200, description = "It is ready", body = Success<RestartedContext>, example = json!({
        "success": true, "contextId": "c1", "timestamp": "2026-01-01T00:00:00Z",
        "context": { "id": "c1", "language": "python", "cwd": "/workspace", "state": "idle",
            "displayName": "Python 3.11", "createdAt": "2026-01-01T00:00:00Z" },
    }))),
    extensions(("x-errors" = json!([ContextNotFound, CodeExecutionError, InterpreterNotReady]))),
)]
async fn restart(agent: State, Path(id): Path<String>) -> Reply {
    let handle = agent.contexts().get(&id)?;
    handle.restart().await?;
    reply::success(&RestartedContext { context_id: id, context: handle.shared.context() })
}

/// Runs code in a context and tells its outputs as they come, server-sent.
#[utoipa::path(
    post, path = "/api/execute/code", tag = "Code",
    request_body(content = ExecuteCode, example = json!({ "code": "1 + 1", "language": "python" })),
    responses((
        status = 200, description = "Events as the reference has them: `stdout`, `stderr`, `result`, `error`, `execution_complete`",
        content_type = "text/event-stream", body = Object,
        example = json!("data: {\"type\":\"result\",\"text\":\"2\",\"metadata\":{}}\n\n"),
    )),
    extensions(("x-errors" = json!([
        ContextNotFound, CodeExecutionError, NotSupported, PythonNotAvailable, JavascriptNotAvailable, InterpreterNotReady,
    ]))),
)]
async fn execute(agent: State, Json(body): Json<ExecuteCode>) -> Reply {
    let handle = match &body.context_id {
        Some(id) => agent.contexts().get(id)?,
        None => agent.contexts().default_for(&agent, body.language.clone()).await?,
    };
    let spec = &handle.shared.spec;
    if let Some(language) = body.language.as_deref().filter(|language| !spec.runs(language)) {
        let message = format!("this context runs {}, not {language:?}", spec.language);
        return Err(ApiError::invalid("language", message).into());
    }
    let variables = body.env_vars.unwrap_or_default();
    check::environment_of_run(&variables, spec)?;
    let request_id = uuid::Uuid::now_v7().to_string();
    let follow = reference::Follow::new(&handle, request_id.clone());
    let terms = Terms {
        limit: extract::limit(body.timeout_ms),
        variables,
        values: true,
        asks: false,
        abandoned: follow.abandoned(),
    };
    handle.execute(&request_id, body.code, false, terms).await?;
    Ok(sse::ascii_events(follow.events()))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Viewer {
    /// Id of the context.
    #[param(example = "c1")]
    id: String,
    /// The cursor of a frame to go on after; only live ones when absent.
    since: Option<u64>,
}

/// A WebSocket that runs code in a context and sees all its outputs.
///
/// Text frames: `ContextControl` from the viewer, `ContextFrame` to it.
#[utoipa::path(
    get, path = "/ws/context", tag = "Code", params(Viewer),
    responses((status = 101, description = "Frames `ContextControl` and `ContextFrame`")),
    extensions(("x-errors" = json!([ContextNotFound]))),
)]
async fn follow(agent: State, Query(viewer): Query<Viewer>, upgrade: reply::Result<Upgrade>) -> Reply {
    // Before the upgrade: a browser learns why it was refused by asking the same address plainly.
    let handle = agent.contexts().get(&viewer.id)?;
    let Upgrade(upgrade) = upgrade?;
    Ok(upgrade.on_upgrade(move |socket| socket::serve(handle, viewer.since, socket)).into_response())
}
