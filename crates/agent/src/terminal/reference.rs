//! `WS /ws/pty`: the reference's terminal socket (§2.5), on the first terminal of a session.
//!
//! Its viewers acknowledge nothing, so what was written to the socket counts as drawn.

use std::sync::Arc;

use axum::{
    extract::{
        State as Extract,
        ws::{Message, WebSocket},
    },
    response::Response,
};
use futures::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use sandpit_api::{
    ApiError,
    ErrorCode::*,
    terminal::{CreateTerminal, TerminalControl, TerminalFrame},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use xterm_rs_bridge::Pace;

use super::{
    live::{Events, Terminal},
    viewer::MESSAGE_LIMIT,
};
use crate::{
    Agent,
    server::{
        extract::Upgrade,
        reply::{Query, Result},
    },
};

/// How much is replayed (reference §2.5), bytes.
const REPLAY: u64 = 256 << 10;

/// The query of `/ws/pty`.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct Attach {
    /// The session whose first terminal it is.
    #[param(example = "default")]
    session_id: String,
    cols: Option<u16>,
    rows: Option<u16>,
    shell: Option<String>,
}

/// A WebSocket on the first terminal of a session, as the reference has it.
///
/// The last 256 KiB of output in one binary frame, then `{"type": "ready"}`, then live output; binary frames
/// from the viewer are input, and `{"type": "resize", "cols": …, "rows": …}` sets the size. The end of the shell is
/// `{"type": "exit", "code": …, "signal": …}`, as the client's xterm add-on reads it.
#[utoipa::path(
    get, path = "/ws/pty", tag = "Terminals", params(Attach),
    responses((status = 101, description = "Output and input in binary frames; `ready`, `resize`, `exit`, `error` in text")),
    extensions(("x-errors" = json!([CommandNotFound, CommandPermissionDenied, ResourceBusy, TerminalControlError]))),
)]
pub async fn attach(
    Extract(agent): Extract<Arc<Agent>>,
    Query(query): Query<Attach>,
    Upgrade(upgrade): Upgrade,
) -> Result<Response> {
    let terminal = terminal_of(&agent, &query)?;
    let upgrade = upgrade.max_message_size(MESSAGE_LIMIT).max_frame_size(MESSAGE_LIMIT);
    Ok(upgrade.on_upgrade(async move |socket| {
        let (sink, stream) = socket.split();
        let (errors, told) = mpsc::channel(16);
        tokio::select! {
            () = listen(&terminal, stream, &errors) => {}
            // An error means that the viewer has gone.
            _ = send_all(&terminal, sink, told) => {}
        }
    }))
}

/// The session's first terminal; a new one, or a new shell in it, when there is none.
fn terminal_of(agent: &Agent, query: &Attach) -> Result<Arc<Terminal>, ApiError> {
    let Some(terminal) = agent.terminals.first_of(&query.session_id) else {
        return super::open(
            agent,
            &CreateTerminal {
                session_id: Some(query.session_id.clone()),
                command: query.shell.clone().filter(|shell| !is_bash(shell)).map(|shell| vec![shell]),
                cols: query.cols,
                rows: query.rows,
                ..CreateTerminal::default()
            },
        );
    };
    if !terminal.record().running {
        super::start(agent, &terminal)?;
    }
    Ok(terminal)
}

/// The login shell is a bash.
fn is_bash(shell: &str) -> bool {
    ["bash", "/bin/bash", "/usr/bin/bash"].contains(&shell)
}

async fn listen(terminal: &Terminal, mut stream: SplitStream<WebSocket>, errors: &mpsc::Sender<ApiError>) {
    while let Some(Ok(message)) = stream.next().await {
        let done = match message {
            Message::Binary(bytes) => terminal.write(bytes),
            Message::Text(text) => resize(terminal, text.as_str()),
            Message::Close(_) => return,
            Message::Ping(_) | Message::Pong(_) => Ok(()),
        };
        if let Err(error) = done {
            // A viewer that makes more errors than it reads is told of the first ones.
            let _ = errors.try_send(error);
        }
    }
}

fn resize(terminal: &Terminal, text: &str) -> Result<(), ApiError> {
    let frame = serde_json::from_str(text).map_err(|error| ApiError::invalid("frame", error.to_string()))?;
    if let TerminalControl::Resize { cols, rows } = frame {
        terminal.resize(cols, rows);
    }
    Ok(())
}

async fn send_all(
    terminal: &Terminal,
    mut sink: SplitSink<WebSocket, Message>,
    mut errors: mpsc::Receiver<ApiError>,
) -> std::result::Result<(), axum::Error> {
    let feed = &terminal.feed;
    let mut events = terminal.events();
    let mut seen = events.borrow().count;
    let replay = feed.read(feed.end().saturating_sub(REPLAY), REPLAY as usize);
    let mut cursor = replay.end();
    let seat = terminal.gate.sit(cursor);
    if !replay.bytes.is_empty() {
        sink.send(Message::Binary(replay.bytes)).await?;
    }
    tell(&mut sink, &json!({ "type": "ready" })).await?;
    loop {
        tokio::select! {
            Some(error) = errors.recv() => {
                tell(&mut sink, &json!({ "type": "error", "message": error.message })).await?;
            }
            chunk = feed.next(cursor, Pace::FULL) => {
                let Some(chunk) = chunk else { return sink.close().await };
                cursor = chunk.end();
                sink.send(Message::Binary(chunk.bytes)).await?;
                seat.ack(cursor);
            }
            _ = events.changed() => {}
        }
        while let Some((number, frame)) = due(&events, seen, cursor) {
            seen = number + 1;
            if let TerminalFrame::Exit { exit_code, signal, .. } = frame {
                tell(&mut sink, &json!({ "type": "exit", "code": exit_code, "signal": signal })).await?;
            }
        }
    }
}

/// The next event that belongs before or at `cursor`, and its number.
fn due(events: &watch::Receiver<Events>, seen: u64, cursor: u64) -> Option<(u64, TerminalFrame)> {
    events
        .borrow()
        .after(seen)
        .filter(|(_, at, _)| *at <= cursor)
        .map(|(number, _, frame)| (number, frame.clone()))
}

async fn tell(
    sink: &mut SplitSink<WebSocket, Message>,
    frame: &Value,
) -> std::result::Result<(), axum::Error> {
    sink.send(Message::Text(frame.to_string().into())).await
}
