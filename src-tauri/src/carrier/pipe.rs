//! The bounded place where bytes for the page wait until it takes them.
//!
//! The page pulls. While it is busy, what arrives gathers here and leaves in one message; when it is full the
//! producer waits, and so does everything behind it, down to the program in the sandbox. A page that waits is
//! given the first byte at once.

use parking_lot::Mutex;
use tokio::sync::Notify;

/// A producer waits while this much or more is here. Throughput to WebKitGTK no longer grows beyond it.
pub const FULL: usize = 1 << 20;

#[derive(Default)]
pub struct Pipe {
    state: Mutex<State>,
    filled: Notify,
    drained: Notify,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    end: Option<End>,
}

/// How the bytes ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Whole,
    /// They were cut off; what is said is for people.
    Failed(String),
}

/// What the page was given.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken {
    pub bytes: Vec<u8>,
    /// Given with the last bytes; nothing comes after it.
    pub end: Option<End>,
}

impl Pipe {
    /// Lets `write` append, once there is room. One producer at a time.
    pub async fn push(&self, write: impl FnOnce(&mut Vec<u8>)) {
        loop {
            {
                let mut state = self.state.lock();
                if state.bytes.len() < FULL {
                    write(&mut state.bytes);
                    self.filled.notify_one();
                    return;
                }
            }
            self.drained.notified().await;
        }
    }

    /// Says that nothing more comes; `last` may still append.
    pub fn end(&self, end: End, last: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state.lock();
        last(&mut state.bytes);
        state.end = Some(end);
        self.filled.notify_one();
    }

    /// Everything that is here, once there is something. One taker at a time.
    pub async fn take(&self) -> Taken {
        loop {
            if let Some(taken) = self.take_ready() {
                return taken;
            }
            self.filled.notified().await;
        }
    }

    /// Everything that is here, once the end is here too or the pipe is full.
    pub async fn take_whole(&self) -> Taken {
        loop {
            let settled = {
                let state = self.state.lock();
                state.end.is_some() || state.bytes.len() >= FULL
            };
            if settled && let Some(taken) = self.take_ready() {
                return taken;
            }
            self.filled.notified().await;
        }
    }

    /// Everything that is here now, if there is anything.
    pub fn take_ready(&self) -> Option<Taken> {
        let mut state = self.state.lock();
        if state.bytes.is_empty() && state.end.is_none() {
            return None;
        }
        let bytes = std::mem::take(&mut state.bytes);
        self.drained.notify_one();
        Some(Taken { bytes, end: state.end.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Arc, time::Duration};
    use tokio::time::timeout;

    async fn put(pipe: &Pipe, bytes: &[u8]) {
        pipe.push(|all| all.extend_from_slice(bytes)).await;
    }

    #[tokio::test]
    async fn what_gathered_while_nobody_took_leaves_at_once() {
        let pipe = Pipe::default();
        put(&pipe, b"one ").await;
        put(&pipe, b"two").await;
        assert_eq!(pipe.take().await.bytes, b"one two");
    }

    #[tokio::test]
    async fn a_taker_that_waits_is_given_the_first_byte() {
        let pipe = Arc::new(Pipe::default());
        let waiting = tokio::spawn({
            let pipe = pipe.clone();
            async move { pipe.take().await }
        });
        tokio::task::yield_now().await;
        put(&pipe, b"x").await;
        let taken = timeout(Duration::from_secs(5), waiting).await.expect("in time").expect("taken");
        assert_eq!(taken.bytes, b"x");
    }

    #[tokio::test]
    async fn a_producer_waits_while_it_is_full() {
        let pipe = Arc::new(Pipe::default());
        put(&pipe, &vec![0; FULL]).await;
        let pushing = tokio::spawn({
            let pipe = pipe.clone();
            async move { put(&pipe, b"more").await }
        });
        tokio::task::yield_now().await;
        assert!(!pushing.is_finished());
        assert_eq!(pipe.take().await.bytes.len(), FULL);
        pushing.await.expect("it went on");
        assert_eq!(pipe.take().await.bytes, b"more");
    }

    #[tokio::test]
    async fn the_end_comes_with_the_last_bytes_and_stays() {
        let pipe = Pipe::default();
        put(&pipe, b"a").await;
        pipe.end(End::Whole, |all| all.push(b'b'));
        assert_eq!(pipe.take().await, Taken { bytes: b"ab".to_vec(), end: Some(End::Whole) });
        assert_eq!(pipe.take().await, Taken { bytes: Vec::new(), end: Some(End::Whole) });
    }
}
