//! `WS /ws/terminal`: one viewer of a terminal, sent output as far as its credit goes.

use std::{sync::Arc, time::Instant};

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
use parking_lot::Mutex;
use sandpit_api::{
    ApiError,
    ErrorCode::*,
    terminal::{TerminalControl, TerminalFrame},
};
use serde::Deserialize;
use tokio::sync::{Notify, watch};
use xterm_rs_bridge::{Credit, Pace, Seat, WINDOW};

use super::live::{Events, Terminal};
use crate::{
    Agent,
    server::{
        extract::Upgrade,
        reply::{Query, Result},
    },
};

/// The largest message of a viewer: a large paste.
pub(super) const MESSAGE_LIMIT: usize = 4 << 20;

/// The query of `/ws/terminal`.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Attach {
    /// Id of the terminal.
    #[param(example = "term-1")]
    id: String,
    /// A cursor to resume from; the whole ring when absent.
    since: Option<u64>,
    cols: Option<u16>,
    rows: Option<u16>,
}

/// A WebSocket that views a terminal: replayed from a cursor, then live, as far as the viewer's credit goes.
///
/// Text frames: `TerminalControl` from the viewer, `TerminalFrame` to it. Binary frames: input, and output.
#[utoipa::path(
    get, path = "/ws/terminal", tag = "Terminals", params(Attach),
    responses((status = 101, description = "Frames `TerminalControl`, `TerminalFrame` and binary ones")),
    extensions(("x-errors" = json!([TerminalNotFound]))),
)]
pub async fn attach(
    Extract(agent): Extract<Arc<Agent>>,
    Query(query): Query<Attach>,
    upgrade: Result<Upgrade>,
) -> Result<Response> {
    // Before the upgrade: a browser learns why it was refused by asking the same address plainly.
    let terminal = agent.terminals.find(&query.id)?;
    let end = terminal.feed.end();
    if let Some(since) = query.since.filter(|since| *since > end) {
        let message = format!("there have been {end} bytes, not {since}");
        return Err(ApiError::invalid("since", message).with("cursor", end).into());
    }
    let Upgrade(upgrade) = upgrade?;
    if let (Some(cols), Some(rows)) = (query.cols, query.rows) {
        terminal.resize(cols, rows);
    }
    let upgrade = upgrade.max_message_size(MESSAGE_LIMIT).max_frame_size(MESSAGE_LIMIT);
    Ok(upgrade.on_upgrade(async move |socket| view(terminal, socket, query.since).await))
}

/// Serves one viewer until it goes, or the terminal does.
async fn view(terminal: Arc<Terminal>, socket: WebSocket, since: Option<u64>) {
    let (sink, stream) = socket.split();
    let (viewer, mut sender) = Viewer::new(&terminal, sink, since);
    tokio::select! {
        () = viewer.listen(stream) => {}
        // An error means that the viewer has gone.
        _ = sender.send_all(&viewer) => {}
    }
}

/// What the two directions of one viewer share.
struct Viewer {
    terminal: Arc<Terminal>,
    credit: Mutex<Credit>,
    /// There is more credit, or something to tell this viewer alone.
    changed: Notify,
    errors: Mutex<Vec<ApiError>>,
    seat: Seat,
}

/// The direction to the viewer.
struct Sender {
    sink: SplitSink<WebSocket, Message>,
    events: watch::Receiver<Events>,
    seen: u64,
    pace: Pace,
    /// Where the replay ends, until it has been told.
    replay: Option<u64>,
    /// The end of a program that ended before the viewer came: told after the replay.
    exit: Option<TerminalFrame>,
    asked: u64,
}

impl Viewer {
    fn new(
        terminal: &Arc<Terminal>,
        sink: SplitSink<WebSocket, Message>,
        since: Option<u64>,
    ) -> (Self, Sender) {
        let events = terminal.events();
        let seen = events.borrow().count;
        let exit = terminal.exit_frame();
        let (start, end) = (terminal.feed.start(), terminal.feed.end());
        let asked = since.unwrap_or(start).min(end);
        let first = asked.max(start);
        let viewer = Self {
            terminal: terminal.clone(),
            credit: Mutex::new(Credit::new(WINDOW, first)),
            changed: Notify::new(),
            errors: Mutex::new(Vec::new()),
            seat: terminal.gate.sit(first),
        };
        (viewer, Sender { sink, events, seen, pace: Pace::default(), replay: Some(end), exit, asked })
    }

    /// Takes what the viewer sends, until it goes.
    async fn listen(&self, mut stream: SplitStream<WebSocket>) {
        while let Some(Ok(message)) = stream.next().await {
            let done = match message {
                Message::Binary(bytes) => self.terminal.write(bytes),
                Message::Text(text) => self.control(text.as_str()),
                Message::Close(_) => return,
                Message::Ping(_) | Message::Pong(_) => Ok(()),
            };
            if let Err(error) = done {
                self.complain(error);
            }
        }
    }

