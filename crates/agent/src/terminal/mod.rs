//! Terminals: a shell under a PTY each, replayable by cursor, with credit for each viewer.
//! The contract is in `docs/PROTOCOL.md`, Terminals.

mod live;
mod pty;
mod reference;
mod share;
mod shell;
mod viewer;

use std::sync::Arc;

use axum::{extract::State as Extract, http::StatusCode, response::IntoResponse};
use parking_lot::Mutex;
use sandpit_api::{
    ApiError,
    ErrorCode::{self, *},
    answer::Success,
    terminal::{CreateTerminal, PatchTerminal, Terminal as Record},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Agent,
    server::{
        Routes,
        extract::no_nul,
        reply::{self, Json, Path, Reply, Result},
    },
    session,
};
use live::Terminal;
use share::Share;

/// The most terminals of one sandbox.
const LIMIT: usize = 64;

/// The terminals of an agent, in the order they were made.
#[derive(Default)]
pub struct Terminals {
    all: Mutex<Vec<Arc<Terminal>>>,
}

/// The routes of this module.
pub fn routes() -> Routes {
    crate::routes![list, create, read, rename, remove, restart, viewer::attach, reference::attach]
}

impl Terminals {
    /// The terminal `id`.
    ///
    /// # Errors
    /// `TERMINAL_NOT_FOUND`.
    pub fn find(&self, id: &str) -> Result<Arc<Terminal>, ApiError> {
        let found = self.all.lock().iter().find(|terminal| terminal.id == id).cloned();
        found.ok_or_else(|| {
            ApiError::new(ErrorCode::TerminalNotFound, format!("no terminal {id}")).with("id", id)
        })
    }

    /// The first terminal of a session.
    fn first_of(&self, session: &str) -> Option<Arc<Terminal>> {
        self.all.lock().iter().find(|terminal| terminal.session_id == session).cloned()
    }

    fn list(&self) -> Vec<Arc<Terminal>> {
        self.all.lock().clone()
    }

    fn add(&self, request: &CreateTerminal) -> Result<Arc<Terminal>, ApiError> {
        let mut all = self.all.lock();
        if all.len() >= LIMIT {
            let message = format!("a sandbox has at most {LIMIT} terminals");
            return Err(ApiError::new(ErrorCode::ResourceBusy, message).with("limit", LIMIT));
        }
        let id = request.id.clone().unwrap_or_else(|| format!("term-{}", uuid::Uuid::now_v7().simple()));
        if all.iter().any(|terminal| terminal.id == id) {
            let message = format!("a terminal {id} exists already");
            return Err(ApiError::new(ErrorCode::ResourceBusy, message).with("id", id));
        }
        let name = request.name.clone().unwrap_or_else(|| free_name(&all));
        let terminal = Terminal::new(id, name, request.clone());
        all.push(terminal.clone());
        Ok(terminal)
    }

    fn remove(&self, id: &str) -> Result<Arc<Terminal>, ApiError> {
        let found = self.find(id)?;
        self.all.lock().retain(|terminal| !Arc::ptr_eq(terminal, &found));
        Ok(found)
    }
}

/// `Terminal N` with the lowest N that is free.
fn free_name(all: &[Arc<Terminal>]) -> String {
    let taken: Vec<String> = all.iter().map(|terminal| terminal.record().name).collect();
    let mut names = (1..).map(|number| format!("Terminal {number}"));
    names.find(|name| !taken.contains(name)).unwrap_or_default()
}

/// Makes a terminal and starts its program.
///
/// # Errors
/// `VALIDATION_FAILED`, or why the program did not start.
pub fn open(agent: &Agent, request: &CreateTerminal) -> Result<Arc<Terminal>, ApiError> {
    if request.command.as_ref().is_some_and(|argv| argv.first().is_none_or(String::is_empty)) {
        return Err(ApiError::invalid("command", "command must name a program"));
    }
    session::check_env("env", request.env.as_ref())?;
    let argv = request.command.iter().flatten().map(|word| ("command", Some(word)));
    let fields = [("cwd", &request.cwd), ("id", &request.id), ("name", &request.name)];
    let fields = fields.into_iter().map(|(field, text)| (field, text.as_ref()));
    argv.chain(fields).try_for_each(|(field, text)| no_nul(field, text.map(String::as_str)))?;
    let terminal = agent.terminals.add(request)?;
    start(agent, &terminal).inspect_err(|_| {
        // It never ran, so there is nothing to show.
        let _ = agent.terminals.remove(&terminal.id);
    })?;
    Ok(terminal)
}

/// Starts the program of `terminal`, afresh if one runs.
fn start(agent: &Agent, terminal: &Arc<Terminal>) -> Result<(), ApiError> {
    let request = terminal.request();
    let session = agent.sessions.get(&terminal.session_id)?;
    let member = session.join();
    let place = shell::environment(member.place().clone().at(request.cwd.as_deref()).existing());
    let place = place.with_env(request.env.as_ref());
    if let Some(argv) = &request.command {
        return terminal.start(argv.clone(), place, None);
    }
    let share = Share::new(session, member, &place, agent.state_dir()).map_err(|error| {
        ApiError::new(ErrorCode::TerminalControlError, format!("the shell's files were not made: {error}"))
    })?;
    let place = share.environment(place);
    terminal.start(shell::login(), place, Some(share))
}

