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
use axum::routing::{any, post};
use sandpit_api::watch::Watch;

use crate::file::name;
use crate::server::extract::Upgrade;
use crate::server::reply::{Json, Reply};
use crate::server::{Routes, State, sse};

/// The routes of this module.
pub fn routes() -> Routes {
    Routes::default().route("/ws/watch", any(watch_tree)).route("/api/watch", post(watch))
}

async fn watch_tree(agent: State, Upgrade(upgrade): Upgrade) -> Reply {
    let workspace = agent.workspace().to_owned();
    let tree = tree::Tree::new(workspace)?;
    Ok(upgrade.on_upgrade(|socket| tree.serve(socket)).into_response())
}

async fn watch(agent: State, Json(body): Json<Watch>) -> Reply {
    let path = name::resolve(agent.workspace(), "path", &body.path)?;
    let filter = filter::Filter::new(body.include.as_deref(), body.exclude.as_deref())?;
    let events = stream::start(path, body.recursive.unwrap_or(true), filter).await?;
    Ok(sse::events(events))
}
