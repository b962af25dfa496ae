//! One run: what was asked, and how far the kernel is with it.

use std::sync::Arc;
use std::time::Duration;

use sandpit_api::context::{ContextEvent, RunStatus};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::session::EnvChange;

/// A kernel that has answered and has not said that its output is out is asked after this time: a large
/// output may be on its way still, or its socket dropped what it could not send when a run flooded it.
const GRACE: Duration = Duration::from_secs(3);
/// Its answer comes behind all output, within this time or never.
const WORDS: Duration = Duration::from_secs(60);
/// A kernel that is interrupted just before it comes to the code drops the run: it says that it is idle, and
/// never answers. An answer comes within this time.
const ANSWER: Duration = Duration::from_secs(1);
/// A kernel that was told to stop because its time was over, or because whoever asked has gone and others
/// wait, and goes on for so long, is replaced.
const DEAF: Duration = Duration::from_secs(5);
/// A person who interrupted a run that goes on for so long is told. It is theirs to restart the kernel: what
/// it has in its variables may be worth the wait. A kernel that would never end it is replaced.
const PATIENCE: Duration = Duration::from_secs(3);

/// A run that is asked for.
pub struct Execute {
    pub request_id: Arc<str>,
    pub code: String,
    /// Abort what is queued behind it when it fails.
    pub stop_on_error: bool,
    pub terms: Terms,
}

/// Under what terms code runs.
#[derive(Default)]
pub struct Terms {
    /// How long it may take, before the context's own limit.
    pub limit: Option<Duration>,
    /// Environment variables for this run alone.
    pub variables: EnvChange,
    /// Results that are plain values are told as JSON too.
    pub values: bool,
    /// Somebody is there who can be asked for input.
    pub asks: bool,
    /// Whoever asked for it has gone.
    pub abandoned: CancellationToken,
}

/// Why a run was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// By a person.
    Interrupted,
    Abandoned,
    /// It took longer than this.
    Late(Duration),
}

/// The run that the kernel has now.
pub struct Run {
    pub request_id: Arc<str>,
    pub message_id: String,
    /// Kept for a kernel that does not say what is wrong with it.
    pub code: Option<String>,
    pub stop_on_error: bool,
    pub started: Instant,
    /// When the kernel last said anything about it.
    pub heard: Instant,
    pub count: Option<u32>,
    pub status: Option<RunStatus>,
    pub idle: bool,
    /// A question asked behind the run, whose answer comes after all output.
    pub behind: Option<String>,
    /// It was asked because the kernel had not said that its output is out.
    pub words_awaited: bool,
    /// Its result or error, held back until all output of a kernel that ends early is out.
    pub conclusion: Option<ContextEvent>,
    /// What its reply asks to be shown, behind its output.
    pub pages: Vec<ContextEvent>,
    /// The error in its reply, told when its output tells none.
    pub untold: Option<ContextEvent>,
    pub failed: bool,
    pub stopped: Option<(Stop, Instant)>,
    /// The kernel knows that it is to stop.
    pub told: bool,
    /// A person knows that it goes on all the same.
    pub known_to_go_on: bool,
    pub limit: Option<Duration>,
    pub abandoned: CancellationToken,
    /// Its environment is its own, and is to be given back.
    pub lent: bool,
    /// What goes on after an interrupt never ends: deno breaks off what the code awaits, and waits for it.
    pub hangs: bool,
}

impl Run {
    pub fn new(execute: Execute, message_id: String, deno: bool) -> Self {
        let Execute { request_id, code, stop_on_error, terms } = execute;
        Self {
            request_id,
            message_id,
            code: deno.then_some(code),
            stop_on_error,
            started: Instant::now(),
            heard: Instant::now(),
            count: None,
            status: None,
            idle: false,
            behind: None,
            words_awaited: false,
            conclusion: None,
            pages: Vec::new(),
            untold: None,
            failed: false,
            stopped: None,
            told: false,
            known_to_go_on: false,
            limit: terms.limit,
            abandoned: terms.abandoned,
            lent: !terms.variables.is_empty(),
            hangs: deno,
        }
    }

    /// When something must be done about it, and what. `awaited`: other runs wait for its end.
    pub fn due(&self, awaited: bool) -> Option<(Instant, Due)> {
        if self.status.is_some() {
            let words = match self.behind {
                None => (self.heard + GRACE, Due::Words),
                Some(_) => (self.heard + WORDS, Due::Lost),
            };
            return (!self.idle).then_some(words);
        }
        let dropped = self.stopped.filter(|_| self.idle).map(|_| (self.heard + ANSWER, Due::Dropped));
        dropped.into_iter().chain(self.over_time()).chain(self.goes_on(awaited)).min_by_key(|(at, _)| *at)
    }

    fn over_time(&self) -> Option<(Instant, Due)> {
        let limit = self.limit.filter(|_| !matches!(self.stopped, Some((Stop::Late(_), _))))?;
        Some((self.started + limit, Due::Late(limit)))
    }

    fn goes_on(&self, awaited: bool) -> Option<(Instant, Due)> {
        match self.stopped? {
            (Stop::Late(_), at) => Some((at + DEAF, Due::Deaf)),
            (_, at) if self.hangs => Some((at + PATIENCE, Due::Deaf)),
            (Stop::Abandoned, at) => awaited.then_some((at + DEAF, Due::Deaf)),
            (Stop::Interrupted, at) => (!self.known_to_go_on).then_some((at + PATIENCE, Due::Word)),
        }
    }

    /// Waits until whoever asked for it has gone; for ever, when it was told to stop already.
    pub fn left(&self) -> Option<CancellationToken> {
        self.stopped.is_none().then(|| self.abandoned.clone())
    }

    /// The error of a run that was told to stop, in place of what the kernel says of it.
    pub fn stop_error(&self, traceback: &[String]) -> Option<ContextEvent> {
        let Some((Stop::Late(limit), _)) = self.stopped else {
            return None;
        };
        let evalue = format!("The code was stopped after {} ms", limit.as_millis());
        let last = format!("TimeoutError: {evalue}");
        let traceback = traceback.iter().cloned().chain([last]).collect();
        Some(ContextEvent::Error { ename: "TimeoutError".to_owned(), evalue, traceback })
    }
}

/// What there is to do about a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Its last words have not come.
    Words,
    /// Nor has the answer to a question behind them.
    Lost,
    /// The kernel does not run it any more, and says nothing of it.
    Dropped,
    /// Its time is over.
    Late(Duration),
    /// It does not stop: whoever interrupted it is told.
    Word,
    /// It does not stop, and must.
    Deaf,
}