    /// Keeps an error for the viewer; a flood of them is cut short.
    fn complain(&self, error: ApiError) {
        let mut errors = self.errors.lock();
        if errors.len() < 16 {
            errors.push(error);
        }
        self.changed.notify_one();
    }

    fn control(&self, text: &str) -> Result<(), ApiError> {
        match serde_json::from_str(text).map_err(|error| ApiError::invalid("frame", error.to_string()))? {
            TerminalControl::Resize { cols, rows } => self.terminal.resize(cols, rows),
            TerminalControl::Ack { cursor } => {
                let mut credit = self.credit.lock();
                credit.ack(cursor);
                self.seat.ack(credit.acked());
                self.changed.notify_one();
            }
        }
        Ok(())
    }
}

/// What there is to do next for a viewer.
enum Step {
    Tell(TerminalFrame),
    Output(usize),
    Wait,
    Close,
}

impl Sender {
    /// Sends everything there is and will be.
    async fn send_all(&mut self, viewer: &Viewer) -> std::result::Result<(), axum::Error> {
        let terminal = viewer.terminal.record();
        self.tell(&TerminalFrame::Ready { cursor: self.asked, terminal }).await?;
        let first = viewer.credit.lock().cursor();
        if first > self.asked {
            self.tell(&TerminalFrame::Truncated { cursor: first }).await?;
        }
        loop {
            match self.step(viewer) {
                Step::Tell(frame) => self.tell(&frame).await?,
                Step::Output(pending) => self.output(viewer, pending).await?,
                Step::Wait => self.wait(viewer).await,
                Step::Close => return self.sink.close().await,
            }
        }
    }

    fn step(&mut self, viewer: &Viewer) -> Step {
        if let Some(error) = viewer.errors.lock().pop() {
            return Step::Tell(TerminalFrame::Error { code: error.code, message: error.message });
        }
        let (cursor, room) = {
            let credit = viewer.credit.lock();
            (credit.cursor(), credit.room())
        };
        if let Some(end) = self.replay.filter(|end| cursor >= *end) {
            self.replay = None;
            return Step::Tell(TerminalFrame::Replayed { cursor: end.max(cursor) });
        }
        if let Some(exit) = self.exit.take_if(|_| self.replay.is_none()) {
            return Step::Tell(exit);
        }
        // Before the events: what comes after a later event must not be sent before it.
        let end = viewer.terminal.feed.end();
        let next =
            self.events.borrow().after(self.seen).map(|(number, at, frame)| (number, at, frame.clone()));
        if let Some((number, _, frame)) = next.as_ref().filter(|(_, at, _)| *at <= cursor) {
            self.seen = number + 1;
            return Step::Tell(frame.clone());
        }
        let bound = next.map_or(end, |(_, at, _)| at).min(self.replay.unwrap_or(u64::MAX));
        match (bound - cursor, room) {
            (0, _) if viewer.terminal.feed.is_closed() => Step::Close,
            (0, _) | (_, 0) => Step::Wait,
            (pending, room) => Step::Output(room.min(pending as usize)),
        }
    }

    /// Sends up to `pending` bytes, or what came before them: news of a gap, or a pause.
    async fn output(&mut self, viewer: &Viewer, pending: usize) -> std::result::Result<(), axum::Error> {
        let delay = self.pace.delay(pending, Instant::now());
        if self.replay.is_none() && !delay.is_zero() {
            tokio::time::sleep(delay).await;
            return Ok(());
        }
        let cursor = viewer.credit.lock().cursor();
        let chunk = viewer.terminal.feed.read(cursor, pending.min(Pace::FULL));
        if chunk.start > cursor {
            viewer.skip_to(chunk.start);
            return self.tell(&TerminalFrame::Truncated { cursor: chunk.start }).await;
        }
        viewer.credit.lock().spend(chunk.bytes.len());
        self.pace.sent(Instant::now());
        self.sink.send(Message::Binary(chunk.bytes)).await
    }

    async fn wait(&mut self, viewer: &Viewer) {
        let (cursor, room) = {
            let credit = viewer.credit.lock();
            (credit.cursor(), credit.room())
        };
        tokio::select! {
            () = viewer.changed.notified() => {}
            _ = self.events.changed() => {}
            grown = viewer.terminal.feed.grown(cursor), if room > 0 => {
                if !grown {
                    // Closed: the next step sees it.
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    async fn tell(&mut self, frame: &TerminalFrame) -> std::result::Result<(), axum::Error> {
        let text = serde_json::to_string(frame).map_err(axum::Error::new)?;
        self.sink.send(Message::Text(text.into())).await
    }
}

impl Viewer {
    fn skip_to(&self, cursor: u64) {
        let mut credit = self.credit.lock();
        credit.skip_to(cursor);
        self.seat.ack(credit.acked());
    }
}
