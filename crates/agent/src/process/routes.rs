//! The process routes: the reference's (§2.2), and input, waiting and clean-up, which are ours.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{FromRequest, Request, State as Extract},
    routing::{delete, get, post},
};
use futures::future::join_all;
use http::header;
use rustix::process::Signal;
use sandpit_api::{
    ApiError, ErrorCode,
    process::{KillProcess, ProcessInput, ProcessStatus, SignalName, StartProcess},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    Process,
    follow::{Flag, Follower, Wanted},
    input::closed,
    kill,
    start::{start, started},
};
use crate::{
    Agent,
    exec::Text,
    reap,
    server::{
        Routes,
        extract::linger,
        reply::{self, Json, Path, Query, Reply, Result},
        sse,
    },
};

/// The routes of this module.
pub fn routes() -> Routes {
    Routes::default()
        .route("/api/process/start", post(start_process))
        .route("/api/process/list", get(list))
        .route("/api/process/cleanup", post(clean_up))
        .route("/api/process/kill-all", delete(kill_all))
        .route("/api/process/{id}", get(read).delete(kill_one))
        .route("/api/process/{id}/logs", get(logs))
        .route("/api/process/{id}/stream", get(follow))
        .route("/api/process/{id}/wait", get(wait))
        .route("/api/process/{id}/stdin", post(write))
}

#[derive(Deserialize)]
struct Filter {
    status: Option<ProcessStatus>,
}

#[derive(Deserialize)]
struct Kill {
    signal: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wait {
    timeout_ms: Option<u64>,
}

#[derive(Deserialize)]
struct Write {
    close: Option<Flag>,
}

async fn start_process(Extract(agent): Extract<Arc<Agent>>, Json(request): Json<StartProcess>) -> Reply {
    started(&*start(&agent, &request)?)
}

async fn list(Extract(agent): Extract<Arc<Agent>>, Query(filter): Query<Filter>) -> Reply {
    reply::success(&json!({ "processes": agent.processes.list(filter.status) }))
}

async fn read(Extract(agent): Extract<Arc<Agent>>, Path(id): Path<String>) -> Reply {
    reply::success(&json!({ "process": agent.processes.find(&id)?.record() }))
}

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
    reply::success(&json!({ "processId": id }))
}

fn parse(signal: &str) -> Result<Signal> {
    reap::parse_signal(signal)
        .ok_or_else(|| ApiError::invalid("signal", format!("{signal:?} is no signal")).into())
}

async fn kill_all(Extract(agent): Extract<Arc<Agent>>) -> Reply {
    let running = agent.processes.running();
    join_all(running.iter().map(|process| kill(process, Signal::TERM))).await;
    reply::success(&json!({ "cleanedCount": running.len() }))
}

async fn clean_up(Extract(agent): Extract<Arc<Agent>>) -> Reply {
    reply::success(&json!({ "cleanedCount": agent.processes.forget_ended() }))
}

async fn logs(
    Extract(agent): Extract<Arc<Agent>>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Reply {
    let process = agent.processes.find(&id)?;
    let follower = Follower::new(process.clone(), &wanted.now())?;
    let whole = process.log.all(follower.cursor);
    reply::success(&json!({
        "processId": id,
        "stdout": follower.text.all(whole.stdout),
        "stderr": follower.text.all(whole.stderr),
        "truncated": whole.start > follower.cursor,
        "cursor": whole.end,
    }))
}

async fn follow(
    Extract(agent): Extract<Arc<Agent>>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Reply {
    Ok(sse::events(Follower::new(agent.processes.find(&id)?, &wanted)?.events()))
}

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
    reply::success(&json!({ "process": process.record() }))
}

fn still_running(process: &Process, time: u64) -> ApiError {
    ApiError::new(ErrorCode::ProcessReadyTimeout, format!("the process still runs after {time} ms"))
        .with("processId", &*process.id)
        .with("timeoutMs", time)
        .during("process.wait")
}

async fn write(
    Extract(agent): Extract<Arc<Agent>>,
    Path(id): Path<String>,
    Query(query): Query<Write>,
    request: Request,
) -> Reply {
    let process = agent.processes.find(&id)?;
    let mut pieces = input(request).await?.into_data_stream();
    let close = query.close == Some(Flag::Yes);
    let written = tokio::select! {
        biased;
        written = process.input.write(&mut pieces, close) => written,
        // A daemon it left behind may hold the pipe without reading it.
        _ = process.ended() => Err(closed(None)),
    };
    match written {
        Ok(bytes) => reply::success(&json!({ "processId": id, "bytesWritten": bytes })),
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
