//! Changes in the sandbox's files: the reference's server-sent shape, and the tree's socket.
//!
//! What was missed is always told (`resync`), never passed over in silence.

mod filter;
mod recursive;
mod source;
mod stream;
#[cfg(test)]
mod tests;
mod tree;

use axum::response::IntoResponse;
use sandpit_api::ErrorCode::*;
use sandpit_api::watch::{Watch, WatchEvent};

use crate::file::name;
use crate::server::extract::Upgrade;
use crate::server::reply::{Json, Reply};
use crate::server::{Routes, State, sse};

/// The routes of this module.
pub fn routes() -> Routes {
    crate::routes![watch_tree, watch]
}

/// A WebSocket that tells changes of the folders it is asked to watch.
///
/// Text frames: `WatchControl` from the viewer, `WatchFrame` to it.
#[utoipa::path(
    get, path = "/ws/watch", tag = "Watch",
    responses((status = 101, description = "Frames `WatchControl` and `WatchFrame`")),
    extensions(("x-errors" = json!([WatchStartError]))),
)]
async fn watch_tree(agent: State, Upgrade(upgrade): Upgrade) -> Reply {
    let workspace = agent.workspace().to_owned();
    let tree = tree::Tree::new(workspace)?;
    Ok(upgrade.on_upgrade(|socket| tree.serve(socket)).into_response())
}

/// Tells changes under a folder, server-sent, from the event `watching` on.
#[utoipa::path(
    post, path = "/api/watch", tag = "Watch",
    request_body(content = Watch, example = json!({ "path": "/workspace", "include": ["*.py"] })),
    responses((
        status = 200, description = "Events, each `data: <WatchEvent>`",
        content_type = "text/event-stream", body = WatchEvent,
        example = json!("data: {\"type\":\"watching\",\"path\":\"/workspace\",\"watchId\":\"w1\"}\n\n"),
    )),
    extensions(("x-errors" = json!([
        FileNotFound, NotDirectory, NameTooLong, PermissionDenied, TooManyLinks, FilesystemError, WatchStartError,
    ]))),
)]
async fn watch(agent: State, Json(body): Json<Watch>) -> Reply {
    let path = name::resolve(agent.workspace(), "path", &body.path)?;
    let filter = filter::Filter::new(body.include.as_deref(), body.exclude.as_deref())?;
    let events = stream::start(path, body.recursive.unwrap_or(true), filter).await?;
    Ok(sse::events(events))
}
