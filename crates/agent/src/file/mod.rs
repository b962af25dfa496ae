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
use sandpit_api::answer::{Nothing, Success};
use sandpit_api::file::{FileInfo, FileList, ListFiles, Trashed};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;

use crate::server::extract::base64;
use crate::server::reply::{self, Json, Reply};
use crate::server::{Routes, State, sse};
pub use archive::arrive::Arrival;
pub use change::sweep;
pub use fault::{Result, blocking, fault};
use read::{Encoding, FileContent};

/// The routes of this module.
pub fn routes() -> Routes {
    crate::routes![
        list_files,
        read_file,
        read_stream,
        write,
        delete,
        mkdir,
        exists,
        rename,
        move_file,
        copy,
        stat,
        put_into_trash,
        restore,
        raw::get,
        raw::put,
        archive::get,
        archive::put
    ]
}

/// Where relative paths of a request start: in its session's directory, else in the workspace.
fn base(agent: &State, session: Option<&str>) -> PathBuf {
    session.map_or_else(|| agent.workspace().to_owned(), |id| agent.place(id).cwd)
}

/// What most bodies have.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = FilePath)]
struct Entry {
    path: String,
    /// For folders: make the parents too, or delete what is in it.
    #[serde(default)]
    recursive: bool,
    /// For reading: `utf-8` or `base64`; by content when absent.
    encoding: Option<String>,
    session_id: Option<String>,
}

impl Entry {
    fn resolve(&self, agent: &State) -> Result<PathBuf> {
        name::resolve(&base(agent, self.session_id.as_deref()), "path", &self.path)
    }
}

/// What is in a folder.
#[utoipa::path(
    post, path = "/api/list-files", tag = "Files",
    request_body(content = ListFiles, example = json!({ "path": "/workspace" })),
    responses((status = 200, description = "In no particular order", body = FileList, example = json!({
        "success": true, "path": "/workspace", "count": 1, "timestamp": "2026-01-01T00:00:00Z",
        "files": [{ "name": "a.py", "absolutePath": "/workspace/a.py", "relativePath": "a.py", "type": "file", "size": 6,
            "modifiedAt": "2026-01-01T00:00:00Z", "mode": "rw-r--r--",
            "permissions": { "readable": true, "writable": true, "executable": false } }],
    }))),
    extensions(("x-errors" = json!(fault::CODES))),
)]
async fn list_files(agent: State, Json(asked): Json<ListFiles>) -> Reply {
    let path = name::resolve(&base(&agent, asked.session_id.as_deref()), "path", &asked.path)?;
    let listing = blocking(move || list::Listing::open(path, asked.options)).await?;
    let (out, body) = body::outgoing();
    tokio::task::spawn_blocking(move || listing.write(out));
    Ok(([(http::header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// The content of a file, in one piece of at most 32 MiB.
#[utoipa::path(
    post, path = "/api/read", tag = "Files",
    request_body(content = Entry, example = json!({ "path": "/workspace/a.py" })),
    responses((status = 200, description = "The content", body = Success<FileContent>, example = json!({
        "success": true, "path": "/workspace/a.py", "content": "1 + 1\n", "encoding": "utf-8", "isBinary": false,
        "mimeType": "text/x-python", "size": 6, "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!(fault::CODES))),
)]
async fn read_file(agent: State, Json(body): Json<Entry>) -> Reply {
    let path = body.resolve(&agent)?;
    let encoding = Encoding::parse(body.encoding.as_deref())?;
    let answer = blocking(move || read::read(&path, encoding)).await?;
    reply::success(&answer)
}

/// The content of a file of any size, server-sent in slices.
#[utoipa::path(
    post, path = "/api/read/stream", tag = "Files",
    request_body(content = Entry, example = json!({ "path": "/workspace/a.py" })),
    responses((
        status = 200, description = "Events as the reference has them: `metadata`, `chunk`s, then `complete` or `error`",
        content_type = "text/event-stream", body = Object,
        example = json!("data: {\"type\":\"chunk\",\"data\":\"1 + 1\\n\"}\n\n"),
    )),
    extensions(("x-errors" = json!(fault::CODES))),
)]
async fn read_stream(agent: State, Json(body): Json<Entry>) -> Reply {
    let path = body.resolve(&agent)?;
    let encoding = Encoding::parse(body.encoding.as_deref())?;
    let slices = blocking(move || read::Slices::open(&path, encoding)).await?;
    let (events, received) = mpsc::channel(body::PIECES);
    tokio::task::spawn_blocking(move || slices.stream(|event| events.blocking_send(event).is_ok()));
    Ok(sse::events(ReceiverStream::new(received)))
}

/// Body of `POST /api/write`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WriteFile {
    path: String,
    content: String,
    /// Of `content`: `utf-8` (also when absent) or `base64`.
    encoding: Option<String>,
    session_id: Option<String>,
}

/// The path as it was asked for.
#[derive(Serialize, ToSchema)]
struct DonePath {
    path: String,
}

/// A path before and after.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MovedPath {
    path: String,
    new_path: String,
}

/// Writes a file, whole or not at all; parents are made.
#[utoipa::path(
    post, path = "/api/write", tag = "Files",
    request_body(content = WriteFile, example = json!({ "path": "/workspace/a.py", "content": "1 + 1\n" })),
    responses((status = 200, description = "Done", body = Success<DonePath>, example = json!({ "success": true, "path": "/workspace/a.py", "timestamp": "2026-01-01T00:00:00Z" }))),
    extensions(("x-errors" = json!(fault::CODES))),
)]
async fn write(agent: State, Json(body): Json<WriteFile>) -> Reply {
    let path = name::resolve(&base(&agent, body.session_id.as_deref()), "path", &body.path)?;
    let content = match Encoding::parse(body.encoding.as_deref())? {
        Some(Encoding::Base64) => base64("content", &body.content)?,
        _ => body.content.into_bytes(),
    };
    blocking(move || replace::write(&path, &content)).await?;
    reply::success(&DonePath { path: body.path })
}

/// Deletes a file, or a folder with `recursive`.
#[utoipa::path(
    post, path = "/api/delete", tag = "Files",
    request_body(content = Entry, example = json!({ "path": "/workspace/a.py" })),
    responses((status = 200, description = "Done", body = Success<DonePath>, example = json!({ "success": true, "path": "/workspace/a.py", "timestamp": "2026-01-01T00:00:00Z" }))),
    extensions(("x-errors" = json!(fault::CODES))),
)]
async fn delete(agent: State, Json(body): Json<Entry>) -> Reply {
    let path = body.resolve(&agent)?;
    blocking(move || change::delete(&path, body.recursive, agent.workspace())).await?;
    reply::success(&DonePath { path: body.path })
}

