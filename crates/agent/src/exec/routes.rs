//! `POST /api/execute` and `POST /api/execute/stream`.

use std::sync::Arc;

use async_stream::stream;
use axum::extract::State as Extract;
use futures::Stream;
use sandpit_api::{
    ApiError,
    ErrorCode::{self, *},
    exec::{ExecEvent, Execute, Executed},
};

use super::{Chunk, Running, Source, Text, start};
use crate::{
    Agent,
    server::{
        Routes,
        extract::InSession,
        reply::{self, Json, Reply, Result},
        sse,
    },
};

/// The most output of one answer, bytes. A stream has no limit.
const LIMIT: usize = 64 << 20;

/// The routes of this module.
pub fn routes() -> Routes {
    crate::routes![execute, execute_stream]
}

/// Runs a command in a session and answers when it has ended, whatever its exit code.
///
/// Closing the request stops the command and all it started. With `background: true` it starts a
/// process and answers like `POST /api/process/start`.
#[utoipa::path(
    post, path = "/api/execute", tag = "Commands",
    params(("x-session-id" = Option<String>, Header, description = "The session, unless the body names one")),
    request_body(content = Execute, example = json!({ "command": "echo hi", "sessionId": "default" })),
    responses((status = 200, description = "It ended", body = Executed, example = json!({
        "success": true, "exitCode": 0, "stdout": "hi\n", "stderr": "", "command": "echo hi", "duration": 1,
        "sessionId": "default", "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!([InvalidCommand, ResourceBusy, SessionDestroyed, SessionTerminated, CommandExecutionError]))),
)]
async fn execute(
    Extract(agent): Extract<Arc<Agent>>,
    session: InSession,
    Json(mut request): Json<Execute>,
) -> Reply {
    session.unless(&mut request.session_id);
    if request.buffer_size.is_some() {
        return Err(ApiError::invalid("bufferSize", "only a stream comes in pieces").into());
    }
    if request.background {
        if request.stdin.is_some() {
            return Err(ApiError::invalid("stdin", "a command in the background has no stdin").into());
        }
        return crate::process::start_background(&agent, request);
    }
    let text = Text::new(request.encoding.as_deref())?;
    let command = request.command.clone();
    let mut running = start(&agent, request)?;
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    while let Some(chunk) = running.output.recv().await {
        match chunk.source {
            Source::Stdout => stdout.extend_from_slice(&chunk.bytes),
            Source::Stderr => stderr.extend_from_slice(&chunk.bytes),
        }
        if stdout.len() + stderr.len() > LIMIT {
            return Err(too_much(&stdout, &stderr).into());
        }
    }
    let ended = end_of(&mut running).await;
    let exit_code = ended.map_err(|error| with_output(error, &stdout, &stderr))?;
    reply::ok(Executed {
        success: exit_code == 0,
        exit_code,
        stdout: text.all(stdout),
        stderr: text.all(stderr),
        command,
        duration: u64::try_from(running.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        session_id: running.session_id,
        timestamp: reply::now(),
    })
}

async fn end_of(running: &mut Running) -> Result<i32, ApiError> {
    match (&mut running.end).await {
        Ok(ended) => ended,
        Err(error) => Err(ApiError::new(ErrorCode::InternalError, error.to_string())),
    }
}

/// What was written before a command failed helps to see why: the last 8 KiB of each stream.
fn with_output(error: ApiError, stdout: &[u8], stderr: &[u8]) -> ApiError {
    let tail =
        |bytes: &[u8]| String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(8 << 10)..]).into_owned();
    error.with("stdout", tail(stdout)).with("stderr", tail(stderr))
}

fn too_much(stdout: &[u8], stderr: &[u8]) -> ApiError {
    let message = format!("the command wrote more than {LIMIT} bytes and was stopped");
    let error = ApiError::new(ErrorCode::CommandExecutionError, message).with("maxBytes", LIMIT);
    with_output(error, stdout, stderr).suggest("Use the stream, or write to a file.")
}

/// Runs a command in a session and tells its output as it is written, server-sent.
///
/// The last event is `complete`, or `error`. Closing the request stops the command and all it started.
#[utoipa::path(
    post, path = "/api/execute/stream", tag = "Commands",
    params(("x-session-id" = Option<String>, Header, description = "The session, unless the body names one")),
    request_body(content = Execute, example = json!({ "command": "echo hi" })),
    responses((
        status = 200, description = "Events, each `data: <ExecEvent>`",
        content_type = "text/event-stream", body = ExecEvent,
        example = json!("data: {\"type\":\"stdout\",\"data\":\"hi\\n\",\"timestamp\":\"2026-01-01T00:00:00Z\"}\n\n"),
    )),
    extensions(("x-errors" = json!([InvalidCommand, ResourceBusy, SessionDestroyed, SessionTerminated, StreamStartError]))),
)]
async fn execute_stream(
    Extract(agent): Extract<Arc<Agent>>,
    session: InSession,
    Json(mut request): Json<Execute>,
) -> Reply {
    session.unless(&mut request.session_id);
    if request.background {
        return Err(
            ApiError::invalid("background", "a stream has no background: see /api/process/start").into()
        );
    }
    let text = Text::new(request.encoding.as_deref())?;
    let command = request.command.clone();
    let largest = match request.buffer_size {
        Some(0) => return Err(ApiError::invalid("bufferSize", "bufferSize must be 1 or more").into()),
        size => size.map_or(usize::MAX, |size| size as usize),
    };
    let running = start(&agent, request)?;
    Ok(sse::events(events(command, running, text, largest)))
}

/// The events of one command, with at most `largest` bytes of output each. Dropping them stops it.
fn events(
    command: String,
    mut running: Running,
    text: Text,
    largest: usize,
) -> impl Stream<Item = ExecEvent> {
    let (mut out, mut err) = (text.clone(), text);
    stream! {
        yield ExecEvent::Start { command, session_id: running.session_id.clone(), timestamp: reply::now() };
        while let Some(Chunk { source, bytes }) = running.output.recv().await {
            let decoder = if source == Source::Stdout { &mut out } else { &mut err };
            for piece in bytes.chunks(largest) {
                if let Some(data) = decoder.push(piece) {
                    yield output(source, data);
                }
            }
        }
        for (source, rest) in [(Source::Stdout, out.end()), (Source::Stderr, err.end())] {
            if let Some(data) = rest {
                yield output(source, data);
            }
        }
        yield match end_of(&mut running).await {
            Ok(exit_code) => ExecEvent::Complete { exit_code, timestamp: reply::now() },
            Err(ApiError { message, code, context, timestamp, .. }) => {
                ExecEvent::Error { error: message.clone(), data: message, code, context, timestamp }
            }
        };
    }
}

fn output(source: Source, data: String) -> ExecEvent {
    let timestamp = reply::now();
    match source {
        Source::Stdout => ExecEvent::Stdout { data, timestamp },
        Source::Stderr => ExecEvent::Stderr { data, timestamp },
    }
}
