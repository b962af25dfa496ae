//! The process routes: the reference's (§2.2), and input, waiting and clean-up, which are ours.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{FromRequest, Request, State as Extract},
};
use futures::future::join_all;
use http::header;
use rustix::process::Signal;
use sandpit_api::{
    ApiError,
    ErrorCode::{self, *},
    answer::Success,
    process::{KillProcess, ProcessEvent, ProcessInput, SignalName, StartProcess},
};

use super::{
    Process,
    answer::*,
    follow::Follower,
    input::closed,
    kill,
    query::*,
    start::{start, started},
};
use crate::{
    Agent,
    exec::Text,
    reap,
    server::{
        Routes,
        extract::{InSession, linger},
        reply::{self, Json, Path, Query, Reply, Result},
        sse,
    },
};

/// The routes of this module.
pub fn routes() -> Routes {
    crate::routes![start_process, list, clean_up, kill_all, read, kill_one, logs, follow, wait, write]
}

/// Starts a process in the background.
#[utoipa::path(
    post, path = "/api/process/start", tag = "Processes",
    params(("x-session-id" = Option<String>, Header, description = "The session, unless the body names one")),
    request_body(content = StartProcess, example = json!({ "command": "python3 -m http.server 8000", "processId": "web" })),
    responses((status = 200, description = "It runs", body = Success<StartedProcess>, example = json!({
        "success": true, "processId": "web", "pid": 42, "command": "python3 -m http.server 8000", "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!([InvalidCommand, ResourceBusy, ProcessError]))),
)]
async fn start_process(
    Extract(agent): Extract<Arc<Agent>>,
    session: InSession,
    Json(mut request): Json<StartProcess>,
) -> Reply {
    session.unless(&mut request.session_id);
    started(&*start(&agent, &request)?)
}

/// The processes that are remembered, in the order they were started.
#[utoipa::path(
    get, path = "/api/process/list", tag = "Processes", params(Filter),
    responses((status = 200, description = "The processes", body = Success<AllProcesses>, example = json!({
        "success": true, 
        "processes": [{ "id": "web", "pid": 42, "command": "python3 -m http.server 8000", "status": "running",
            "startTime": "2026-01-01T00:00:00Z", "sessionId": "default" }], "timestamp": "2026-01-01T00:00:00Z",
    }))),
)]
async fn list(Extract(agent): Extract<Arc<Agent>>, Query(filter): Query<Filter>) -> Reply {
    reply::success(&AllProcesses { processes: agent.processes.list(filter.status) })
}

/// One process.
#[utoipa::path(
    get, path = "/api/process/{id}", tag = "Processes", params(("id" = String, Path, description = "Id of the process", example = "web")),
    responses((status = 200, description = "The process", body = Success<OneProcess>, example = json!({
        "success": true, 
        "process": { "id": "web", "pid": 42, "command": "python3 -m http.server 8000", "status": "running",
            "startTime": "2026-01-01T00:00:00Z", "sessionId": "default" }, "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!([ProcessNotFound]))),
)]
async fn read(Extract(agent): Extract<Arc<Agent>>, Path(id): Path<String>) -> Reply {
    reply::success(&OneProcess { process: agent.processes.find(&id)?.record() })
}

/// Sends a signal to a process and all its descendants.
///
/// With `TERM`, which `KILL` follows after 5 s, and with `KILL` the answer waits for their end. Of a
/// process that has ended it signals what that left behind.
#[utoipa::path(
    delete, path = "/api/process/{id}", tag = "Processes", params(("id" = String, Path, description = "Id of the process", example = "web"), Kill),
    request_body(content = Option<KillProcess>, example = json!({ "signal": "INT" })),
    responses((status = 200, description = "It was sent", body = Success<TheProcess>, example = json!({
        "success": true, "processId": "web", "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!([ProcessNotFound]))),
)]
async fn kill_one(
    Extract(agent): Extract<Arc<Agent>>,
    Path(id): Path<String>,
    Query(query): Query<Kill>,
    Json(body): Json<KillProcess>,
) -> Reply {
    let process = agent.processes.find(&id)?;
    let signal = match (query.signal, body.signal) {
        (None, None) => Signal::TERM,
        (Some(name), None) | (None, Some(SignalName::Name(name))) => parse(&name)?,
        (None, Some(SignalName::Number(number))) => parse(&number.to_string())?,
        (Some(_), Some(_)) => {
            return Err(ApiError::invalid("signal", "the signal is in the query or in the body").into());
        }
    };
    kill(&process, signal).await;
    reply::success(&TheProcess { process_id: id })
}

fn parse(signal: &str) -> Result<Signal> {
    reap::parse_signal(signal)
        .ok_or_else(|| ApiError::invalid("signal", format!("{signal:?} is no signal")).into())
}

/// Ends every running process and all their descendants, and what ended ones left behind.
///
/// Counted are those that ran.
#[utoipa::path(
    delete, path = "/api/process/kill-all", tag = "Processes",
    responses((status = 200, description = "They ended", body = Success<Cleaned>, example = json!({
        "success": true, "cleanedCount": 1, "timestamp": "2026-01-01T00:00:00Z",
    }))),
)]
async fn kill_all(Extract(agent): Extract<Arc<Agent>>) -> Reply {
    let (running, left) = (agent.processes.running(), agent.processes.left_behind());
    join_all(running.iter().chain(&left).map(|process| kill(process, Signal::TERM))).await;
    reply::success(&Cleaned { cleaned_count: running.len() })
}

/// Forgets the processes that have ended.
#[utoipa::path(
    post, path = "/api/process/cleanup", tag = "Processes",
    responses((status = 200, description = "They are forgotten", body = Success<Cleaned>, example = json!({
        "success": true, "cleanedCount": 1, "timestamp": "2026-01-01T00:00:00Z",
    }))),
)]
async fn clean_up(Extract(agent): Extract<Arc<Agent>>) -> Reply {
    reply::success(&Cleaned { cleaned_count: agent.processes.forget_ended() })
}

