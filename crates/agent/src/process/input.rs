//! The standard input of a background process, for those that were started with one.
//!
//! Nothing is queued here: a piece is taken from the request once the process has taken the one
//! before, so a process that does not read makes its writer wait, and nobody else.

use std::io;

use axum::body::BodyDataStream;
use futures::StreamExt;
use sandpit_api::{ApiError, ErrorCode};
use tokio::{io::AsyncWriteExt, process::ChildStdin, sync::Mutex};

use crate::server::extract::cut_off;

/// One end of a pipe to a process. Writers take turns, a whole request each.
#[derive(Debug, Default)]
pub struct Input(Mutex<State>);

#[derive(Debug, Default)]
enum State {
    /// The process was started without.
    #[default]
    None,
    Open(ChildStdin),
    Closed,
}

impl Input {
    /// Takes the writing end, if the process has one. For the start only.
    pub fn open(&self, stdin: Option<ChildStdin>) {
        if let (Some(stdin), Ok(mut state)) = (stdin, self.0.try_lock()) {
            *state = State::Open(stdin);
        }
    }

    /// Writes `body` as the process takes it; says how many bytes. `close`: the process then sees the
    /// end of its input.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` when it was started without or the body is cut off, `STDIN_CLOSED` when it
    /// reads no more; `context.bytesWritten` says how much went before.
    pub async fn write(&self, body: &mut BodyDataStream, close: bool) -> Result<u64, ApiError> {
        let mut state = self.0.lock().await;
        let mut written = 0;
        state.pipe()?;
        while let Some(bytes) = body.next().await {
            let bytes = bytes.map_err(|error| cut_off(error).with("bytesWritten", written))?;
            let pipe = state.pipe().map_err(|error| error.with("bytesWritten", written))?;
            if let Err(error) = pipe.write_all(&bytes).await {
                *state = State::Closed;
                return Err(closed(Some(error)).with("bytesWritten", written));
            }
            written += bytes.len() as u64;
        }
        if close {
            *state = State::Closed;
        }
        Ok(written)
    }

    /// Closes it, when who holds it has let go.
    pub async fn close(&self) {
        let mut state = self.0.lock().await;
        if matches!(*state, State::Open(_)) {
            *state = State::Closed;
        }
    }
}

impl State {
    fn pipe(&mut self) -> Result<&mut ChildStdin, ApiError> {
        match self {
            Self::Open(pipe) => Ok(pipe),
            Self::Closed => Err(closed(None)),
            Self::None => Err(ApiError::invalid("stdin", "the process was started without stdin: true")),
        }
    }
}

/// The error of an input that nobody reads any more.
pub fn closed(error: Option<io::Error>) -> ApiError {
    let reason = error.map_or_else(String::new, |error| format!(": {error}"));
    ApiError::new(ErrorCode::StdinClosed, format!("the process takes no more input{reason}"))
        .during("process.stdin")
}
