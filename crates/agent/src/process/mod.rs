//! Background processes: records, bounded logs, input and kills (reference §2.2, §5).
//!
//! A process starts where its session is, and lives apart from it. Its record and the last 2 MiB of
//! its output outlive it, within limits.

mod answer;
mod follow;
mod input;
mod live;
mod log;
mod query;
mod routes;
mod start;

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use rustix::process::Signal;
use sandpit_api::{
    ApiError, ErrorCode,
    process::{Process as Record, ProcessStatus},
};

use crate::reap;

pub use live::Process;
pub use routes::routes;
pub use start::start_background;

/// Processes that run at the same time.
const RUNNING: usize = 1000;
/// Ended processes that are remembered, and how many bytes of their logs.
const ENDED: usize = 200;
const ENDED_BYTES: u64 = 32 << 20;
/// How long a process has to heed TERM before it is killed (reference §5).
const GRACE: Duration = Duration::from_secs(5);

/// The processes of an agent, in the order they were started.
#[derive(Default)]
pub struct Processes {
    all: Mutex<Vec<Arc<Process>>>,
}

impl Processes {
    /// The process `id`, running or ended.
    ///
    /// # Errors
    /// `PROCESS_NOT_FOUND`.
    pub fn find(&self, id: &str) -> Result<Arc<Process>, ApiError> {
        let found = self.all.lock().iter().find(|process| process.id == id).cloned();
        let unknown =
            || ApiError::new(ErrorCode::ProcessNotFound, format!("no process {id}")).with("processId", id);
        found.ok_or_else(unknown)
    }

    fn list(&self, status: Option<ProcessStatus>) -> Vec<Record> {
        let records = self.all.lock().iter().map(|process| process.record()).collect::<Vec<_>>();
        records.into_iter().filter(|record| status.is_none_or(|status| record.status == status)).collect()
    }

    fn running(&self) -> Vec<Arc<Process>> {
        self.all.lock().iter().filter(|process| process.is_running()).cloned().collect()
    }

    /// Those that have ended and left something behind that runs.
    fn left_behind(&self) -> Vec<Arc<Process>> {
        let marks = reap::values_of(live::MARK);
        let left = |process: &&Arc<Process>| !process.is_running() && marks.contains(&process.id);
        self.all.lock().iter().filter(left).cloned().collect()
    }

    /// Adds a process; the oldest ended ones make room for it, and one of its id that has ended.
    fn add(&self, process: Arc<Process>) -> Result<(), ApiError> {
        let mut all = self.all.lock();
        if let Some(same) = all.iter().position(|other| other.id == process.id) {
            if all[same].is_running() {
                let message = format!("a process {} runs already", process.id);
                return Err(ApiError::new(ErrorCode::ResourceBusy, message).with("processId", &*process.id));
            }
            all.remove(same);
        }
        if all.iter().filter(|process| process.is_running()).count() >= RUNNING {
            let message = format!("a sandbox runs at most {RUNNING} background processes");
            return Err(ApiError::new(ErrorCode::ResourceBusy, message).with("limit", RUNNING));
        }
        all.push(process);
        trim(&mut all);
        Ok(())
    }

    fn forget(&self, process: &Arc<Process>) {
        self.all.lock().retain(|other| !Arc::ptr_eq(other, process));
    }

    /// Forgets those that have ended; says how many.
    fn forget_ended(&self) -> usize {
        let mut all = self.all.lock();
        let before = all.len();
        all.retain(|process| process.is_running());
        before - all.len()
    }

    /// Forgets ended processes beyond what is remembered.
    fn trim(&self) {
        trim(&mut self.all.lock());
    }
}

/// The newest ended ones are kept.
fn trim(all: &mut Vec<Arc<Process>>) {
    let (mut count, mut bytes) = (0, 0);
    let mut kept: Vec<_> = all
        .drain(..)
        .rev()
        .filter(|process| {
            if process.is_running() {
                return true;
            }
            count += 1;
            bytes += process.kept_bytes();
            count <= ENDED && bytes <= ENDED_BYTES
        })
        .collect();
    kept.reverse();
    *all = kept;
}

/// Sends `signal` to a process and all that belongs to it. TERM and KILL are seen through to the end.
async fn kill(process: &Process, signal: Signal) {
    match signal {
        Signal::TERM => process.end(GRACE).await,
        Signal::KILL => process.end(Duration::ZERO).await,
        other => process.signal(other),
    }
}

#[cfg(test)]
mod tests;
