//! Processes on the host: told apart although their numbers are used again, watched, signalled, counted.

use std::{
    collections::BTreeSet,
    io,
    os::fd::OwnedFd,
    path::PathBuf,
    sync::LazyLock,
    time::{Duration, Instant},
};

use procfs::{
    ProcError,
    process::{FDTarget, Process, Stat, all_processes},
};
use rustix::{
    io::Errno,
    process::{
        Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process, pidfd_open, pidfd_send_signal, waitid,
    },
};
use sandpit_engine::record::is_shortage;
use serde::{Deserialize, Serialize};
use tokio::{io::unix::AsyncFd, time::timeout};

/// A process that was told to stop where it stands has stopped by then, unless it waits for a disk.
const FREEZING: Duration = Duration::from_secs(1);

static BOOT: LazyLock<String> = LazyLock::new(|| {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
});

/// One process, for as long as this boot: a number is given out again, a number with its start time is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    pub pid: i32,
    /// Clock ticks since boot.
    start: u64,
    boot: String,
}

impl Identity {
    /// The process that has the number `pid` now.
    pub fn of(pid: i32) -> io::Result<Self> {
        Ok(Self { pid, start: stat(pid)?.starttime, boot: BOOT.clone() })
    }

    /// It exists and is no zombie; `NotFound` when it does not.
    fn look(&self) -> io::Result<()> {
        let stat = stat(self.pid)?;
        let same = self.boot == *BOOT && stat.starttime == self.start && !matches!(stat.state, 'Z' | 'X');
        if same { Ok(()) } else { Err(gone()) }
    }

