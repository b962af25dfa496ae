//! Files of the sandbox: read, write, list, move, trash, and raw bytes both ways (docs/PROTOCOL.md, Files).
//!
//! The sandbox is the boundary: no path is forbidden here, the kernel decides. Nothing here knows a
//! session or a process.

mod archive;
mod body;
mod change;
mod fault;
pub mod info;
pub mod list;
mod mime;
pub mod name;
mod raw;
mod read;
mod replace;
#[cfg(test)]
mod tests;
mod trash;

use std::path::PathBuf;

use axum::response::IntoResponse;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sandpit_api::ApiError;
use sandpit_api::file::{ListFiles, Trashed};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::server::reply::{self, Json, Reply};
use crate::server::{Routes, State, sse};
pub use fault::{Result, blocking, fault};
use read::Encoding;

/// How many pieces wait between the disk and a slow reader.
const PIECES: usize = 4;

/// The routes of this module.
pub fn routes() -> Routes {
    Routes::default()
        .route("/api/list-files", post(list_files))
        .route("/api/read", post(read_file))
        .route("/api/read/stream", post(read_stream))
        .route("/api/write", post(write))
        .route("/api/delete", post(delete))
        .route("/api/mkdir", post(mkdir))
        .route("/api/exists", post(exists))
        .route("/api/rename", post(rename))
        .route("/api/move", post(move_file))
        .route("/api/copy", post(copy))
        .route("/api/stat", post(stat))
        .route("/api/trash", post(put_into_trash))
        .route("/api/trash/restore", post(restore))
        .route("/api/files/raw", get(raw::get).put(raw::put))
        .route("/api/files/archive", get(archive::get).put(archive::put))
}

/// What most bodies have. `sessionId` is accepted everywhere: paths do not depend on a session.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    path: String,
    #[serde(default)]
    recursive: bool,
    encoding: Option<String>,
}

impl Entry {
    fn resolve(&self, agent: &State) -> Result<PathBuf> {
        name::resolve(agent.workspace(), "path", &self.path)
    }
}

async fn list_files(agent: State, Json(asked): Json<ListFiles>) -> Reply {
    let path = name::resolve(agent.workspace(), "path", &asked.path)?;
    let listing = blocking(move || list::Listing::open(path, asked.options)).await?;
    let (out, body) = body::outgoing();
    tokio::task::spawn_blocking(move || listing.write(out));
    Ok(([(http::header::CONTENT_TYPE, "application/json")], body).into_response())
}

async fn read_file(agent: State, Json(body): Json<Entry>) -> Reply {
    let path = body.resolve(&agent)?;
    let encoding = Encoding::parse(body.encoding.as_deref())?;
    let answer = blocking(move || read::read(&path, encoding)).await?;
    reply::success(&answer)
}

async fn read_stream(agent: State, Json(body): Json<Entry>) -> Reply {
    let path = body.resolve(&agent)?;
    let slices = blocking(move || read::Slices::open(&path)).await?;
    let (events, received) = mpsc::channel(PIECES);
    tokio::task::spawn_blocking(move || slices.stream(|event| events.blocking_send(event).is_ok()));
    Ok(sse::events(ReceiverStream::new(received)))
}

#[derive(Deserialize)]
struct Write {
    path: String,
    content: String,
    encoding: Option<String>,
}

async fn write(agent: State, Json(body): Json<Write>) -> Reply {
    let path = name::resolve(agent.workspace(), "path", &body.path)?;
    let content = match Encoding::parse(body.encoding.as_deref())? {
        Some(Encoding::Base64) => BASE64
            .decode(body.content.as_bytes())
            .map_err(|error| ApiError::invalid("content", format!("content is not base64: {error}")))?,
        _ => body.content.into_bytes(),
    };
    blocking(move || replace::write(&path, &content)).await?;
    reply::success(&json!({ "path": body.path }))
}

async fn delete(agent: State, Json(body): Json<Entry>) -> Reply {
    let path = body.resolve(&agent)?;
    blocking(move || change::delete(&path, body.recursive, agent.workspace())).await?;
    reply::success(&json!({ "path": body.path }))
}

async fn mkdir(agent: State, Json(body): Json<Entry>) -> Reply {
    let path = body.resolve(&agent)?;
    blocking(move || change::mkdir(&path, body.recursive)).await?;
    reply::success(&json!({ "path": body.path, "recursive": body.recursive }))
}

async fn exists(agent: State, Json(body): Json<Entry>) -> Reply {
    let path = body.resolve(&agent)?;
    let exists = blocking(move || change::exists(&path)).await?;
    reply::success(&json!({ "path": body.path, "exists": exists }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rename {
    old_path: String,
    new_path: String,
    #[serde(default)]
    overwrite: bool,
}

async fn rename(agent: State, Json(body): Json<Rename>) -> Reply {
    let from = name::resolve(agent.workspace(), "oldPath", &body.old_path)?;
    let to = name::resolve(agent.workspace(), "newPath", &body.new_path)?;
    blocking(move || change::rename(&from, &to, body.overwrite)).await?;
    reply::success(&json!({ "path": body.old_path, "newPath": body.new_path }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Move {
    source_path: String,
    destination_path: String,
    #[serde(default)]
    overwrite: bool,
}

impl Move {
    fn resolve(&self, agent: &State) -> Result<(PathBuf, PathBuf)> {
        let from = name::resolve(agent.workspace(), "sourcePath", &self.source_path)?;
        Ok((from, name::resolve(agent.workspace(), "destinationPath", &self.destination_path)?))
    }

    fn answer(&self) -> Reply {
        reply::success(&json!({ "path": self.source_path, "newPath": self.destination_path }))
    }
}

async fn move_file(agent: State, Json(body): Json<Move>) -> Reply {
    let (from, to) = body.resolve(&agent)?;
    let overwrite = body.overwrite;
    blocking(move || change::rename(&from, &to, overwrite)).await?;
    body.answer()
}

async fn copy(agent: State, Json(body): Json<Move>) -> Reply {
    let (from, to) = body.resolve(&agent)?;
    blocking(move || change::copy(&from, &to)).await?;
    body.answer()
}

async fn stat(agent: State, Json(body): Json<Entry>) -> Reply {
    let path = body.resolve(&agent)?;
    let file = blocking(move || info::of(&path)).await?;
    reply::success(&json!({ "file": file }))
}

#[derive(Deserialize)]
struct Paths {
    paths: Vec<String>,
}

async fn put_into_trash(agent: State, Json(body): Json<Paths>) -> Reply {
    let paths: Result<Vec<_>> =
        body.paths.iter().map(|path| name::resolve(agent.workspace(), "paths", path)).collect();
    let paths = paths?;
    let trashed = blocking(move || trash::trash(&paths, agent.workspace())).await?;
    reply::success(&trashed)
}

async fn restore(Json(body): Json<Trashed>) -> Reply {
    blocking(move || trash::restore(&body)).await?;
    reply::success(&json!({}))
}
