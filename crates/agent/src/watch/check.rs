//! `POST /api/watch/check`: whether something changed since a version that was given out before.
//!
//! A question keeps its watch for a while, so that the next one can be answered. What a watch sees is
//! only counted, so it needs no more memory however much happens.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use sandpit_api::ApiError;
use sandpit_api::watch::{ChangeType, Changes, ChangesStatus, ResyncReason};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::Asked;
use super::recursive::{Meaning, Recursive};
use crate::file::{Result, blocking};

/// How long a watch is kept that nobody asks for (reference §2.3).
const IDLE: Duration = Duration::from_secs(600);
/// So many are kept: each is one inotify instance, of which a user has few (128 by default).
const KEPT: usize = 16;
/// Notices looked at for one answer: more than the kernel queues.
const NOTICES: usize = 20_000;

/// The watches kept for questions to come.
pub struct Checks {
    /// Names this run of the agent: what another one gave out is told apart.
    run: String,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    watches: HashMap<Asked, Counted>,
    made: u64,
}

/// One watch, and where to ask for the number of its changes.
#[derive(Clone)]
struct Counted {
    id: String,
    questions: mpsc::Sender<oneshot::Sender<u64>>,
    asked: Instant,
}

impl Default for Checks {
    fn default() -> Self {
        Self { run: format!("{:08x}", rand::random::<u32>()), kept: Mutex::default() }
    }
}

/// A version that was given out: a watch and its number of changes then.
struct Version<'a> {
    id: &'a str,
    changes: u64,
}

impl<'a> Version<'a> {
    fn parse(text: &'a str) -> Result<Self> {
        let parts = text.rsplit_once(':').filter(|(id, _)| !id.is_empty());
        let version = parts.and_then(|(id, changes)| Some(Self { id, changes: changes.parse().ok()? }));
        version.ok_or_else(|| ApiError::invalid("since", "since is not a version of this route").into())
    }
}

impl Checks {
    /// Answers one question.
    pub(super) async fn check(&self, asked: Asked, since: Option<&str>) -> Result<Changes> {
        let since = since.map(Version::parse).transpose()?;
        let (id, changes) = loop {
            if let Some(answer) = self.ask(&asked).await {
                break answer;
            }
            self.begin(asked.clone()).await?;
        };
        let version = format!("{id}:{changes}");
        let (status, reason) = match since {
            None => (ChangesStatus::Unchanged, None),
            Some(since) if since.id != id => (ChangesStatus::Resync, Some(self.reason(since.id))),
            Some(since) if since.changes > changes => {
                let error = ApiError::invalid("since", "since is newer than what has been given out");
                return Err(error.with("currentVersion", version).into());
            }
            Some(since) if since.changes == changes => (ChangesStatus::Unchanged, None),
            Some(_) => (ChangesStatus::Changed, None),
        };
        Ok(Changes { status, reason, version })
    }

    fn reason(&self, id: &str) -> ResyncReason {
        if id.contains(&self.run) { ResyncReason::Expired } else { ResyncReason::Restarted }
    }

    /// The number of changes that a kept watch has seen; `None` when there is none.
    async fn ask(&self, asked: &Asked) -> Option<(String, u64)> {
        let counted = {
            let mut kept = self.kept.lock();
            let counted = kept.watches.get_mut(asked)?;
            counted.asked = Instant::now();
            counted.clone()
        };
        let (answer, answered) = oneshot::channel();
        counted.questions.send(answer).await.ok()?;
        Some((counted.id, answered.await.ok()?))
    }

    async fn begin(&self, asked: Asked) -> Result<()> {
        let (path, recursive, filter) = (asked.path.clone(), asked.recursive, asked.filter()?);
        let watch = blocking(move || Recursive::start(path, recursive, filter)).await?;
        let mut kept = self.kept.lock();
        kept.watches.retain(|_, counted| !counted.questions.is_closed());
        // Somebody else may have asked the same in the meantime; then this watch ends here.
        if kept.watches.contains_key(&asked) {
            return Ok(());
        }
        kept.make_room();
        kept.made += 1;
        let id = format!("watch-{}-{}", self.run, kept.made);
        let (questions, asking) = mpsc::channel(1);
        tokio::spawn(Counting { kinds: asked.kinds.clone(), changes: 0 }.run(watch, asking));
        kept.watches.insert(asked, Counted { id, questions, asked: Instant::now() });
        Ok(())
    }
}

impl Kept {
    /// The one that nobody asked for the longest gives way.
    fn make_room(&mut self) {
        while self.watches.len() >= KEPT {
            let oldest = self.watches.iter().min_by_key(|(_, counted)| counted.asked);
            let Some(oldest) = oldest.map(|(asked, _)| asked.clone()) else { return };
            self.watches.remove(&oldest);
        }
    }
}

/// What a kept watch does.
struct Counting {
    kinds: Vec<ChangeType>,
    changes: u64,
}

impl Counting {
    /// Counts until nobody asks any more, or what is watched is gone.
    async fn run(mut self, mut watch: Recursive, mut questions: mpsc::Receiver<oneshot::Sender<u64>>) {
        let mut until = Instant::now() + IDLE;
        loop {
            let goes_on = tokio::select! {
                question = questions.recv() => match question {
                    Some(answer) => {
                        until = Instant::now() + IDLE;
                        self.answer(&mut watch, answer).await
                    }
                    None => false,
                },
                meaning = watch.next() => self.count(&meaning),
                () = sleep_until(until) => false,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// What was done before the question was asked is counted before it is answered.
    async fn answer(&mut self, watch: &mut Recursive, answer: oneshot::Sender<u64>) -> bool {
        for _ in 0..NOTICES {
            match watch.waiting().await {
                None => break,
                Some(meaning) if self.count(&meaning) => {}
                // Without an answer, whoever asked begins a new watch.
                Some(_) => return false,
            }
        }
        // Whoever asked may be gone.
        let _ = answer.send(self.changes);
        true
    }

    fn count(&mut self, meaning: &Meaning) -> bool {
        match meaning {
            Meaning::Happened(all) => {
                self.changes += all.iter().filter(|happening| self.counts(happening.kind)).count() as u64;
                true
            }
            Meaning::Missed => {
                self.changes += 1;
                true
            }
            Meaning::Gone | Meaning::Failed(_) => false,
        }
    }

    /// Half a move may be told as a creation or a deletion.
    fn counts(&self, kind: ChangeType) -> bool {
        let also = match kind {
            ChangeType::MoveFrom => ChangeType::Delete,
            ChangeType::MoveTo => ChangeType::Create,
            other => other,
        };
        self.kinds.contains(&kind) || self.kinds.contains(&also)
    }
}
