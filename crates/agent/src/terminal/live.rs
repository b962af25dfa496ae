//! One terminal: its output since the beginning, its events in order, and the program in it.

use std::{collections::VecDeque, io, sync::Arc};

use bytes::Bytes;
use parking_lot::Mutex;
use sandpit_api::{
    ApiError, ErrorCode,
    session::DEFAULT_SESSION,
    terminal::{CreateTerminal, Terminal as Record, TerminalFrame},
};
use tokio::{sync::watch, task::AbortHandle};
use xterm_rs_bridge::{Feed, Gate, RING, WINDOW};

use super::{
    pty::{self, End, Program, Run},
    share::Share,
};
use crate::{server::reply, session::Place};

/// Events that a viewer may have missed before it is only told the last ones.
const EVENTS: usize = 64;
/// The most columns or rows.
const MAX_SIZE: u16 = 4096;

/// A terminal. It stays, with its output, when its program has ended.
pub struct Terminal {
    pub id: String,
    pub session_id: String,
    pub feed: Feed,
    pub gate: Gate,
    created_at: String,
    request: CreateTerminal,
    state: Mutex<State>,
    events: watch::Sender<Events>,
}

#[derive(Default)]
struct State {
    name: String,
    cols: u16,
    rows: u16,
    run: Option<Run>,
    /// Reads the program's output.
    pump: Option<AbortHandle>,
    /// Shares with the session what a login shell tells.
    share: Option<AbortHandle>,
    typed: Typed,
    end: Option<End>,
    /// Counts runs, so that the end of an old one does not end a new one.
    runs: u64,
}

/// The input of one run.
#[derive(Default)]
struct Typed {
    bytes: u64,
    last: Option<u8>,
}

/// How much input there had been at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(u64);

/// What happened, and where in the output.
#[derive(Debug, Default)]
pub struct Events {
    /// How many there have been.
    pub count: u64,
    last: VecDeque<(u64, TerminalFrame)>,
}

impl Events {
    /// The first event after the first `seen` ones that is still known: its number and place.
    pub fn after(&self, seen: u64) -> Option<(u64, u64, &TerminalFrame)> {
        let oldest = self.count - self.last.len() as u64;
        let number = seen.max(oldest);
        self.last.get((number - oldest) as usize).map(|(cursor, frame)| (number, *cursor, frame))
    }
}

impl Terminal {
    /// A terminal as `request` wants it, without a program yet.
    pub fn new(id: String, name: String, request: CreateTerminal) -> Arc<Self> {
        let size = |asked: Option<u16>, usual: u16| asked.unwrap_or(usual).clamp(1, MAX_SIZE);
        let (cols, rows) = (size(request.cols, 80), size(request.rows, 24));
        Arc::new(Self {
            id,
            session_id: request.session_id.clone().unwrap_or_else(|| DEFAULT_SESSION.to_owned()),
            feed: Feed::new(RING),
            gate: Gate::new(WINDOW),
            created_at: reply::now(),
            request,
            state: Mutex::new(State { name, cols, rows, ..State::default() }),
            events: watch::Sender::new(Events::default()),
        })
    }

    /// What it was made from.
    pub fn request(&self) -> &CreateTerminal {
        &self.request
    }

    /// What the wire says of it.
    pub fn record(&self) -> Record {
        let state = self.state.lock();
        Record {
            id: self.id.clone(),
            name: state.name.clone(),
            session_id: self.session_id.clone(),
            pid: state.run.as_ref().map(|run| run.pid),
            cols: state.cols,
            rows: state.rows,
            running: state.run.is_some(),
            exit_code: state.end.as_ref().map(|end| end.code),
            created_at: self.created_at.clone(),
        }
    }

    pub fn rename(&self, name: String) {
        self.state.lock().name = name;
    }

    /// The last end, when nothing runs: what a viewer that comes later is told.
    pub fn exit_frame(&self) -> Option<TerminalFrame> {
        let state = self.state.lock();
        let end = state.end.clone().filter(|_| state.run.is_none())?;
        Some(TerminalFrame::Exit { cursor: self.feed.end(), exit_code: end.code, signal: end.signal })
    }

    /// What happened, to look at and to wait on.
    pub fn events(&self) -> watch::Receiver<Events> {
        self.events.subscribe()
    }

    fn tell(&self, frame: impl FnOnce(u64) -> TerminalFrame) {
        self.events.send_modify(|events| {
            let cursor = self.feed.end();
            events.last.push_back((cursor, frame(cursor)));
            events.count += 1;
            if events.last.len() > EVENTS {
                events.last.pop_front();
            }
        });
    }

