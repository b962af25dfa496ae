//! What a process has written: both streams in one order, bounded, with a cursor for readers.
//!
//! One ring holds the bytes of both streams as they were read, and where each run of one stream
//! begins. So a single cursor, a count of bytes, resumes both without losing or repeating any.

use std::collections::VecDeque;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::watch;
use xterm_rs_bridge::Ring;

use crate::exec::Source;

/// How much is kept, bytes of both streams together.
pub const KEPT: usize = 2 << 20;
/// How many runs are kept: two streams that take turns byte by byte must not need more memory than text.
const RUNS: usize = 32 << 10;

/// The last output of a process. One pushes, any number read and wait for more.
#[derive(Debug)]
pub struct Log {
    kept: Mutex<Kept>,
    end: watch::Sender<u64>,
}

#[derive(Debug)]
struct Kept {
    ring: Ring,
    /// Oldest first. The first may begin before what the ring still holds.
    runs: VecDeque<Run>,
}

/// Bytes of one stream that were read one after the other.
#[derive(Debug, Clone, Copy)]
struct Run {
    start: u64,
    source: Source,
}

/// Bytes of one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Position of the first byte. Greater than the cursor when older bytes are gone.
    pub start: u64,
    pub source: Source,
    pub bytes: Bytes,
    /// Whether the other stream comes next, so that these bytes will not be continued.
    pub ended: bool,
}