/// Answer of `POST /api/mkdir`.
#[derive(Serialize, ToSchema)]
struct MadeFolder {
    path: String,
    recursive: bool,
}

/// Makes a folder.
#[utoipa::path(
    post, path = "/api/mkdir", tag = "Files",
    request_body(content = Entry, example = json!({ "path": "/workspace/src", "recursive": true })),
    responses((status = 200, description = "Done", body = Success<MadeFolder>, example = json!({ "success": true, "path": "/workspace/src", "recursive": true, "timestamp": "2026-01-01T00:00:00Z" }))),
    extensions(("x-errors" = json!(fault::CODES))),
)]
async fn mkdir(agent: State, Json(body): Json<Entry>) -> Reply {
    let path = body.resolve(&agent)?;
    blocking(move || change::mkdir(&path, body.recursive)).await?;
    reply::success(&MadeFolder { path: body.path, recursive: body.recursive })
}

/// Answer of `POST /api/exists`.
#[derive(Serialize, ToSchema)]
struct PathExists {
    path: String,
    exists: bool,
}

/// Whether something is at a path.
#[utoipa::path(
    post, path = "/api/exists", tag = "Files",
    request_body(content = Entry, example = json!({ "path": "/workspace/a.py" })),
    responses((status = 200, description = "Done", body = Success<PathExists>, example = json!({ "success": true, "path": "/workspace/a.py", "exists": true, "timestamp": "2026-01-01T00:00:00Z" }))),
    extensions(("x-errors" = json!(fault::CODES))),
)]
async fn exists(agent: State, Json(body): Json<Entry>) -> Reply {
    let path = body.resolve(&agent)?;
    let exists = blocking(move || change::exists(&path)).await?;
    reply::success(&PathExists { path: body.path, exists })
}

/// Body of `POST /api/rename`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RenameFile {
    old_path: String,
    new_path: String,
    #[serde(default)]
    overwrite: bool,
    session_id: Option<String>,
}

/// Gives a file or folder another path; an existing one is overwritten only when asked for.
#[utoipa::path(
    post, path = "/api/rename", tag = "Files",
    request_body(content = RenameFile, example = json!({ "oldPath": "/workspace/a.py", "newPath": "/workspace/b.py" })),
    responses((status = 200, description = "Done", body = Success<MovedPath>, example = json!({ "success": true, "path": "/workspace/a.py", "newPath": "/workspace/b.py", "timestamp": "2026-01-01T00:00:00Z" }))),
    extensions(("x-errors" = json!(fault::CODES))),
)]
async fn rename(agent: State, Json(body): Json<RenameFile>) -> Reply {
    let base = base(&agent, body.session_id.as_deref());
    let from = name::resolve(&base, "oldPath", &body.old_path)?;
    let to = name::resolve(&base, "newPath", &body.new_path)?;
    blocking(move || change::rename(&from, &to, body.overwrite)).await?;
    reply::success(&MovedPath { path: body.old_path, new_path: body.new_path })
}

/// Body of `POST /api/move` and `POST /api/copy`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MoveFile {
    source_path: String,
    destination_path: String,
    #[serde(default)]
    overwrite: bool,
    session_id: Option<String>,
}

