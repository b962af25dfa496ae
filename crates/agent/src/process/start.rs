//! What a request to start a process may say, and the start.

use std::{io, sync::Arc, time::Duration};

use rustix::io::Errno;
use sandpit_api::{
    ApiError, ErrorCode,
    exec::Execute,
    process::{Process as Record, StartProcess},
    session::{DEFAULT_SESSION, DISABLE_SESSION},
};

use super::{Process, answer::StartedProcess};
use crate::{
    Agent,
    exec::{Text, log_start},
    server::{
        extract::{limit, no_nul},
        reply::{self, Reply},
    },
    session::{Place, check_env, check_id},
};

/// The longest id of a process, bytes.
const LONGEST_ID: usize = 255;
/// The kernel takes no longer argument (`MAX_ARG_STRLEN`, its NUL included), and the command is one.
const LONGEST_COMMAND: usize = (128 << 10) - 1;
/// How long the record of a process that cleans up after itself stays for who asks how it ended.
const LINGER: Duration = Duration::from_secs(3);
/// Ids that would hide behind routes of that name.
const ROUTES: [&str; 4] = ["list", "start", "cleanup", "kill-all"];

/// Starts a process.
///
/// # Errors
/// `INVALID_COMMAND`, `VALIDATION_FAILED`, `RESOURCE_BUSY`, or `PROCESS_ERROR` when it cannot be started.
pub fn start(agent: &Arc<Agent>, request: &StartProcess) -> Result<Arc<Process>, ApiError> {
    check(request)?;
    let text = Text::new(request.encoding.as_deref())?;
    let session = match request.session_id.as_deref() {
        Some(DISABLE_SESSION) => None,
        named => Some(named.unwrap_or(DEFAULT_SESSION)),
    };
    if let Some(id) = session {
        check_id("sessionId", id)?;
    }
    log_start(request.origin, session.unwrap_or(DISABLE_SESSION));
    let place = place(agent, session, request)?;
    let id = request.process_id.clone().unwrap_or_else(|| format!("proc_{}", uuid::Uuid::now_v7().simple()));
    let process = Process::new(id, request.command.clone(), session.map(str::to_owned), text);
    agent.processes.add(process.clone())?;
    let timeout = limit(request.timeout_ms);
    let ended = clean_up(agent.clone(), process.clone(), request.auto_cleanup == Some(true));
    if let Err(error) = process.start(&place, request.stdin, timeout, ended) {
        agent.processes.forget(&process);
        return Err(not_started(&error));
    }
    Ok(process)
}

fn place(agent: &Agent, session: Option<&str>, request: &StartProcess) -> Result<Place, ApiError> {
    let place = session.map_or_else(|| agent.sessions.first().clone(), |session| agent.place(session));
    let place = place.at(request.cwd.as_deref()).with_env(request.env.as_ref());
    if place.cwd.is_dir() {
        return Ok(place);
    }
    Err(ApiError::invalid("cwd", format!("no such folder: {}", place.cwd.display())))
}

/// What happens to the records when `process` has ended.
fn clean_up(agent: Arc<Agent>, process: Arc<Process>, forget: bool) -> impl FnOnce(i32) + Send + 'static {
    move |code| {
        agent.processes.trim();
        if forget && code == 0 {
            tokio::spawn(async move {
                tokio::time::sleep(LINGER).await;
                agent.processes.forget(&process);
            });
        }
    }
}

fn not_started(error: &io::Error) -> ApiError {
    let error = match Errno::from_io_error(error) {
        Some(Errno::TOOBIG) => {
            ApiError::invalid("env", "the command and its environment are larger than the system takes")
        }
        Some(Errno::AGAIN) => {
            ApiError::new(ErrorCode::ResourceBusy, "the sandbox may have no more processes")
                .suggest("End some, or make a sandbox with a higher limit of processes.")
        }
        _ => ApiError::new(ErrorCode::ProcessError, format!("not started: {error}")),
    };
    error.during("process.start")
}

fn check(request: &StartProcess) -> Result<(), ApiError> {
    let command = &request.command;
    if command.trim().is_empty() || command.contains('\0') || command.len() > LONGEST_COMMAND {
        let message = format!("a command is not empty, has no NUL and at most {LONGEST_COMMAND} bytes");
        return Err(ApiError::new(ErrorCode::InvalidCommand, message).with("field", "command"));
    }
    if request.process_id.as_deref().is_some_and(|id| !is_id(id)) {
        let message = format!(
            "a process id has 1 to {LONGEST_ID} bytes, no control character, none of /?#%\\, and is no route"
        );
        return Err(ApiError::invalid("processId", message));
    }
    check_env("env", request.env.as_ref())?;
    no_nul("cwd", request.cwd.as_deref())
}

/// Whether a client that puts `id` into a path as it is reaches the process again.
fn is_id(id: &str) -> bool {
    let bad = |c: char| c.is_control() || "/?#%\\".contains(c);
    !id.is_empty()
        && id.len() <= LONGEST_ID
        && !id.contains(bad)
        && !matches!(id, "." | "..")
        && !ROUTES.contains(&id)
}

/// `POST /api/execute` with `background`: answered as a process's start.
pub fn start_background(agent: &Arc<Agent>, request: Execute) -> Reply {
    let request = StartProcess {
        command: request.command,
        session_id: request.session_id,
        timeout_ms: request.timeout_ms,
        env: request.env,
        cwd: request.cwd,
        encoding: request.encoding,
        origin: request.origin,
        ..StartProcess::default()
    };
    started(&*start(agent, &request)?)
}

/// The answer to a start.
pub fn started(process: &Process) -> Reply {
    let Record { id, pid, command, .. } = process.record();
    reply::success(&StartedProcess { process_id: id, pid, command })
}
