//! Whether a producer may go on: it waits for the quickest of its viewers, and for nobody when it
//! has none.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::watch;

/// Holds the producer back while even the quickest viewer is more than a window behind.
#[derive(Debug, Clone)]
pub struct Gate {
    window: u64,
    viewers: Arc<watch::Sender<Viewers>>,
}

/// Each viewer's acknowledged position.
#[derive(Debug, Default)]
struct Viewers {
    next: u64,
    acked: BTreeMap<u64, u64>,
}

impl Gate {
    pub fn new(window: u64) -> Self {
        Self { window, viewers: Arc::new(watch::Sender::new(Viewers::default())) }
    }

    /// A viewer that has drawn everything before `cursor`. It leaves when its seat is dropped.
    pub fn sit(&self, cursor: u64) -> Seat {
        let mut id = 0;
        self.viewers.send_modify(|viewers| {
            id = viewers.next;
            viewers.next += 1;
            viewers.acked.insert(id, cursor);
        });
        Seat { id, viewers: self.viewers.clone() }
    }

    /// Whether a producer whose output ends at `end` may go on.
    pub fn is_open(&self, end: u64) -> bool {
        open(&self.viewers.borrow(), self.window, end)
    }

    /// Waits until it may.
    pub async fn opened(&self, end: u64) {
        let window = self.window;
        // The sender lives as long as `self`, so this fails never; were it to, nobody looks on.
        let _ = self.viewers.subscribe().wait_for(|viewers| open(viewers, window, end)).await;
    }

    /// How many look on.
    pub fn viewers(&self) -> usize {
        self.viewers.borrow().acked.len()
    }
}

fn open(viewers: &Viewers, window: u64, end: u64) -> bool {
    viewers.acked.values().max().is_none_or(|quickest| end.saturating_sub(*quickest) < window)
}

/// One viewer's place at a [`Gate`].
#[derive(Debug)]
pub struct Seat {
    id: u64,
    viewers: Arc<watch::Sender<Viewers>>,
}

impl Seat {
    /// The viewer has drawn everything before `cursor`.
    pub fn ack(&self, cursor: u64) {
        self.viewers.send_if_modified(|viewers| viewers.acked.insert(self.id, cursor) != Some(cursor));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.viewers.send_modify(|viewers| {
            viewers.acked.remove(&self.id);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_viewers_nothing_holds_the_producer_back() {
        assert!(Gate::new(10).is_open(u64::MAX));
    }

    #[test]
    fn the_quickest_viewer_sets_the_pace() {
        let gate = Gate::new(10);
        let (quick, _slow) = (gate.sit(0), gate.sit(0));
        assert!(gate.is_open(9) && !gate.is_open(10));
        quick.ack(50);
        assert!(gate.is_open(59) && !gate.is_open(60));
        drop(quick);
        assert!(!gate.is_open(10));
    }

    #[tokio::test]
    async fn a_waiting_producer_goes_on_when_the_last_viewer_leaves() {
        let gate = Gate::new(10);
        let seat = gate.sit(0);
        let waiting = gate.clone();
        let task = tokio::spawn(async move { waiting.opened(100).await });
        tokio::task::yield_now().await;
        assert!(!task.is_finished());
        drop(seat);
        task.await.expect("the producer goes on");
    }
}
