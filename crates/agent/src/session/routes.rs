//! The session routes of the reference (§2.2), and `GET /api/session/{id}`.

use std::sync::Arc;

use axum::{
    extract::State as Extract,
    routing::{get, post},
};
use sandpit_api::{ApiError, ErrorCode, session::CreateSession};
use serde::Deserialize;
use serde_json::json;

use super::bad_name;
use crate::{
    Agent,
    server::{
        Routes,
        reply::{self, Json, Path, Reply},
    },
};

/// The routes of this module.
pub fn routes() -> Routes {
    Routes::default()
        .route("/api/session/create", post(create))
        .route("/api/session/list", get(list))
        .route("/api/session/delete", post(delete))
        .route("/api/session/{id}", get(read))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delete {
    session_id: String,
}

async fn create(Extract(agent): Extract<Arc<Agent>>, Json(request): Json<CreateSession>) -> Reply {
    if let Some(name) = bad_name(request.env.as_ref()) {
        return Err(ApiError::invalid("env", format!("{name:?} is no name of a variable")).into());
    }
    if request.id.as_deref().is_some_and(|id| id.is_empty() || id.contains('\0')) {
        return Err(ApiError::invalid("id", "a session's id is not empty and has no NUL").into());
    }
    let session = agent.sessions.create(&request)?;
    let record = session.record();
    reply::success(&json!({ "data": record, "id": session.id, "containerPlacementId": null }))
}

async fn list(Extract(agent): Extract<Arc<Agent>>) -> Reply {
    reply::success(&json!({ "data": agent.sessions.ids() }))
}

async fn delete(Extract(agent): Extract<Arc<Agent>>, Json(request): Json<Delete>) -> Reply {
    agent.sessions.remove(&request.session_id)?.close().await;
    reply::success(&json!({ "sessionId": request.session_id }))
}

async fn read(Extract(agent): Extract<Arc<Agent>>, Path(id): Path<String>) -> Reply {
    let unknown =
        || ApiError::new(ErrorCode::SessionNotFound, format!("no session {id}")).with("sessionId", &*id);
    reply::success(&json!({ "session": agent.sessions.find(&id).ok_or_else(unknown)?.record() }))
}