    /// Starts the program at `place`; a login shell has a `share` of its session. A program that still
    /// runs is hung up and its output is over.
    ///
    /// # Errors
    /// `TERMINAL_CONTROL_ERROR` or `COMMAND_NOT_FOUND` when it cannot be started.
    pub fn start(
        self: &Arc<Self>,
        argv: Vec<String>,
        place: Place,
        share: Option<Share>,
    ) -> Result<(), ApiError> {
        let mut state = self.state.lock();
        let program = Program { argv, place, cols: state.cols, rows: state.rows };
        let (run, output) = pty::start(&program).map_err(|error| not_started(&program.argv, &error))?;
        state.stop();
        (state.run, state.end, state.runs) = (Some(run), None, state.runs + 1);
        state.typed = Typed::default();
        state.share = share.map(|share| tokio::spawn(sharing(share, self.clone())).abort_handle());
        let number = state.runs;
        if number > 1 {
            self.tell(|cursor| TerminalFrame::Restarted { cursor });
        }
        let terminal = self.clone();
        let pump = tokio::spawn(async move {
            let end = output.pump(&terminal.feed, &terminal.gate).await;
            terminal.ended(number, end);
        });
        state.pump = Some(pump.abort_handle());
        Ok(())
    }

    fn ended(&self, number: u64, end: End) {
        let mut state = self.state.lock();
        if state.runs != number {
            return;
        }
        (state.run, state.pump) = (None, None);
        state.stop();
        state.end = Some(end.clone());
        drop(state);
        self.tell(|cursor| TerminalFrame::Exit { cursor, exit_code: end.code, signal: end.signal });
    }

    /// Input for the program.
    ///
    /// # Errors
    /// `TERMINAL_CONTROL_ERROR` when none runs, `RESOURCE_BUSY` when it has too much unread.
    pub fn write(&self, bytes: Bytes) -> Result<(), ApiError> {
        let mut state = self.state.lock();
        let State { run, typed, .. } = &mut *state;
        let Some(run) = run else {
            return Err(ApiError::new(
                ErrorCode::TerminalControlError,
                "the program of this terminal has ended",
            ));
        };
        let (length, last) = (bytes.len() as u64, bytes.last().copied());
        if run.write(bytes) {
            *typed = Typed { bytes: typed.bytes + length, last: last.or(typed.last) };
            return Ok(());
        }
        Err(ApiError::new(
            ErrorCode::ResourceBusy,
            "the program does not read its input; this input was dropped",
        ))
    }

    /// The input so far, if it is whole lines that the PTY has been given.
    pub fn typed_lines(&self) -> Option<Mark> {
        let state = self.state.lock();
        let given = state.run.as_ref().is_some_and(Run::has_written);
        // After Ctrl+C, too, a line is empty.
        let whole = matches!(state.typed.last, None | Some(b'\r' | b'\n' | 3));
        (given && whole).then_some(Mark(state.typed.bytes))
    }

    /// Types Enter, unless anything else was typed since `mark`; says whether it did.
    pub fn enter(&self, mark: Mark) -> bool {
        let mut state = self.state.lock();
        if state.typed.bytes != mark.0 {
            return false;
        }
        let written = state.run.as_ref().is_some_and(|run| run.write(Bytes::from_static(b"\r")));
        state.typed.bytes += u64::from(written);
        written
    }

    /// Sets the size, and tells the viewers if it is another one.
    pub fn resize(&self, cols: u16, rows: u16) {
        let (cols, rows) = (cols.clamp(1, MAX_SIZE), rows.clamp(1, MAX_SIZE));
        let mut state = self.state.lock();
        if (state.cols, state.rows) == (cols, rows) {
            return;
        }
        (state.cols, state.rows) = (cols, rows);
        if let Some(run) = &state.run
            && let Err(error) = run.resize(cols, rows)
        {
            tracing::debug!(%error, terminal = self.id, "the PTY was not resized");
        }
        drop(state);
        self.tell(|_| TerminalFrame::Resized { cols, rows });
    }

    /// Ends it for good: the program is hung up, the viewers see the end.
    pub fn close(&self) {
        self.state.lock().stop();
        self.feed.close();
    }
}

impl State {
    /// Hangs up the program, if one runs; nothing more of it is read.
    fn stop(&mut self) {
        if let Some(run) = self.run.take() {
            run.hang_up();
        }
        for task in [self.pump.take(), self.share.take()].into_iter().flatten() {
            task.abort();
        }
    }
}

async fn sharing(share: Share, terminal: Arc<Terminal>) {
    if let Err(error) = share.serve(&terminal).await {
        tracing::warn!(%error, terminal = terminal.id, "no longer shares with its session");
    }
}

fn not_started(argv: &[String], error: &pty_process::Error) -> ApiError {
    let code = match error {
        pty_process::Error::Io(error) if error.kind() == io::ErrorKind::NotFound => {
            ErrorCode::CommandNotFound
        }
        pty_process::Error::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            ErrorCode::CommandPermissionDenied
        }
        _ => ErrorCode::TerminalControlError,
    };
    ApiError::new(code, format!("{} was not started: {error}", argv[0])).with("command", argv.join(" "))
}