/// What is kept of its output: the last 2 MiB of both streams together.
#[utoipa::path(
    get, path = "/api/process/{id}/logs", tag = "Processes", params(("id" = String, Path, description = "Id of the process", example = "web"), LogQuery),
    responses((status = 200, description = "The output", body = Success<ProcessLogs>, example = json!({
        "success": true, "processId": "web", "stdout": "Serving\n", "stderr": "", "truncated": false, "cursor": 8, "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!([ProcessNotFound]))),
)]
async fn logs(
    Extract(agent): Extract<Arc<Agent>>,
    Path(id): Path<String>,
    Query(query): Query<LogQuery>,
) -> Reply {
    let process = agent.processes.find(&id)?;
    let (cursor, text) = query.read(&process)?;
    let whole = process.log.all(cursor);
    reply::success(&ProcessLogs {
        process_id: id,
        stdout: text.all(whole.stdout),
        stderr: text.all(whole.stderr),
        truncated: whole.start > cursor,
        cursor: whole.end,
    })
}

/// What is kept of its output, then live output, then its exit, server-sent.
#[utoipa::path(
    get, path = "/api/process/{id}/stream", tag = "Processes", params(("id" = String, Path, description = "Id of the process", example = "web"), StreamQuery),
    responses((
        status = 200, description = "Events, each `data: <ProcessEvent>`", content_type = "text/event-stream", body = ProcessEvent,
        example = json!(
            "data: {\"type\":\"stdout\",\"data\":\"hi\\n\",\"processId\":\"web\",\"cursor\":3,\"timestamp\":\"2026-01-01T00:00:00Z\"}\n\n"
        ),
    )),
    extensions(("x-errors" = json!([ProcessNotFound]))),
)]
async fn follow(
    Extract(agent): Extract<Arc<Agent>>,
    Path(id): Path<String>,
    Query(query): Query<StreamQuery>,
) -> Reply {
    Ok(sse::events(Follower::new(agent.processes.find(&id)?, &query)?.events()))
}

/// Waits until it has ended.
#[utoipa::path(
    get, path = "/api/process/{id}/wait", tag = "Processes", params(("id" = String, Path, description = "Id of the process", example = "web"), Wait),
    responses((status = 200, description = "It has", body = Success<OneProcess>, example = json!({
        "success": true, 
        "process": { "id": "web", "pid": 42, "command": "true", "status": "completed", "exitCode": 0,
            "startTime": "2026-01-01T00:00:00Z", "endTime": "2026-01-01T00:00:00Z", "sessionId": "default" }, "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!([ProcessNotFound, ProcessReadyTimeout]))),
)]
async fn wait(
    Extract(agent): Extract<Arc<Agent>>,
    Path(id): Path<String>,
    Query(query): Query<Wait>,
) -> Reply {
    let process = agent.processes.find(&id)?;
    match query.timeout_ms {
        None => process.ended().await,
        Some(time) => {
            let limit = Duration::from_millis(time);
            tokio::time::timeout(limit, process.ended()).await.map_err(|_| still_running(&process, time))?
        }
    };
    reply::success(&OneProcess { process: process.record() })
}

fn still_running(process: &Process, time: u64) -> ApiError {
    ApiError::new(ErrorCode::ProcessReadyTimeout, format!("the process still runs after {time} ms"))
        .with("processId", &*process.id)
        .with("timeoutMs", time)
        .during("process.wait")
}

/// Writes to its standard input, which `stdin: true` of its start gives it.
///
/// Answers once the process has taken all but what a pipe holds.
#[utoipa::path(
    post, path = "/api/process/{id}/stdin", tag = "Processes", params(("id" = String, Path, description = "Id of the process", example = "web"), Write),
    request_body(content(
        (ProcessInput = "application/json", example = json!({ "data": "hi\n" })),
        (Vec<u8> = "application/octet-stream", example = "hi\n"),
    )),
    responses((status = 200, description = "It was taken", body = Success<WrittenInput>, example = json!({
        "success": true, "processId": "web", "bytesWritten": 3, "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!([ProcessNotFound, StdinClosed]))),
)]
async fn write(
    Extract(agent): Extract<Arc<Agent>>,
    Path(id): Path<String>,
    Query(query): Query<Write>,
    request: Request,
) -> Reply {
    let process = agent.processes.find(&id)?;
    let mut pieces = input(request).await?.into_data_stream();
    let close = query.close.is_some_and(Flag::is_yes);
    let written = tokio::select! {
        biased;
        written = process.input.write(&mut pieces, close) => written,
        // A daemon it left behind may hold the pipe without reading it.
        _ = process.ended() => Err(closed(None)),
    };
    match written {
        Ok(bytes) => reply::success(&WrittenInput { process_id: id, bytes_written: bytes }),
        Err(error) => {
            linger(&mut pieces).await;
            Err(error.with("processId", id).into())
        }
    }
}

/// The bytes of a request: of its JSON, or its body as it is.
async fn input(request: Request) -> Result<Body> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("application/json")) {
        return Ok(request.into_body());
    }
    let Json(input) = Json::<ProcessInput>::from_request(request, &()).await?;
    Ok(Text::new(input.encoding.as_deref())?.bytes("data", input.data)?.into())
}