impl Piece {
    /// Position after the last byte.
    pub fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl Log {
    pub fn new() -> Self {
        let kept = Kept { ring: Ring::new(KEPT), runs: VecDeque::new() };
        Self { kept: Mutex::new(kept), end: watch::Sender::new(0) }
    }

    /// Appends bytes of `source` and wakes the readers. Never waits for them.
    pub fn push(&self, source: Source, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let mut kept = self.kept.lock();
        kept.push(source, bytes);
        let end = kept.ring.end();
        // Told under the lock, so that ends are told in order.
        self.end.send_replace(end);
    }

    /// Position of the oldest byte still here.
    pub fn start(&self) -> u64 {
        self.kept.lock().ring.start()
    }

    /// How many bytes there have been.
    pub fn end(&self) -> u64 {
        *self.end.borrow()
    }

    /// Up to `max` bytes of one stream from `cursor`, or from the oldest byte if that is later;
    /// `None` when there are none yet.
    pub fn read(&self, cursor: u64, max: usize) -> Option<Piece> {
        self.kept.lock().read(cursor, max)
    }

    /// What is kept of each stream from `cursor` on, and where that begins and ends.
    pub fn all(&self, cursor: u64) -> Whole {
        let kept = self.kept.lock();
        let start = cursor.clamp(kept.ring.start(), kept.ring.end());
        let mut whole = Whole { start, end: start, stdout: Vec::new(), stderr: Vec::new() };
        while let Some(piece) = kept.read(whole.end, KEPT) {
            whole.end = piece.end();
            match piece.source {
                Source::Stdout => whole.stdout.extend_from_slice(&piece.bytes),
                Source::Stderr => whole.stderr.extend_from_slice(&piece.bytes),
            }
        }
        whole
    }

    /// Waits until there are more than `end` bytes.
    pub async fn grown(&self, end: u64) {
        let mut ends = self.end.subscribe();
        if ends.wait_for(|now| *now > end).await.is_err() {
            // The sender lives as long as `self`; were it gone, nothing would come.
            std::future::pending().await
        }
    }
}

/// Both streams apart.
#[derive(Debug, PartialEq, Eq)]
pub struct Whole {
    /// Where the first of these bytes is. Greater than the cursor when older bytes are gone.
    pub start: u64,
    pub end: u64,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Kept {
    fn push(&mut self, source: Source, bytes: &[u8]) {
        if self.runs.back().is_none_or(|run| run.source != source) {
            self.runs.push_back(Run { start: self.ring.end(), source });
        }
        self.ring.push(bytes);
        if self.runs.len() > RUNS {
            self.ring.forget(self.runs[1].start);
        }
        while self.runs.get(1).is_some_and(|next| next.start <= self.ring.start()) {
            self.runs.pop_front();
        }
    }

    fn read(&self, cursor: u64, max: usize) -> Option<Piece> {
        let start = cursor.max(self.ring.start());
        let run = self.runs.partition_point(|run| run.start <= start).checked_sub(1)?;
        let end = self.runs.get(run + 1).map(|next| next.start);
        let room = (end.unwrap_or(self.ring.end())).checked_sub(start).filter(|room| *room > 0)?;
        let chunk = self.ring.read(start, max.min(usize::try_from(room).unwrap_or(max)));
        let ended = end == Some(chunk.end());
        Some(Piece { start, source: self.runs[run].source, bytes: chunk.bytes, ended })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fuzz_a_reader_gets_each_stream_in_order_or_is_told_where_it_begins() {
        bolero::check!().with_type().for_each(|(pieces, cursor): &(Vec<(bool, u16)>, u64)| {
            let log = Log::new();
            for (err, length) in pieces {
                let source = if *err { Source::Stderr } else { Source::Stdout };
                log.push(source, &vec![u8::from(*err); usize::from(*length) * 8]);
            }
            let mut at = *cursor;
            while let Some(piece) = log.read(at, 64 << 10) {
                assert!(piece.start == at.max(log.start()) && !piece.bytes.is_empty());
                let byte = u8::from(piece.source == Source::Stderr);
                assert!(piece.bytes.iter().all(|other| *other == byte));
                at = piece.end();
            }
            assert!(at >= log.end());
        });
    }

    fn piece(start: u64, source: Source, bytes: &'static [u8], ended: bool) -> Piece {
        Piece { start, source, bytes: Bytes::from_static(bytes), ended }
    }

    #[test]
    fn both_streams_are_read_in_the_order_they_came() {
        let log = Log::new();
        log.push(Source::Stdout, b"one");
        log.push(Source::Stdout, b" two");
        log.push(Source::Stderr, b"oh");
        assert_eq!(log.read(0, 99), Some(piece(0, Source::Stdout, b"one two", true)));
        assert_eq!(log.read(4, 2), Some(piece(4, Source::Stdout, b"tw", false)));
        assert_eq!(log.read(7, 99), Some(piece(7, Source::Stderr, b"oh", false)));
        assert_eq!((log.read(9, 99), log.read(99, 99)), (None, None));
    }

    #[test]
    fn what_is_kept_is_bounded_in_bytes_and_in_runs() {
        let log = Log::new();
        log.push(Source::Stderr, b"early");
        for _ in 0..5 {
            log.push(Source::Stdout, &[b'x'; 1 << 20]);
        }
        assert_eq!(log.end() - log.start(), KEPT as u64);
        assert_eq!(log.kept.lock().runs.len(), 1);
        for _ in 0..RUNS {
            log.push(Source::Stderr, b"e");
            log.push(Source::Stdout, b"o");
        }
        assert_eq!(log.kept.lock().runs.len(), RUNS);
        assert_eq!(log.all(0).stdout.len() + log.all(0).stderr.len(), RUNS);
    }

    proptest! {
        #[test]
        fn from_any_cursor_the_same_bytes_follow(
            pushes in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..9)), 0..30),
            max in 1usize..9,
            since in 0u64..99,
        ) {
            let log = Log::new();
            let mut written = Vec::new();
            for (error, bytes) in pushes {
                let source = if error { Source::Stderr } else { Source::Stdout };
                log.push(source, &bytes);
                written.extend(bytes.into_iter().map(|byte| (source, byte)));
            }
            let mut read = Vec::new();
            let mut cursor = since;
            while let Some(piece) = log.read(cursor, max) {
                prop_assert!(piece.start == cursor && piece.bytes.len() <= max);
                cursor += piece.bytes.len() as u64;
                read.extend(piece.bytes.iter().map(|byte| (piece.source, *byte)));
            }
            let from = written.len().min(since as usize);
            prop_assert_eq!(read, written.split_off(from));
        }
    }
}
