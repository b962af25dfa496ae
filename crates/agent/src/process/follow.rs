//! The events of a process's output for one follower, from its cursor on (reference §2.3).

use std::sync::Arc;

use async_stream::stream;
use futures::Stream;
use sandpit_api::{ApiError, process::ProcessEvent};

use super::{
    Process,
    log::Piece,
    query::{Flag, LogQuery, StreamQuery},
};
use crate::{
    exec::{Source, Text},
    server::reply,
};

/// The largest piece of output in one event, bytes.
const PIECE: usize = 64 << 10;

/// Where a follower is, and what it wants.
pub struct Follower {
    process: Arc<Process>,
    cursor: u64,
    text: Text,
    /// Where it stops, unless it follows.
    until: Option<u64>,
}

impl Follower {
    /// A follower of `process` as `query` wants it.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for an encoding or cursor that cannot be, or parts that contradict each other.
    pub fn new(process: Arc<Process>, query: &StreamQuery) -> Result<Self, ApiError> {
        let StreamQuery { since, replay, follow, .. } = *query;
        let (replay, follow) = (replay.is_none_or(Flag::is_yes), follow.is_none_or(Flag::is_yes));
        if !replay && (since.is_some() || !follow) {
            return Err(ApiError::invalid("replay", "replay=0 goes neither with since nor with follow=0"));
        }
        let (cursor, text) = LogQuery { since, encoding: query.encoding.clone() }.read(&process)?;
        let end = process.log.end();
        let cursor = if replay { cursor } else { end };
        Ok(Self { process, cursor, text, until: (!follow).then_some(end) })
    }

    /// What is there already, then live output, then its exit.
    pub fn events(mut self) -> impl Stream<Item = ProcessEvent> {
        let mut state = self.process.state();
        stream! {
            yield self.info();
            loop {
                // Before the log is read: what was written before the end is there then.
                let exit_code = state.borrow_and_update().exit_code;
                let end = self.until.unwrap_or_else(|| self.process.log.end());
                while let Some((lost, told)) = self.next(end, exit_code.is_some()) {
                    for event in lost.into_iter().chain(told) {
                        yield event;
                    }
                }
                match exit_code {
                    Some(exit_code) if self.cursor >= self.process.log.end() => {
                        yield self.exit(exit_code);
                        return;
                    }
                    _ if self.until.is_some() => return,
                    _ => {}
                }
                tokio::select! {
                    () = self.process.log.grown(end) => {}
                    _ = state.changed() => {}
                }
            }
        }
    }

    /// The next events before `end`: bytes that are gone, and a piece. `None` when there is nothing to
    /// tell now. The beginning of a character waits for the rest, unless that cannot come (`closed`).
    fn next(&mut self, end: u64, closed: bool) -> Option<(Option<ProcessEvent>, Option<ProcessEvent>)> {
        let room = usize::try_from(end.saturating_sub(self.cursor)).unwrap_or(PIECE);
        if room == 0 {
            return None;
        }
        let mut piece = self.process.log.read(self.cursor, PIECE.min(room))?;
        let lost = (piece.start > self.cursor).then(|| self.skip_to_text(&mut piece));
        let last = closed && piece.end() >= self.process.log.end();
        if !piece.ended && !last {
            piece.bytes.truncate(self.text.whole(&piece.bytes));
        }
        self.cursor = piece.end();
        let told = (!piece.bytes.is_empty()).then(|| self.output(piece));
        (lost.is_some() || told.is_some()).then_some((lost, told))
    }

    /// Says that bytes before `piece` are gone, with what is left of a character among them.
    fn skip_to_text(&self, piece: &mut Piece) -> ProcessEvent {
        let orphaned = self.text.orphaned(&piece.bytes);
        piece.bytes = piece.bytes.split_off(orphaned);
        piece.start += orphaned as u64;
        let process_id = self.process.id.clone();
        ProcessEvent::Truncated { process_id, cursor: piece.start, timestamp: reply::now() }
    }

    fn output(&self, piece: Piece) -> ProcessEvent {
        let (process_id, cursor, timestamp) = (self.process.id.clone(), self.cursor, reply::now());
        let data = self.text.all(piece.bytes.into());
        match piece.source {
            Source::Stdout => ProcessEvent::Stdout { data, process_id, cursor, timestamp },
            Source::Stderr => ProcessEvent::Stderr { data, process_id, cursor, timestamp },
        }
    }

    fn info(&self) -> ProcessEvent {
        ProcessEvent::ProcessInfo {
            process_id: self.process.id.clone(),
            command: self.process.command.clone(),
            status: self.process.record().status,
            cursor: self.cursor,
            timestamp: reply::now(),
        }
    }

    fn exit(&self, exit_code: i32) -> ProcessEvent {
        ProcessEvent::Exit {
            process_id: self.process.id.clone(),
            exit_code,
            data: format!("Process completed with exit code {exit_code}"),
            cursor: self.cursor,
            timestamp: reply::now(),
        }
    }
}