    /// A handle to it; `NotFound` when it is gone.
    pub fn open(&self) -> io::Result<Handle> {
        let pid = Pid::from_raw(self.pid).ok_or_else(gone)?;
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).map_err(|errno| match errno {
            Errno::SRCH => gone(),
            other => other.into(),
        })?;
        // Looked at after opening: what the handle is of is now certain.
        self.look()?;
        // SAFETY: the descriptor is owned, so it is open and the same for as long as the registration has it.
        Ok(Handle(unsafe { AsyncFd::register(pidfd) }.map_err(io::Error::from)?))
    }

    /// A handle to it, or none when it is gone. Waits while this process has no descriptor to spare: to take a
    /// process for dead that is not would be to lose it.
    pub async fn held(&self) -> Option<Handle> {
        loop {
            match self.open() {
                Ok(handle) => return Some(handle),
                Err(error) if is_shortage(&error) => {
                    tracing::warn!(pid = self.pid, %error, "a process cannot be looked at yet");
                }
                Err(_) => return None,
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Kills it, if it has not ended, and waits for at most `time` until it has.
    pub async fn kill(&self, time: Duration) {
        if let Some(handle) = self.held().await {
            handle.signal(Signal::KILL);
            handle.ends_within(time).await;
        }
        self.reap();
    }

    /// Takes its exit status if it is a child of this process that has ended: until then its number is in use.
    pub fn reap(&self) {
        let is_same = stat(self.pid).is_ok_and(|stat| stat.starttime == self.start && self.boot == *BOOT);
        if let (true, Some(pid)) = (is_same, Pid::from_raw(self.pid)) {
            let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
        }
    }

    /// The process and all that descend from it. In a pid namespace whose first process it is, that is everyone.
    pub fn tree(&self) -> Vec<Stat> {
        let Ok(processes) = all_processes() else { return Vec::new() };
        let mut stats: Vec<Stat> = processes.flatten().filter_map(|process| process.stat().ok()).collect();
        stats.retain(|stat| !matches!(stat.state, 'Z' | 'X'));
        let mut within = BTreeSet::from([self.pid]);
        while stats.iter().any(|stat| within.contains(&stat.ppid) && within.insert(stat.pid)) {}
        stats.retain(|stat| within.contains(&stat.pid));
        stats
    }

    /// Stops every process of its tree where it stands, and waits until none runs.
    pub fn freeze(&self) {
        let end = Instant::now() + FREEZING;
        loop {
            let running: Vec<_> = self.tree().into_iter().filter(|stat| stat.state != 'T').collect();
            if running.is_empty() || Instant::now() >= end {
                return;
            }
            running.iter().for_each(|stat| signal(stat.pid, Signal::STOP));
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets every process of its tree go on.
    pub fn thaw(&self) {
        self.tree().iter().rev().for_each(|stat| signal(stat.pid, Signal::CONT));
    }
}

fn gone() -> io::Error {
    io::ErrorKind::NotFound.into()
}

fn stat(pid: i32) -> io::Result<Stat> {
    let stat = Process::new(pid).and_then(|process| process.stat());
    stat.map_err(|error| match error {
        ProcError::NotFound(_) => gone(),
        // It went away between opening and reading.
        ProcError::Io(error, _) if error.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => gone(),
        ProcError::Io(error, _) => error,
        other => io::Error::other(other),
    })
}

fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        // Whoever is gone needs no signal.
        let _ = kill_process(pid, signal);
    }
}

/// Every process but this program's own that has one of `files` open. Those of other users are not seen.
pub fn having_open(files: &[PathBuf]) -> Vec<Identity> {
    let own = std::fs::read_link("/proc/self/exe").ok();
    let is_other = |process: &Process| process.exe().ok() != own;
    let has = |process: &Process| {
        let fds = process.fd().into_iter().flatten().flatten();
        fds.map(|fd| fd.target).any(|target| matches!(target, FDTarget::Path(path) if files.contains(&path)))
    };
    let processes = all_processes().into_iter().flatten().flatten();
    let found = processes.filter(|process| is_other(process) && has(process));
    found.filter_map(|process| Identity::of(process.pid).ok()).collect()
}

/// A process held so that its number cannot become another's.
#[derive(Debug)]
pub struct Handle(AsyncFd<OwnedFd>);

impl Handle {
    /// Waits for its end.
    pub async fn ended(&self) {
        // The descriptor becomes readable once the process is gone and can only fail together with the runtime.
        let _ = self.0.readable().await;
    }

    /// Whether it ended within `time`.
    pub async fn ends_within(&self, time: Duration) -> bool {
        timeout(time, self.ended()).await.is_ok()
    }

    pub fn signal(&self, signal: Signal) {
        // The only failure is that it is gone.
        let _ = pidfd_send_signal(self.0.get_ref(), signal);
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[tokio::test]
    async fn a_process_is_watched_to_its_end() {
        let mut child = Command::new("sleep").arg("60").spawn().expect("sleep");
        let identity = Identity::of(child.id() as i32).expect("its identity");
        let handle = identity.open().expect("its handle");
        assert!(identity.look().is_ok());
        assert!(!handle.ends_within(Duration::from_millis(20)).await);
        handle.signal(Signal::KILL);
        assert!(handle.ends_within(Duration::from_secs(10)).await);
        assert!(identity.held().await.is_none(), "a zombie is not alive");
        child.wait().expect("reaped");
        assert!(identity.held().await.is_none());
    }

    #[tokio::test]
    async fn a_child_that_is_killed_or_has_ended_already_leaves_no_zombie() {
        let sleeps = Command::new("sleep").arg("60").spawn().expect("sleep");
        let ends = Command::new("true").spawn().expect("true");
        for child in [sleeps, ends] {
            let identity = Identity::of(child.id() as i32).expect("its identity");
            identity.kill(Duration::from_secs(10)).await;
            assert!(stat(identity.pid).is_err(), "its number is free again");
        }
    }

    #[test]
    fn a_number_used_again_is_another_process() {
        let own = Identity::of(std::process::id() as i32).expect("our identity");
        assert!(own.look().is_ok());
        assert!(Identity { start: own.start + 1, ..own.clone() }.look().is_err());
        assert!(Identity { boot: "another".into(), ..own }.look().is_err());
    }

    #[test]
    fn a_tree_freezes_and_thaws() {
        let mut child = Command::new("sh").args(["-c", "sleep 60 & sleep 60; true"]).spawn().expect("sh");
        let identity = Identity::of(child.id() as i32).expect("its identity");
        while identity.tree().len() < 3 {
            std::thread::yield_now();
        }
        identity.freeze();
        assert!(identity.tree().iter().all(|stat| stat.state == 'T'));
        identity.thaw();
        assert!(identity.tree().iter().all(|stat| stat.state != 'T'));
        identity.tree().iter().for_each(|stat| signal(stat.pid, Signal::KILL));
        child.wait().expect("reaped");
    }
}
