//! The frames of one context, kept for viewers that come later or come back: bounded, numbered,
//! written to by the kernel's side without ever waiting, read by each viewer at its own pace.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use parking_lot::Mutex;
use sandpit_api::context::{ContextEvent, ContextFrame};
use tokio::sync::watch;

/// JSON bytes that are kept for viewers to come.
const LIMIT: usize = 4 * 1024 * 1024;
/// JSON bytes that are kept for readers that are there and have not read them yet: a kernel may say more at once
/// than a connection takes in that time.
const UNREAD_LIMIT: usize = 64 * 1024 * 1024;

/// One frame, written as JSON once for all viewers.
#[derive(Debug, Clone)]
pub struct Frame {
    pub cursor: u64,
    pub request_id: Option<Arc<str>>,
    pub json: Utf8Bytes,
}

/// The frames.
pub struct Ring {
    kept: Mutex<Kept>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct Kept {
    frames: VecDeque<Frame>,
    bytes: usize,
    last: u64,
    closed: bool,
    /// Where each reader is, by its number.
    readers: BTreeMap<u64, u64>,
    numbers: u64,
}

impl Kept {
    /// Lets go of what is too much: first what everybody has read, in the end also what somebody has not.
    fn shrink(&mut self) {
        while self.bytes > LIMIT && self.frames.len() > 1 {
            let first = self.frames.front().map_or(0, |frame| frame.cursor);
            let unread = self.readers.values().any(|cursor| *cursor < first);
            if unread && self.bytes <= UNREAD_LIMIT {
                return;
            }
            self.bytes -= self.frames.pop_front().map_or(0, |frame| frame.json.len());
        }
    }
}

/// What a reader gets next.
#[derive(Debug)]
pub enum Step {
    Frame(Frame),
    /// Frames were lost; the next one follows the one with this cursor.
    Truncated(u64),
    /// No frame will come any more.
    Closed,
}

impl Ring {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { kept: Mutex::default(), changed: watch::Sender::new(()) })
    }

    /// Appends an event.
    pub fn push(&self, request_id: Option<&Arc<str>>, event: ContextEvent) {
        {
            let mut kept = self.kept.lock();
            let cursor = kept.last + 1;
            let request = request_id.map(|id| id.to_string());
            // A frame is made of strings and numbers; it cannot fail to be written.
            let Ok(json) = serde_json::to_string(&ContextFrame { cursor, request_id: request, event }) else {
                return;
            };
            kept.last = cursor;
            kept.bytes += json.len();
            kept.frames.push_back(Frame { cursor, request_id: request_id.cloned(), json: json.into() });
            kept.shrink();
        }
        self.changed.send_replace(());
    }

    /// The cursor given out last.
    pub fn last(&self) -> u64 {
        self.kept.lock().last
    }

    /// Tells every reader that no more comes.
    pub fn close(&self) {
        self.kept.lock().closed = true;
        self.changed.send_replace(());
    }

    /// A reader of what comes after `cursor`.
    pub fn after(self: &Arc<Self>, cursor: u64) -> Reader {
        let mut kept = self.kept.lock();
        kept.numbers += 1;
        let number = kept.numbers;
        kept.readers.insert(number, cursor);
        Reader { changed: self.changed.subscribe(), ring: self.clone(), number, cursor }
    }
}

/// One viewer's place.
pub struct Reader {
    ring: Arc<Ring>,
    changed: watch::Receiver<()>,
    number: u64,
    cursor: u64,
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut kept = self.ring.kept.lock();
        kept.readers.remove(&self.number);
        kept.shrink();
    }
}

impl Reader {
    /// The next step; safe to be cancelled.
    pub async fn next(&mut self) -> Step {
        loop {
            self.changed.mark_unchanged();
            if let Some(step) = self.step() {
                return step;
            }
            if self.changed.changed().await.is_err() {
                return Step::Closed;
            }
        }
    }

    fn step(&mut self) -> Option<Step> {
        let mut kept = self.ring.kept.lock();
        let first = kept.frames.front().map_or(kept.last + 1, |frame| frame.cursor);
        if self.cursor + 1 < first {
            self.cursor = first - 1;
            kept.readers.insert(self.number, self.cursor);
            return Some(Step::Truncated(self.cursor));
        }
        let index = usize::try_from((self.cursor + 1).saturating_sub(first)).unwrap_or(usize::MAX);
        let Some(frame) = kept.frames.get(index).cloned() else {
            return kept.closed.then_some(Step::Closed);
        };
        self.cursor = frame.cursor;
        kept.readers.insert(self.number, self.cursor);
        kept.shrink();
        Some(Step::Frame(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandpit_api::context::StreamName;

    fn text(length: usize) -> ContextEvent {
        ContextEvent::Stream { name: StreamName::Stdout, text: "x".repeat(length) }
    }

    #[tokio::test]
    async fn a_reader_gets_what_comes_after_its_cursor_and_then_the_end() {
        let ring = Ring::new();
        ring.push(None, ContextEvent::Queued);
        ring.push(None, ContextEvent::Restarted);
        let mut reader = ring.after(1);
        assert!(matches!(reader.next().await, Step::Frame(frame) if frame.cursor == 2));
        ring.close();
        assert!(matches!(reader.next().await, Step::Closed));
    }

    #[tokio::test]
    async fn a_reader_that_falls_out_is_told_and_goes_on_with_what_is_left() {
        let ring = Ring::new();
        let mut reader = ring.after(0);
        for _ in 0..70 {
            ring.push(None, text(1024 * 1024));
        }
        let Step::Truncated(cursor) = reader.next().await else { panic!("it is told") };
        assert!((6..20).contains(&cursor), "{cursor}");
        assert!(matches!(reader.next().await, Step::Frame(frame) if frame.cursor == cursor + 1));
    }

    #[tokio::test]
    async fn what_a_reader_has_not_read_waits_for_it_and_is_let_go_then() {
        let ring = Ring::new();
        let mut reader = ring.after(0);
        let idle = ring.after(0);
        for _ in 0..10 {
            ring.push(None, text(1024 * 1024));
        }
        for cursor in 1..=10 {
            assert!(matches!(reader.next().await, Step::Frame(frame) if frame.cursor == cursor));
        }
        assert_eq!(ring.kept.lock().frames.len(), 10, "the other has read none of it");
        drop(idle);
        assert_eq!(ring.kept.lock().frames.len(), 3);
        drop(reader);
        assert!(matches!(ring.after(0).next().await, Step::Truncated(7)), "a viewer to come");
    }

    #[tokio::test]
    async fn one_frame_is_kept_however_large() {
        let ring = Ring::new();
        ring.push(None, text(LIMIT * 2));
        assert!(matches!(ring.after(0).next().await, Step::Frame(_)));
    }

    #[tokio::test]
    async fn a_waiting_reader_wakes_up() {
        let ring = Ring::new();
        let mut reader = ring.after(0);
        let waiting = tokio::spawn(async move { reader.next().await });
        tokio::task::yield_now().await;
        ring.push(None, ContextEvent::Queued);
        assert!(matches!(waiting.await.unwrap(), Step::Frame(_)));
    }
}
