//! Changes in the sandbox's files: the reference's server-sent shape, and the tree's socket.
//!
//! What was missed is always told (`resync`), never passed over in silence.

mod check;
mod filter;
mod recursive;
mod source;
mod stream;
#[cfg(test)]
mod tests;
mod tree;

pub use check::Checks;

use std::path::{Component, Path, PathBuf};

use axum::response::IntoResponse;
use sandpit_api::answer::Success;
use sandpit_api::watch::{ChangeType, Changes, CheckChanges, Watch, WatchEvent};
use sandpit_api::{ApiError, ErrorCode::*};

use self::filter::Filter;
use crate::file::{Result, name};
use crate::server::extract::Upgrade;
use crate::server::reply::{self, Json, Reply};
use crate::server::{Routes, State, sse};

/// The routes of this module.
pub fn routes() -> Routes {
    crate::routes![watch_tree, watch, check]
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
    let asked = Asked::new(agent.workspace(), body)?;
    let filter = asked.filter()?;
    let watch_id = format!("watch-{}", uuid::Uuid::now_v7().simple());
    let events = stream::start(watch_id, asked.path, asked.recursive, filter, asked.kinds).await?;
    Ok(sse::events(events))
}

/// Tells whether something changed since a version that an earlier answer gave.
#[utoipa::path(
    post, path = "/api/watch/check", tag = "Watch",
    request_body(content = CheckChanges, example = json!({ "path": "/workspace", "since": "watch-5f0c1a2b-1:7" })),
    responses((status = 200, description = "The state now", body = Success<Changes>, example = json!({
        "success": true, "status": "changed", "version": "watch-5f0c1a2b-1:9", "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!([
        FileNotFound, NotDirectory, NameTooLong, PermissionDenied, TooManyLinks, FilesystemError, WatchStartError,
    ]))),
)]
async fn check(agent: State, Json(body): Json<CheckChanges>) -> Reply {
    let CheckChanges { path, recursive, include, exclude, events, session_id, since } = body;
    let watch = Watch { path, recursive, include, exclude, events, session_id };
    let asked = Asked::new(agent.workspace(), watch)?;
    reply::success(&agent.checks.check(asked, since.as_deref()).await?)
}

/// What is told when a request names no kinds (reference §2.3): all but `attrib`.
const KINDS: [ChangeType; 5] =
    [ChangeType::Create, ChangeType::Modify, ChangeType::Delete, ChangeType::MoveFrom, ChangeType::MoveTo];

/// A request, so that two that mean the same are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Asked {
    path: PathBuf,
    recursive: bool,
    include: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
    kinds: Vec<ChangeType>,
}

impl Asked {
    /// Refuses a path outside the workspace, as the reference does (§7).
    fn new(workspace: &Path, body: Watch) -> Result<Self> {
        let path = plain(&name::resolve(workspace, "path", &body.path)?);
        if !path.starts_with(workspace) {
            let shown = |path: &Path| name::encode(path.as_os_str()).into_owned();
            let error = ApiError::new(PermissionDenied, format!("path must be inside {}", shown(workspace)));
            return Err(error
                .with("path", body.path)
                .with("resolvedPath", shown(&path))
                .with("workspaceRoot", shown(workspace))
                .during("file.watch")
                .into());
        }
        let mut kinds = body.events.filter(|kinds| !kinds.is_empty()).unwrap_or_else(|| KINDS.to_vec());
        kinds.sort_unstable();
        kinds.dedup();
        let (include, exclude) = (sorted(body.include), sorted(body.exclude));
        Ok(Self { path, recursive: body.recursive.unwrap_or(true), include, exclude, kinds })
    }

    fn filter(&self) -> Result<Filter> {
        Filter::new(&self.path, self.include.as_deref(), self.exclude.as_deref())
    }
}

fn sorted(patterns: Option<Vec<String>>) -> Option<Vec<String>> {
    let mut patterns = patterns.filter(|patterns| !patterns.is_empty())?;
    patterns.sort_unstable();
    patterns.dedup();
    Some(patterns)
}

/// `path` without `..`, by its text alone: links are not looked at, as in the reference.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}
