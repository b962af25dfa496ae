//! `POST /api/watch`: the reference's events, with moves paired and misses told.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use futures::Stream;
use sandpit_api::watch::{ChangeType, WatchEvent};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_stream::wrappers::ReceiverStream;

use super::filter::Filter;
use super::recursive::{Happening, Meaning, Recursive};
use crate::file::{Result, blocking, name};
use crate::server::reply::now;

/// At most one burst of events in this time; changes within it are told once (reference §2.3).
const COALESCE: Duration = Duration::from_millis(75);
/// What one action does comes within this time, so that a first change is told soon.
const SETTLE: Duration = Duration::from_millis(5);
/// More than this waiting is told as `resync`.
const PENDING: usize = 1000;
/// Events between the watch and a slow reader.
const QUEUE: usize = 64;

/// Starts to watch; the first event says that it does. Only changes of these `kinds` are told.
pub async fn start(
    watch_id: String,
    path: PathBuf,
    recursive: bool,
    filter: Filter,
    kinds: Vec<ChangeType>,
) -> Result<impl Stream<Item = WatchEvent> + Send + 'static> {
    let shown = name::encode(path.as_os_str()).into_owned();
    let watch = blocking(move || Recursive::start(path, recursive, filter)).await?;
    let (events, received) = mpsc::channel(QUEUE);
    let told =
        Told { shown, kinds, events, pending: Pending::default(), due: None, not_before: Instant::now() };
    tokio::spawn(told.run(watch_id, watch));
    Ok(ReceiverStream::new(received))
}

/// What one reader is told.
struct Told {
    shown: String,
    kinds: Vec<ChangeType>,
    events: mpsc::Sender<WatchEvent>,
    pending: Pending,
    due: Option<Instant>,
    /// When the next burst may be told.
    not_before: Instant,
}

#[derive(Default)]
struct Pending {
    order: Vec<Happening>,
    seen: HashSet<Happening>,
    resync: bool,
    /// The first half of a move has waited for the other one already.
    half_waited: bool,
}

impl Told {
    async fn run(mut self, watch_id: String, mut watch: Recursive) {
        if self.send(WatchEvent::Watching { path: self.shown.clone(), watch_id }).await.is_err() {
            return;
        }
        loop {
            let due = self.due;
            let outcome = tokio::select! {
                () = self.events.closed() => return,
                meaning = watch.next() => self.note(meaning).await,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.flush().await,
            };
            if outcome.is_err() {
                return;
            }
        }
    }

    async fn note(&mut self, meaning: Meaning) -> std::result::Result<(), ()> {
        match meaning {
            Meaning::Happened(all) => all.into_iter().for_each(|happening| self.pending.add(happening)),
            Meaning::Missed => self.pending.overflow(),
            Meaning::Gone => {
                let reason = format!("{} was deleted or moved", self.shown);
                return self.end(WatchEvent::Stopped { reason }).await;
            }
            Meaning::Failed(error) => {
                return self.end(WatchEvent::Error { error: error.message, code: error.code }).await;
            }
        }
        self.schedule();
        Ok(())
    }

    fn schedule(&mut self) {
        if !self.pending.order.is_empty() || self.pending.resync {
            let due = (Instant::now() + SETTLE).max(self.not_before);
            self.due.get_or_insert(due);
        }
    }

    async fn end(&mut self, last: WatchEvent) -> std::result::Result<(), ()> {
        self.pending.half_waited = true;
        self.flush().await?;
        self.send(last).await?;
        Err(())
    }

    async fn flush(&mut self) -> std::result::Result<(), ()> {
        self.due = None;
        let (resync, order) = self.pending.take();
        if resync {
            self.send(WatchEvent::Resync { path: self.shown.clone(), timestamp: now() }).await?;
        }
        for happening in paired(order).into_iter().filter(|happening| self.kinds.contains(&happening.kind)) {
            self.send(event(happening)).await?;
        }
        self.schedule();
        self.not_before = Instant::now() + COALESCE;
        Ok(())
    }

    async fn send(&self, event: WatchEvent) -> std::result::Result<(), ()> {
        self.events.send(event).await.map_err(|_| ())
    }
}

impl Pending {
    fn add(&mut self, happening: Happening) {
        if self.resync || !self.seen.insert(happening.clone()) {
            return;
        }
        self.order.push(happening);
        if self.order.len() > PENDING {
            self.overflow();
        }
    }

    /// What is told now, and whether something was missed before it. The half of a move that came last
    /// stays once more: the other half may be on its way.
    fn take(&mut self) -> (bool, Vec<Happening>) {
        let mut taken = std::mem::take(self);
        let half = taken.order.last().is_some_and(|last| last.kind == ChangeType::MoveFrom);
        if half && !taken.half_waited {
            self.half_waited = true;
            self.order.extend(taken.order.pop());
        }
        (taken.resync, taken.order)
    }

    fn overflow(&mut self) {
        *self = Self { resync: true, ..Self::default() };
    }
}

/// A move whose other half is not seen (it crossed the border of what is watched) is a deletion or
/// a creation.
fn paired(mut order: Vec<Happening>) -> Vec<Happening> {
    let halves = |kind| -> HashSet<u32> {
        order.iter().filter(|happening| happening.kind == kind).map(|happening| happening.cookie).collect()
    };
    let (from, to) = (halves(ChangeType::MoveFrom), halves(ChangeType::MoveTo));
    for happening in &mut order {
        match happening.kind {
            ChangeType::MoveFrom if !to.contains(&happening.cookie) => happening.kind = ChangeType::Delete,
            ChangeType::MoveTo if !from.contains(&happening.cookie) => happening.kind = ChangeType::Create,
            _ => {}
        }
    }
    order
}

fn event(happening: Happening) -> WatchEvent {
    WatchEvent::Event {
        event_type: happening.kind,
        path: name::encode(happening.path.as_os_str()).into_owned(),
        is_directory: happening.is_directory,
        timestamp: now(),
    }
}
