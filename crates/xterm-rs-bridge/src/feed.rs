//! A ring that several tasks share: one pushes, the others read and wait for more.

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::ring::{Chunk, Ring};

/// A shared [`Ring`] that tells its readers when it grows, and when nothing more will come.
#[derive(Debug)]
pub struct Feed {
    ring: Mutex<Ring>,
    state: watch::Sender<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    end: u64,
    closed: bool,
}

impl Feed {
    /// A feed that keeps the last `capacity` bytes.
    pub fn new(capacity: usize) -> Self {
        let state = watch::Sender::new(State { end: 0, closed: false });
        Self { ring: Mutex::new(Ring::new(capacity)), state }
    }

    /// Appends bytes and wakes the readers. Never waits for them.
    pub fn push(&self, bytes: &[u8]) {
        let mut ring = self.ring.lock();
        ring.push(bytes);
        let end = ring.end();
        // Told under the lock, so that ends are told in order.
        self.state.send_modify(|state| state.end = end);
    }

    /// Says that nothing more will come.
    pub fn close(&self) {
        self.state.send_modify(|state| state.closed = true);
    }

    pub fn is_closed(&self) -> bool {
        self.state.borrow().closed
    }

    /// Position of the oldest byte still here.
    pub fn start(&self) -> u64 {
        self.ring.lock().start()
    }

    /// How many bytes there have been.
    pub fn end(&self) -> u64 {
        self.ring.lock().end()
    }

    /// See [`Ring::read`].
    pub fn read(&self, cursor: u64, max: usize) -> Chunk {
        self.ring.lock().read(cursor, max)
    }

    /// Waits until there are bytes after `cursor`; `false` when there will be none.
    pub async fn grown(&self, cursor: u64) -> bool {
        self.reached(cursor.saturating_add(1)).await
    }

    /// Waits until `end` bytes have come; `false` when that will not be.
    pub async fn reached(&self, end: u64) -> bool {
        let mut state = self.state.subscribe();
        // The sender lives as long as `self`, so waiting cannot fail; were it to, nothing would come.
        match state.wait_for(|state| state.end >= end || state.closed).await {
            Ok(state) => state.end >= end,
            Err(_) => false,
        }
    }

    /// The next bytes after `cursor`, as soon as there are any; `None` once the feed is closed and
    /// read to its end.
    pub async fn next(&self, cursor: u64, max: usize) -> Option<Chunk> {
        self.grown(cursor).await.then(|| self.read(cursor, max))
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::*;

    #[tokio::test]
    async fn a_reader_is_woken_by_new_bytes_and_by_the_end() {
        let feed = Arc::new(Feed::new(16));
        let reader = feed.clone();
        let task = tokio::spawn(async move {
            let mut all = Vec::new();
            while let Some(chunk) = reader.next(all.len() as u64, 100).await {
                all.extend_from_slice(&chunk.bytes);
            }
            all
        });
        for part in ["one ", "two ", "three"] {
            feed.push(part.as_bytes());
            tokio::task::yield_now().await;
        }
        feed.close();
        assert_eq!(task.await.expect("the reader ends"), b"one two three");
    }

    #[tokio::test]
    async fn a_slow_reader_is_not_waited_for_and_sees_the_gap() {
        let feed = Feed::new(4);
        feed.push(b"0123456789");
        let chunk = feed.next(3, 100).await.expect("bytes");
        assert_eq!((chunk.start, &chunk.bytes[..]), (6, &b"6789"[..]));
    }

    #[tokio::test]
    async fn a_reader_at_the_end_waits() {
        let feed = Feed::new(4);
        feed.push(b"ab");
        let waiting = tokio::time::timeout(Duration::from_millis(10), feed.next(2, 10)).await;
        assert!(waiting.is_err());
    }
}
