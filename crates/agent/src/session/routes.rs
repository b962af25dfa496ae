//! The session routes of the reference (§2.2), and `GET /api/session/{id}`.

use std::sync::Arc;

use axum::extract::State as Extract;
use sandpit_api::{
    ApiError,
    ErrorCode::{self, *},
    answer::Success,
    session::{CreateSession, DEFAULT_SESSION, Session},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{check_env, not_found};
use crate::{
    Agent,
    server::{
        Routes,
        extract::no_nul,
        reply::{self, Json, Path, Reply},
    },
};

/// The routes of this module.
pub fn routes() -> Routes {
    crate::routes![create, list, delete, read]
}

/// Body of `POST /api/session/delete`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DeleteSession {
    session_id: String,
}

/// Answer of `POST /api/session/delete`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DeletedSession {
    session_id: String,
}

/// Answer of `POST /api/session/create`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreatedSession {
    data: Session,
    id: String,
    /// Always `null`: a sandbox is placed nowhere but here.
    #[schema(value_type = Option<String>)]
    container_placement_id: (),
}

/// Answer of `GET /api/session/list`.
#[derive(Serialize, ToSchema)]
struct SessionIds {
    data: Vec<String>,
}

/// Answer of `GET /api/session/{id}`.
#[derive(Serialize, ToSchema)]
struct OneSession {
    session: Session,
}

/// Makes a session: a shell with a folder and an environment of its own.
#[utoipa::path(
    post, path = "/api/session/create", tag = "Sessions",
    request_body(content = CreateSession, example = json!({ "id": "build", "cwd": "/workspace", "env": { "CI": "1" } })),
    responses((status = 200, description = "The session", body = Success<CreatedSession>, example = json!({
        "success": true, "id": "build", "containerPlacementId": null, "timestamp": "2026-01-01T00:00:00Z",
        "data": { "id": "build", "cwd": "/workspace", "createdAt": "2026-01-01T00:00:00Z" },
    }))),
    extensions(("x-errors" = json!([SessionExists, ResourceBusy, NotSupported]))),
)]
async fn create(Extract(agent): Extract<Arc<Agent>>, Json(request): Json<CreateSession>) -> Reply {
    check_env("env", request.env.as_ref())?;
    if request.isolation == Some(true) {
        let message = "sessions share the sandbox's processes and files: isolation of one is not supported";
        return Err(ApiError::new(ErrorCode::NotSupported, message)
            .with("field", "isolation")
            .suggest("Use a sandbox of its own.")
            .into());
    }
    no_nul("cwd", request.cwd.as_deref())?;
    no_nul("name", request.name.as_deref())?;
    let session = agent.sessions.create(&request)?;
    let data = session.record();
    reply::success(&CreatedSession { data, id: session.id.clone(), container_placement_id: () })
}

/// The ids of all sessions.
#[utoipa::path(
    get, path = "/api/session/list", tag = "Sessions",
    responses((status = 200, description = "Their ids", body = Success<SessionIds>, example = json!({
        "success": true, "data": ["default", "build"], "timestamp": "2026-01-01T00:00:00Z",
    }))),
)]
async fn list(Extract(agent): Extract<Arc<Agent>>) -> Reply {
    reply::success(&SessionIds { data: agent.sessions.ids() })
}

/// Ends a session; what runs in it, and all its shell started, is ended. `default` cannot be deleted.
#[utoipa::path(
    post, path = "/api/session/delete", tag = "Sessions",
    request_body(content = DeleteSession, example = json!({ "sessionId": "build" })),
    responses((status = 200, description = "It is gone", body = Success<DeletedSession>, example = json!({
        "success": true, "sessionId": "build", "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!([SessionNotFound]))),
)]
async fn delete(Extract(agent): Extract<Arc<Agent>>, Json(request): Json<DeleteSession>) -> Reply {
    if request.session_id == DEFAULT_SESSION {
        let message = "the default session cannot be deleted";
        return Err(ApiError::invalid("sessionId", message).suggest("`exit` gives it a fresh shell.").into());
    }
    agent.sessions.remove(&request.session_id)?.close().await;
    reply::success(&DeletedSession { session_id: request.session_id })
}

/// What is known of a session.
#[utoipa::path(
    get, path = "/api/session/{id}", tag = "Sessions",
    params(("id" = String, Path, description = "Id of the session", example = "build")),
    responses((status = 200, description = "The session", body = Success<OneSession>, example = json!({
        "success": true, "session": { "id": "build", "cwd": "/workspace", "createdAt": "2026-01-01T00:00:00Z" }, "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!([SessionNotFound]))),
)]
async fn read(Extract(agent): Extract<Arc<Agent>>, Path(id): Path<String>) -> Reply {
    let session = agent.sessions.find(&id).ok_or_else(|| not_found(&id))?;
    reply::success(&OneSession { session: session.record() })
}
