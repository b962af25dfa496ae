//! The process routes of the reference (§2.2), and the events of a process's output (§2.3).

use std::sync::Arc;

use async_stream::stream;
use axum::{
    extract::State as Extract,
    routing::{delete, get, post},
};
use futures::{Stream, future::join_all};
use rustix::process::Signal;
use sandpit_api::{
    ApiError,
    process::{ProcessEvent, ProcessStatus, StartProcess},
};
use serde::Deserialize;
use serde_json::json;
use xterm_rs_bridge::Feed;

use super::{Process, kill, start, started};
use crate::{
    Agent,
    exec::{Source, Text},
    reap,
    server::{
        Routes,
        reply::{self, Json, Path, Query, Reply},
        sse,
    },
};

/// The largest piece of output in one event, bytes.
const PIECE: usize = 64 << 10;

/// The routes of this module.
pub fn routes() -> Routes {
    Routes::default()
        .route("/api/process/start", post(start_process))
        .route("/api/process/list", get(list))
        .route("/api/process/kill-all", delete(kill_all))
        .route("/api/process/{id}", get(read).delete(kill_one))
        .route("/api/process/{id}/logs", get(logs))
        .route("/api/process/{id}/stream", get(follow))
}

#[derive(Deserialize)]
struct Filter {
    status: Option<ProcessStatus>,
}

#[derive(Deserialize)]
struct Kill {
    signal: Option<String>,
}

async fn start_process(Extract(agent): Extract<Arc<Agent>>, Json(request): Json<StartProcess>) -> Reply {
    Text::new(request.encoding.as_deref())?;
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
) -> Reply {
    let signal = match query.signal.as_deref() {
        None => Signal::TERM,
        Some(name) => reap::parse_signal(name)
            .ok_or_else(|| ApiError::invalid("signal", format!("{name:?} is no signal")))?,
    };
    kill(&*agent.processes.find(&id)?, signal).await;
    reply::success(&json!({ "processId": id }))
}

async fn kill_all(Extract(agent): Extract<Arc<Agent>>) -> Reply {
    let running = agent.processes.running();
    join_all(running.iter().map(|process| kill(process, Signal::TERM))).await;
    reply::success(&json!({ "cleanedCount": running.len() }))
}

async fn logs(Extract(agent): Extract<Arc<Agent>>, Path(id): Path<String>) -> Reply {
    let process = agent.processes.find(&id)?;
    let (stdout, stderr) = (process.stdout.read(0, usize::MAX), process.stderr.read(0, usize::MAX));
    reply::success(&json!({
        "processId": id,
        "stdout": String::from_utf8_lossy(&stdout.bytes),
        "stderr": String::from_utf8_lossy(&stderr.bytes),
        "truncated": stdout.start > 0 || stderr.start > 0,
    }))
}

async fn follow(Extract(agent): Extract<Arc<Agent>>, Path(id): Path<String>) -> Reply {
    Ok(sse::events(events(agent.processes.find(&id)?)))
}

/// One stream of a process on its way to a follower.
struct Log {
    source: Source,
    cursor: u64,
    text: Text,
}

impl Log {
    fn new(source: Source) -> Self {
        Self { source, cursor: 0, text: Text::default() }
    }

    /// The events of what is new in `feed`, at most one piece.
    fn news(&mut self, feed: &Feed, id: &str) -> Vec<ProcessEvent> {
        let chunk = feed.read(self.cursor, PIECE);
        let missed = chunk.start > self.cursor;
        self.cursor = chunk.end();
        let lost = ProcessEvent::Truncated { process_id: id.to_owned(), timestamp: reply::now() };
        let said = self.text.push(&chunk.bytes).filter(|data| !data.is_empty());
        let told = said.map(|data| output(self.source, data, id));
        missed.then_some(lost).into_iter().chain(told).collect()
    }

    fn rest(&mut self, id: &str) -> Option<ProcessEvent> {
        self.text.end().map(|data| output(self.source, data, id))
    }
}

fn output(source: Source, data: String, id: &str) -> ProcessEvent {
    let (process_id, timestamp) = (id.to_owned(), reply::now());
    match source {
        Source::Stdout => ProcessEvent::Stdout { data, process_id, timestamp },
        Source::Stderr => ProcessEvent::Stderr { data, process_id, timestamp },
    }
}

/// What is kept of its output, then live output, then its exit (reference §2.3).
fn events(process: Arc<Process>) -> impl Stream<Item = ProcessEvent> {
    let mut state = process.state();
    let id = process.id.clone();
    let (mut out, mut err) = (Log::new(Source::Stdout), Log::new(Source::Stderr));
    stream! {
        let (command, status) = (process.command.clone(), process.record().status);
        yield ProcessEvent::ProcessInfo { process_id: id.clone(), command, status, timestamp: reply::now() };
        loop {
            // Before the logs are read: what was written before the end is there then.
            let exit_code = state.borrow_and_update().exit_code;
            let before = (out.cursor, err.cursor);
            for event in out.news(&process.stdout, &id).into_iter().chain(err.news(&process.stderr, &id)) {
                yield event;
            }
            if before != (out.cursor, err.cursor) {
                continue;
            }
            if let Some(exit_code) = exit_code {
                for event in out.rest(&id).into_iter().chain(err.rest(&id)) {
                    yield event;
                }
                let data = format!("Process completed with exit code {exit_code}");
                yield ProcessEvent::Exit { process_id: id, exit_code, data, timestamp: reply::now() };
                return;
            }
            tokio::select! {
                _ = process.stdout.grown(out.cursor) => {}
                _ = process.stderr.grown(err.cursor) => {}
                _ = state.changed() => {}
            }
        }
    }
}