/// All terminals, in the order they were made.
#[derive(Serialize, ToSchema)]
struct AllTerminals {
    terminals: Vec<Record>,
}

/// One terminal.
#[derive(Serialize, ToSchema)]
struct OneTerminal {
    terminal: Record,
}

impl OneTerminal {
    fn of(terminal: &Terminal) -> Self {
        Self { terminal: terminal.record() }
    }
}

/// The terminal that is gone.
#[derive(Serialize, ToSchema)]
struct RemovedTerminal {
    id: String,
}

/// All terminals, in the order they were made.
#[utoipa::path(
    get, path = "/api/terminals", tag = "Terminals",
    responses((status = 200, description = "The terminals", body = AllTerminals, example = json!({ "terminals": [] }))),
)]
async fn list(Extract(agent): Extract<Arc<Agent>>) -> Reply {
    let terminals = agent.terminals.list().iter().map(|terminal| terminal.record()).collect();
    reply::ok(AllTerminals { terminals })
}

/// Makes a terminal: a login shell under a PTY, or a program.
#[utoipa::path(
    post, path = "/api/terminals", tag = "Terminals",
    request_body(content = CreateTerminal, example = json!({ "cols": 80, "rows": 24 })),
    responses((status = 201, description = "It runs", body = OneTerminal, example = json!({
        "terminal": { "id": "term-1", "name": "Terminal 1", "sessionId": "default", "pid": 7, "cols": 80, "rows": 24,
            "running": true, "createdAt": "2026-01-01T00:00:00Z" },
    }))),
    extensions(("x-errors" = json!([CommandNotFound, CommandPermissionDenied, ResourceBusy, TerminalControlError]))),
)]
async fn create(Extract(agent): Extract<Arc<Agent>>, Json(request): Json<CreateTerminal>) -> Reply {
    let terminal = open(&agent, &request)?;
    Ok((StatusCode::CREATED, Json(OneTerminal::of(&terminal))).into_response())
}

/// One terminal.
#[utoipa::path(
    get, path = "/api/terminals/{id}", tag = "Terminals",
    params(("id" = String, Path, description = "Id of the terminal", example = "term-1")),
    responses((status = 200, description = "The terminal", body = OneTerminal, example = json!({
        "terminal": { "id": "term-1", "name": "Terminal 1", "sessionId": "default", "pid": 7, "cols": 80, "rows": 24,
            "running": true, "createdAt": "2026-01-01T00:00:00Z" },
    }))),
    extensions(("x-errors" = json!([TerminalNotFound]))),
)]
async fn read(Extract(agent): Extract<Arc<Agent>>, Path(id): Path<String>) -> Reply {
    reply::ok(OneTerminal::of(&*agent.terminals.find(&id)?))
}

/// Gives a terminal another name.
#[utoipa::path(
    patch, path = "/api/terminals/{id}", tag = "Terminals",
    params(("id" = String, Path, description = "Id of the terminal", example = "term-1")),
    request_body(content = PatchTerminal, example = json!({ "name": "server" })),
    responses((status = 200, description = "The terminal", body = OneTerminal, example = json!({
        "terminal": { "id": "term-1", "name": "Terminal 1", "sessionId": "default", "pid": 7, "cols": 80, "rows": 24,
            "running": true, "createdAt": "2026-01-01T00:00:00Z" },
    }))),
    extensions(("x-errors" = json!([TerminalNotFound]))),
)]
async fn rename(
    Extract(agent): Extract<Arc<Agent>>,
    Path(id): Path<String>,
    Json(patch): Json<PatchTerminal>,
) -> Reply {
    let terminal = agent.terminals.find(&id)?;
    if let Some(name) = patch.name {
        terminal.rename(name);
    }
    reply::ok(OneTerminal::of(&terminal))
}

/// Starts its program anew under the same id, after the old output.
#[utoipa::path(
    post, path = "/api/terminals/{id}/restart", tag = "Terminals",
    params(("id" = String, Path, description = "Id of the terminal", example = "term-1")),
    responses((status = 200, description = "It runs", body = OneTerminal, example = json!({
        "terminal": { "id": "term-1", "name": "Terminal 1", "sessionId": "default", "pid": 7, "cols": 80, "rows": 24,
            "running": true, "createdAt": "2026-01-01T00:00:00Z" },
    }))),
    extensions(("x-errors" = json!([TerminalNotFound, CommandNotFound, CommandPermissionDenied, TerminalControlError]))),
)]
async fn restart(Extract(agent): Extract<Arc<Agent>>, Path(id): Path<String>) -> Reply {
    let terminal = agent.terminals.find(&id)?;
    start(&agent, &terminal)?;
    reply::ok(OneTerminal::of(&terminal))
}

/// Hangs up a terminal and forgets it.
#[utoipa::path(
    delete, path = "/api/terminals/{id}", tag = "Terminals",
    params(("id" = String, Path, description = "Id of the terminal", example = "term-1")),
    responses((status = 200, description = "It is gone", body = Success<RemovedTerminal>, example = json!({
        "success": true, "id": "term-1", "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!([TerminalNotFound]))),
)]
async fn remove(Extract(agent): Extract<Arc<Agent>>, Path(id): Path<String>) -> Reply {
    agent.terminals.remove(&id)?.close();
    reply::success(&RemovedTerminal { id })
}

#[cfg(test)]
mod tests;
