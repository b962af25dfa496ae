//! Background processes: records, bounded logs and kills (reference §2.2, §5).
//!
//! A process starts where its session is, and lives apart from it. Its record and the last MiB of
//! each of its streams outlive it, within limits.

mod live;
mod routes;

use std::{sync::Arc, time::Duration};

use axum::response::IntoResponse;
use parking_lot::Mutex;
use rustix::process::Signal;
use sandpit_api::{
    ApiError, ErrorCode,
    exec::Execute,
    process::{Process as Record, ProcessStatus, StartProcess},
    session::{DEFAULT_SESSION, DISABLE_SESSION},
};
use serde_json::json;

use crate::{
    Agent,
    server::reply::{self, Reply},
    session::bad_name,
};
use live::Process;

pub use routes::routes;

/// Ended processes that are remembered, and how many bytes of their logs.
const ENDED: usize = 200;
const ENDED_BYTES: u64 = 32 << 20;

/// The processes of an agent, in the order they were started.
#[derive(Default)]
pub struct Processes {
    all: Mutex<Vec<Arc<Process>>>,
}

impl Processes {
    fn find(&self, id: &str) -> Result<Arc<Process>, ApiError> {
        let found = self.all.lock().iter().find(|process| process.id == id).cloned();
        let unknown =
            || ApiError::new(ErrorCode::ProcessNotFound, format!("no process {id}")).with("processId", id);
        found.ok_or_else(unknown)
    }

    fn list(&self, status: Option<ProcessStatus>) -> Vec<Record> {
        let records = self.all.lock().iter().map(|process| process.record()).collect::<Vec<_>>();
        records.into_iter().filter(|record| status.is_none_or(|status| record.status == status)).collect()
    }

    fn running(&self) -> Vec<Arc<Process>> {
        self.all.lock().iter().filter(|process| process.is_running()).cloned().collect()
    }

    /// Adds a process; the oldest ended ones make room for it.
    fn add(&self, process: Arc<Process>) -> Result<(), ApiError> {
        let mut all = self.all.lock();
        if let Some(same) = all.iter().position(|other| other.id == process.id) {
            if all[same].is_running() {
                let message = format!("a process {} runs already", process.id);
                return Err(ApiError::new(ErrorCode::ResourceBusy, message).with("processId", &*process.id));
            }
            all.remove(same);
        }
        all.push(process);
        trim(&mut all);
        Ok(())
    }

    fn forget(&self, process: &Arc<Process>) {
        self.all.lock().retain(|other| !Arc::ptr_eq(other, process));
    }
}

/// Forgets ended processes beyond what is remembered, the newest being kept.
fn trim(all: &mut Vec<Arc<Process>>) {
    let (mut count, mut bytes) = (0, 0);
    let mut kept: Vec<_> = all
        .drain(..)
        .rev()
        .filter(|process| {
            if process.is_running() {
                return true;
            }
            count += 1;
            bytes += process.kept_bytes();
            count <= ENDED && bytes <= ENDED_BYTES
        })
        .collect();
    kept.reverse();
    *all = kept;
}

/// Starts a process.
///
/// # Errors
/// `INVALID_COMMAND`, `VALIDATION_FAILED`, or `PROCESS_ERROR` when it cannot be started.
fn start(agent: &Arc<Agent>, request: &StartProcess) -> Result<Arc<Process>, ApiError> {
    check(request)?;
    let session = request.session_id.clone().unwrap_or_else(|| DEFAULT_SESSION.to_owned());
    let place =
        if session == DISABLE_SESSION { agent.sessions.first().clone() } else { agent.place(&session) };
    let place = place.at(request.cwd.as_deref()).with_env(request.env.as_ref());
    if !place.cwd.is_dir() {
        let message = format!("no such folder: {}", place.cwd.display());
        return Err(ApiError::invalid("cwd", message));
    }
    let id = request.process_id.clone().unwrap_or_else(|| format!("proc_{}", uuid::Uuid::now_v7().simple()));
    let process = Process::new(id, request.command.clone(), session);
    agent.processes.add(process.clone())?;
    let timeout = request.timeout_ms.filter(|time| *time > 0).map(Duration::from_millis);
    let (agent_too, process_too) = (agent.clone(), process.clone());
    let cleanup = request.auto_cleanup == Some(true);
    let ended = move |code: i32| {
        if cleanup && code == 0 {
            agent_too.processes.forget(&process_too);
        } else {
            trim(&mut agent_too.processes.all.lock());
        }
    };
    if let Err(error) = process.start(&place, timeout, ended) {
        agent.processes.forget(&process);
        return Err(
            ApiError::new(ErrorCode::ProcessError, format!("not started: {error}")).during("process.start")
        );
    }
    Ok(process)
}

fn check(request: &StartProcess) -> Result<(), ApiError> {
    if request.command.trim().is_empty() || request.command.contains('\0') {
        let message = "a command is not empty and has no NUL";
        return Err(ApiError::new(ErrorCode::InvalidCommand, message).with("field", "command"));
    }
    if request.process_id.as_deref().is_some_and(|id| id.is_empty() || id.contains('\0')) {
        return Err(ApiError::invalid("processId", "a process id is not empty and has no NUL"));
    }
    if let Some(name) = bad_name(request.env.as_ref()) {
        return Err(ApiError::invalid("env", format!("{name:?} is no name of a variable")));
    }
    Ok(())
}

/// `POST /api/execute` with `background`: answered as a process's start.
pub fn start_background(agent: &Arc<Agent>, request: Execute) -> Reply {
    let request = StartProcess {
        command: request.command,
        session_id: request.session_id,
        timeout_ms: request.timeout_ms,
        env: request.env,
        cwd: request.cwd,
        ..StartProcess::default()
    };
    started(&*start(agent, &request)?)
}

fn started(process: &Process) -> Reply {
    let record = process.record();
    Ok(reply::success(&json!({ "processId": record.id, "pid": record.pid, "command": record.command }))?
        .into_response())
}

/// Sends `signal` to a process and all that belongs to it. TERM and KILL are seen through to the end.
async fn kill(process: &Process, signal: Signal) {
    match signal {
        Signal::TERM => process.end(Duration::from_secs(5)).await,
        Signal::KILL => process.end(Duration::ZERO).await,
        other => process.signal(other),
    }
}

#[cfg(test)]
mod tests;
