//! Commands in a session or without one, answered whole or as a stream (reference §2.2, §2.3).
//!
//! A command runs in a task of its own. Whoever asked for it holds the receiving end; when that is
//! dropped, because the request was closed, the command is stopped.

mod alone;
mod pipe;
mod routes;
mod text;
mod turn;

use std::{
    convert::Infallible,
    ffi::OsStr,
    os::unix::process::ExitStatusExt,
    process::ExitStatus,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use sandpit_api::{
    ApiError, ErrorCode,
    exec::{Execute, Origin},
    session::{DEFAULT_SESSION, DISABLE_SESSION},
};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    Agent,
    server::extract::{base64, limit, no_nul},
    session::{Ended, Session, Task, Turn, check_env},
};

pub use pipe::Pipe;
pub use routes::routes;
pub use text::{Text, unfinished};
pub use turn::Turns;

/// Pieces of output that may wait for who asked for them; the command waits when there are more.
const QUEUE: usize = 16;

/// Which stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Stdout,
    Stderr,
}

/// A piece of output, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    pub source: Source,
    pub bytes: Bytes,
}

impl Chunk {
    pub fn new(source: Source, bytes: Bytes) -> Self {
        Self { source, bytes }
    }
}

/// A command under way: its output, then its end. Dropping it stops the command.
pub struct Running {
    pub output: mpsc::Receiver<Chunk>,
    pub end: tokio::task::JoinHandle<Result<i32, ApiError>>,
    pub session_id: String,
    pub started: Instant,
    _stop: DropGuard,
}

/// Why a command is stopped before it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Timeout(Duration),
    Cancelled,
    SessionDeleted,
}

/// Starts what `request` says.
///
/// # Errors
/// `INVALID_COMMAND` or `VALIDATION_FAILED`; what goes wrong later is the end's.
pub fn start(agent: &Arc<Agent>, request: Execute) -> Result<Running, ApiError> {
    let timeout = limit(request.timeout_ms);
    let session_id = request.session_id.clone().unwrap_or_else(|| DEFAULT_SESSION.to_owned());
    let usual = usual_timeout(agent);
    log_start(request.origin, &session_id);
    let task = task(request)?;
    let (sender, output) = mpsc::channel(QUEUE);
    let cancel = CancellationToken::new();
    let stop = cancel.clone().drop_guard();
    let end = if session_id == DISABLE_SESSION {
        let place = agent.sessions.first().clone();
        tokio::spawn(alone::run(agent.turns.clone(), place, task, sender, timeout.or(usual), cancel))
    } else {
        let session = agent.sessions.get(&session_id)?;
        // Here and not in the task: commands queue in the order they came.
        let turn = session.turn();
        let timeout = timeout.or(session.timeout).or(usual);
        tokio::spawn(in_session(session, turn, task, sender, timeout, cancel))
    };
    Ok(Running { output, end, session_id, started: Instant::now(), _stop: stop })
}

/// Without the command, which may hold secrets.
pub fn log_start(origin: Option<Origin>, session_id: &str) {
    match origin {
        Some(Origin::Internal) => tracing::trace!(session = session_id, "a command of the SDK's own"),
        None | Some(Origin::User) => tracing::debug!(session = session_id, "a command"),
    }
}

/// The time of a command when neither it nor its session says one (reference §5): `COMMAND_TIMEOUT_MS`
/// in the sandbox's environment.
fn usual_timeout(agent: &Agent) -> Option<Duration> {
    let text = agent.env().get(OsStr::new("COMMAND_TIMEOUT_MS"))?.to_str()?;
    text.parse().ok().filter(|millis| *millis > 0).map(Duration::from_millis)
}

/// The command of a request, checked.
fn task(request: Execute) -> Result<Task, ApiError> {
    if request.command.trim().is_empty() || request.command.contains('\0') {
        let message = "a command is not empty and has no NUL";
        return Err(ApiError::new(ErrorCode::InvalidCommand, message).with("field", "command"));
    }
    check_env("env", request.env.as_ref())?;
    no_nul("cwd", request.cwd.as_deref())?;
    let stdin = request.stdin.map(|text| base64("stdin", &text)).transpose()?;
    Ok(Task { command: request.command, env: request.env, cwd: request.cwd, stdin })
}

