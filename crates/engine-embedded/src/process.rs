//! Processes on the host: told apart although their numbers are used again, watched, signalled, counted.

use std::{collections::BTreeSet, io, os::fd::OwnedFd, sync::LazyLock, time::Duration};

use procfs::process::{Stat, all_processes};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};
use tokio::{io::unix::AsyncFd, time::timeout};

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

    /// It exists and is no zombie.
    pub fn is_alive(&self) -> bool {
        let same = |stat: Stat| stat.starttime == self.start && !matches!(stat.state, 'Z' | 'X');
        self.boot == *BOOT && stat(self.pid).is_ok_and(same)
    }

    /// A handle to it; `NotFound` when it is gone.
    pub fn open(&self) -> io::Result<Handle> {
        let gone = || io::Error::from(io::ErrorKind::NotFound);
        let pidfd = pidfd_open(Pid::from_raw(self.pid).ok_or_else(gone)?, PidfdFlags::empty())?;
        // Looked at after opening: what the handle is of is now certain.
        if !self.is_alive() {
            return Err(gone());
        }
        // SAFETY: the descriptor is owned, so it is open and the same for as long as the registration has it.
        Ok(Handle(unsafe { AsyncFd::register(pidfd) }.map_err(io::Error::from)?))
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

    /// Stops every process of its tree where it stands, until none is left that runs.
    pub fn freeze(&self) {
        for _ in 0..32 {
            let running: Vec<_> = self.tree().into_iter().filter(|stat| stat.state != 'T').collect();
            if running.is_empty() {
                return;
            }
            running.iter().for_each(|stat| signal(stat.pid, Signal::STOP));
        }
    }

    /// Lets every process of its tree go on.
    pub fn thaw(&self) {
        self.tree().iter().rev().for_each(|stat| signal(stat.pid, Signal::CONT));
    }
}

fn stat(pid: i32) -> io::Result<Stat> {
    let stat = procfs::process::Process::new(pid).and_then(|process| process.stat());
    stat.map_err(|error| io::Error::new(io::ErrorKind::NotFound, error))
}

fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        // Whoever is gone needs no signal.
        let _ = kill_process(pid, signal);
    }
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

    /// Takes the exit status of a child that has ended.
    pub fn reap(&self) {
        use rustix::{
            fd::AsFd,
            process::{WaitId, WaitIdOptions, waitid},
        };
        let _ =
            waitid(WaitId::PidFd(self.0.get_ref().as_fd()), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
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
        assert!(identity.is_alive());
        assert!(!handle.ends_within(Duration::from_millis(20)).await);
        handle.signal(Signal::KILL);
        assert!(handle.ends_within(Duration::from_secs(10)).await);
        assert!(!identity.is_alive(), "a zombie is not alive");
        child.wait().expect("reaped");
        assert!(identity.open().is_err());
    }

    #[test]
    fn a_number_used_again_is_another_process() {
        let own = Identity::of(std::process::id() as i32).expect("our identity");
        assert!(own.is_alive());
        assert!(!Identity { start: own.start + 1, ..own.clone() }.is_alive());
        assert!(!Identity { boot: "another".into(), ..own }.is_alive());
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
