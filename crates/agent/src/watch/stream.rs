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

/// Changes within this time are told once (reference §2.3).
const COALESCE: Duration = Duration::from_millis(75);
/// More than this waiting is told as `resync`.
const PENDING: usize = 1000;
/// Events between the watch and a slow reader.
const QUEUE: usize = 64;

/// Starts to watch; the first event says that it does.
pub async fn start(
    path: PathBuf,
    recursive: bool,
    filter: Filter,
) -> Result<impl Stream<Item = WatchEvent> + Send + 'static> {
    let shown = name::encode(path.as_os_str()).into_owned();
    let watch = blocking(move || Recursive::start(path, recursive, filter)).await?;
    let (events, received) = mpsc::channel(QUEUE);
    let told = Told { shown, events, pending: Pending::default(), due: None };
    tokio::spawn(told.run(watch));
    Ok(ReceiverStream::new(received))
}

/// What one reader is told.
struct Told {
    shown: String,
    events: mpsc::Sender<WatchEvent>,
    pending: Pending,
    due: Option<Instant>,
}

#[derive(Default)]
struct Pending {
    order: Vec<Happening>,
    seen: HashSet<Happening>,
    resync: bool,
}

impl Told {
    async fn run(mut self, mut watch: Recursive) {
        let watch_id = format!("watch-{}", uuid::Uuid::now_v7().simple());
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
                self.flush().await?;
                let reason = format!("{} was deleted or moved", self.shown);
                self.send(WatchEvent::Stopped { reason }).await?;
                return Err(());
            }
        }
        if !self.pending.order.is_empty() || self.pending.resync {
            self.due.get_or_insert_with(|| Instant::now() + COALESCE);
        }
        Ok(())
    }

    async fn flush(&mut self) -> std::result::Result<(), ()> {
        self.due = None;
        let pending = std::mem::take(&mut self.pending);
        if pending.resync {
            self.send(WatchEvent::Resync { path: self.shown.clone(), timestamp: now() }).await?;
        }
        for happening in paired(pending.order) {
            self.send(event(happening)).await?;
        }
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