async fn in_session(
    session: Arc<Session>,
    turn: Turn,
    task: Task,
    output: mpsc::Sender<Chunk>,
    timeout: Option<Duration>,
    cancel: CancellationToken,
) -> Result<i32, ApiError> {
    let (never, mut reason) = (None, None);
    let given_up = async { _ = stopped(never, &cancel, &session.deleted).await };
    let stop = async { reason = Some(stopped(timeout, &cancel, &session.deleted).await) };
    let ended = session.run(turn, &task, &output, given_up, stop).await;
    let unheard = if session.deleted.is_cancelled() { Reason::SessionDeleted } else { Reason::Cancelled };
    match ended.map_err(|error| not_run(&error))? {
        Ended::Done { code, .. } => Ok(code),
        Ended::Exited(status) => Err(terminated(&session.id, code_of(status))),
        Ended::Stopped => Err(reason.unwrap_or(unheard).error(&session.id)),
    }
}

/// Waits until there is a reason to stop a command that starts now.
async fn stopped(
    timeout: Option<Duration>,
    cancel: &CancellationToken,
    deleted: &CancellationToken,
) -> Reason {
    let expiry = async {
        match timeout {
            Some(time) => {
                tokio::time::sleep(time).await;
                time
            }
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        time = expiry => Reason::Timeout(time),
        () = cancel.cancelled() => Reason::Cancelled,
        () = deleted.cancelled() => Reason::SessionDeleted,
    }
}

impl Reason {
    fn error(self, session_id: &str) -> ApiError {
        let error = match self {
            Self::Timeout(time) => {
                let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
                let message = format!("Command timeout after {millis}ms: it and all it started were killed");
                ApiError::new(ErrorCode::CommandExecutionError, message).with("timeoutMs", millis)
            }
            Self::Cancelled => ApiError::new(ErrorCode::OperationInterrupted, "the command was cancelled"),
            Self::SessionDeleted => ApiError::new(ErrorCode::SessionDestroyed, "the session was deleted"),
        };
        error.with("sessionId", session_id).during("command.execute")
    }
}

fn terminated(session_id: &str, code: i32) -> ApiError {
    ApiError::new(ErrorCode::SessionTerminated, format!("the session's shell ended with exit code {code}"))
        .with("sessionId", session_id)
        .with("exitCode", code)
        .suggest("The next command starts a fresh shell in this session.")
}

fn not_run(error: &std::io::Error) -> ApiError {
    let message = format!("the shell could not run the command: {error}");
    let told = ApiError::new(ErrorCode::CommandExecutionError, message).during("command.execute");
    match error.kind() {
        std::io::ErrorKind::WouldBlock => {
            told.suggest("The sandbox has as many processes as it may: end some, or allow it more.")
        }
        _ => told,
    }
}

/// Passes on what is written to both pipes of a command, for ever: their ends say nothing of the command's.
/// Given up at any point, it loses nothing.
pub async fn pass_on(out: &Pipe, err: &Pipe, output: &mpsc::Sender<Chunk>) -> Infallible {
    tokio::join!(pass_one(Source::Stdout, out, output), pass_one(Source::Stderr, err, output));
    std::future::pending().await
}

/// Until its end, or until nobody listens: then the command is being stopped.
async fn pass_one(source: Source, pipe: &Pipe, output: &mpsc::Sender<Chunk>) {
    while let Ok(permit) = output.reserve().await {
        match pipe.next().await {
            Ok(Some(bytes)) => permit.send(Chunk::new(source, bytes)),
            Ok(None) | Err(_) => return,
        }
    }
}

/// An exit code as a shell tells it: 128 and the number of the signal that killed it.
pub fn code_of(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

#[cfg(test)]
mod tests;
