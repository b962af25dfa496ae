//! Which processes belong together, and ending all of them.
//!
//! A process belongs to a tree by descent, by its session (`setsid`), or by a mark in its
//! environment, which also finds daemons that left both.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

/// One process as `/proc` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub pid: i32,
    pub parent: i32,
    pub session: i32,
    /// Clock ticks since boot.
    pub start: u64,
    /// Whether it has ended and waits to be reaped.
    pub ended: bool,
}

/// Every process that can be seen.
pub fn processes() -> Vec<Entry> {
    let Ok(all) = procfs::process::all_processes() else { return Vec::new() };
    all.flatten().filter_map(|process| read(&process)).collect()
}

/// One process.
pub fn entry(pid: i32) -> Option<Entry> {
    procfs::process::Process::new(pid).ok().as_ref().and_then(read)
}

fn read(process: &procfs::process::Process) -> Option<Entry> {
    let stat = process.stat().ok()?;
    let ended = matches!(stat.state, 'Z' | 'X');
    Some(Entry { pid: stat.pid, parent: stat.ppid, session: stat.session, start: stat.starttime, ended })
}

/// A moment in the order in which processes are started.
#[derive(Debug, Clone, Copy, Default)]
pub struct Moment {
    /// The clock of process start times, which is coarse: 10 ms.
    ticks: u64,
    /// The last pid that was given out, which tells apart what starts within one tick.
    last_pid: i32,
}

impl Moment {
    pub fn now() -> Self {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let per_second = rustix::param::clock_ticks_per_second();
        let (seconds, nanos) = (now.tv_sec as u64, now.tv_nsec as u64);
        Self { ticks: seconds * per_second + nanos * per_second / 1_000_000_000, last_pid: last_pid() }
    }

    fn is_before(self, entry: &Entry) -> bool {
        entry.start > self.ticks || (entry.start == self.ticks && entry.pid > self.last_pid)
    }
}

/// The last field of `/proc/loadavg` (proc(5)); 0 where that cannot be read.
fn last_pid() -> i32 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().last().and_then(|pid| pid.parse().ok()).unwrap_or(0)
}

/// A process and what belongs to it.
#[derive(Debug, Clone)]
pub struct Tree {
    /// None: only the mark counts.
    root: Option<i32>,
    with_root: bool,
    mark: Option<String>,
    since: Moment,
}

impl Tree {
    /// `root`, its descendants, and the processes of the session it leads.
    pub fn of(root: i32) -> Self {
        Self { root: Some(root), with_root: true, mark: None, since: Moment::default() }
    }

    /// Processes that were started with `NAME=value` in their environment, and their descendants.
    pub fn of_mark(mark: impl Into<String>) -> Self {
        Self { root: None, with_root: true, mark: Some(mark.into()), since: Moment::default() }
    }

    /// The same without `root`.
    pub fn beneath(root: i32) -> Self {
        Self { with_root: false, ..Self::of(root) }
    }

    /// Also processes that were started with `NAME=value` in their environment.
    #[must_use]
    pub fn marked(self, mark: impl Into<String>) -> Self {
        Self { mark: Some(mark.into()), ..self }
    }

    /// Only those that were started after `moment`.
    #[must_use]
    pub fn since(self, moment: Moment) -> Self {
        Self { since: moment, ..self }
    }

    /// The living ones.
    pub fn members(&self) -> Vec<i32> {
        let all = processes();
        let children = children_of(&all);
        let mut members = HashSet::new();
        let mut next: Vec<i32> = self.root.into_iter().collect();
        next.extend(all.iter().filter(|entry| self.claims(entry)).map(|entry| entry.pid));
        while let Some(pid) = next.pop() {
            if members.insert(pid) {
                next.extend(children.get(&pid).into_iter().flatten());
            }
        }
        let me = std::process::id() as i32;
        let belongs = |entry: &&Entry| members.contains(&entry.pid) && self.counts(entry) && entry.pid != me;
        all.iter().filter(belongs).map(|entry| entry.pid).collect()
    }

    fn claims(&self, entry: &Entry) -> bool {
        Some(entry.session) == self.root || (self.since.is_before(entry) && self.has_mark(entry.pid))
    }

    fn counts(&self, entry: &Entry) -> bool {
        !entry.ended && self.since.is_before(entry) && (self.with_root || Some(entry.pid) != self.root)
    }

    fn has_mark(&self, pid: i32) -> bool {
        let Some(mark) = &self.mark else { return false };
        environ(pid).split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    }

    /// Sends `signal` to every member; says to how many.
    pub fn signal(&self, signal: Signal) -> usize {
        let members = self.members();
        members
            .iter()
            .filter_map(|pid| Pid::from_raw(*pid))
            .filter(|pid| kill_process(*pid, signal).is_ok())
            .count()
    }

    /// Asks all members to end (TERM), waits up to `grace`, then kills until none is left.
    pub async fn end(&self, grace: Duration) {
        if self.signal(Signal::TERM) == 0 {
            return;
        }
        // A stopped process would not hear of it before it is told to go on.
        self.signal(Signal::CONT);
        if !self.gone_within(grace).await {
            self.kill().await;
        }
    }

    /// Kills all members, and those that are started meanwhile.
    pub async fn kill(&self) {
        // A process in an uninterruptible wait dies when the kernel lets it; nobody waits for that.
        for _ in 0..50 {
            if self.signal(Signal::KILL) == 0 || self.gone_within(Duration::from_millis(20)).await {
                return;
            }
        }
    }

    /// Waits up to `time` until there are no members.
    async fn gone_within(&self, time: Duration) -> bool {
        let deadline = tokio::time::Instant::now() + time;
        let mut pause = Duration::from_millis(1);
        loop {
            if self.members().is_empty() {
                return true;
            }
            if tokio::time::Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }
}

/// The values that living processes have for `name` in the environment they were started with.
pub fn values_of(name: &str) -> HashSet<String> {
    let value = |variable: &[u8]| {
        let value = variable.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        String::from_utf8(value.to_vec()).ok()
    };
    let living = processes().into_iter().filter(|entry| !entry.ended);
    living.filter_map(|entry| environ(entry.pid).split(|byte| *byte == 0).find_map(value)).collect()
}

fn environ(pid: i32) -> Vec<u8> {
    // A process may have ended meanwhile, or not be for reading.
    std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default()
}

fn children_of(all: &[Entry]) -> HashMap<i32, Vec<i32>> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for entry in all {
        children.entry(entry.parent).or_default().push(entry.pid);
    }
    children
}