impl MoveFile {
    fn resolve(&self, agent: &State) -> Result<(PathBuf, PathBuf)> {
        let base = base(agent, self.session_id.as_deref());
        let from = name::resolve(&base, "sourcePath", &self.source_path)?;
        Ok((from, name::resolve(&base, "destinationPath", &self.destination_path)?))
    }

    fn answer(self) -> Reply {
        reply::success(&MovedPath { path: self.source_path, new_path: self.destination_path })
    }
}

/// Moves a file or folder, also to another mount; an existing one is overwritten only when asked for.
#[utoipa::path(
    post, path = "/api/move", tag = "Files",
    request_body(content = MoveFile, example = json!({ "sourcePath": "/workspace/a.py", "destinationPath": "/workspace/b.py" })),
    responses((status = 200, description = "Done", body = Success<MovedPath>, example = json!({ "success": true, "path": "/workspace/a.py", "newPath": "/workspace/b.py", "timestamp": "2026-01-01T00:00:00Z" }))),
    extensions(("x-errors" = json!(fault::CODES))),
)]
async fn move_file(agent: State, Json(body): Json<MoveFile>) -> Reply {
    let (from, to) = body.resolve(&agent)?;
    let overwrite = body.overwrite;
    blocking(move || change::rename(&from, &to, overwrite)).await?;
    body.answer()
}

/// Copies a file or folder; never over an existing one.
#[utoipa::path(
    post, path = "/api/copy", tag = "Files",
    request_body(content = MoveFile, example = json!({ "sourcePath": "/workspace/a.py", "destinationPath": "/workspace/b.py" })),
    responses((status = 200, description = "Done", body = Success<MovedPath>, example = json!({ "success": true, "path": "/workspace/a.py", "newPath": "/workspace/b.py", "timestamp": "2026-01-01T00:00:00Z" }))),
    extensions(("x-errors" = json!(fault::CODES))),
)]
async fn copy(agent: State, Json(body): Json<MoveFile>) -> Reply {
    let (from, to) = body.resolve(&agent)?;
    blocking(move || change::copy(&from, &to)).await?;
    body.answer()
}

/// Answer of `POST /api/stat`.
#[derive(Serialize, ToSchema)]
struct OneFile {
    file: FileInfo,
}

/// What is known of one file or folder.
#[utoipa::path(
    post, path = "/api/stat", tag = "Files",
    request_body(content = Entry, example = json!({ "path": "/workspace/a.py" })),
    responses((status = 200, description = "The file", body = Success<OneFile>, example = json!({
        "success": true, "timestamp": "2026-01-01T00:00:00Z",
        "file": { "name": "a.py", "absolutePath": "/workspace/a.py", "relativePath": "a.py", "type": "file", "size": 6,
            "modifiedAt": "2026-01-01T00:00:00Z", "mode": "rw-r--r--",
            "permissions": { "readable": true, "writable": true, "executable": false } },
    }))),
    extensions(("x-errors" = json!(fault::CODES))),
)]
async fn stat(agent: State, Json(body): Json<Entry>) -> Reply {
    let path = body.resolve(&agent)?;
    let file = blocking(move || info::of(&path)).await?;
    reply::success(&OneFile { file })
}

/// Body of `POST /api/trash`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TrashPaths {
    paths: Vec<String>,
}

/// Puts entries into the trash of their mount, all or none.
#[utoipa::path(
    post, path = "/api/trash", tag = "Files",
    request_body(content = TrashPaths, example = json!({ "paths": ["/workspace/a.py"] })),
    responses((status = 200, description = "Done", body = Success<Trashed>, example = json!({ "entries": [{ "path": "/workspace/a.py", "trashedPath": "/workspace/.Trash-0/files/a.py" }] , "success": true, "timestamp": "2026-01-01T00:00:00Z" }))),
    extensions(("x-errors" = json!(fault::CODES))),
)]
async fn put_into_trash(agent: State, Json(body): Json<TrashPaths>) -> Reply {
    let paths: Result<Vec<_>> =
        body.paths.iter().map(|path| name::resolve(agent.workspace(), "paths", path)).collect();
    let paths = paths?;
    let trashed = blocking(move || trash::trash(&paths, agent.workspace())).await?;
    reply::success(&trashed)
}

/// Puts trashed entries back where they were.
#[utoipa::path(
    post, path = "/api/trash/restore", tag = "Files",
    request_body(content = Trashed, example = json!({ "entries": [{ "path": "/workspace/a.py", "trashedPath": "/workspace/.Trash-0/files/a.py" }] })),
    responses((status = 200, description = "Done", body = Success<Nothing>, example = json!({ "success": true, "timestamp": "2026-01-01T00:00:00Z" }))),
    extensions(("x-errors" = json!(fault::CODES))),
)]
async fn restore(Json(body): Json<Trashed>) -> Reply {
    blocking(move || trash::restore(&body)).await?;
    reply::success(&Nothing {})
}
