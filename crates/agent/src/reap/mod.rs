//! Duties of PID 1: orphans are reaped, the exit statuses of the agent's own children are not
//! stolen, and everything ends when the agent does.
//!
//! Every child of the agent is started through [`own`], whichever module starts it. What is not
//! recorded there and ends as a child of the agent is an orphan that was given to it.

mod signal;
mod tree;

use std::{
    collections::{HashMap, HashSet},
    io,
    time::Duration,
};

use parking_lot::Mutex;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};
use tokio::{
    process::Child,
    signal::unix::{SignalKind, signal as listen},
};

pub use signal::{name as signal_name, parse as parse_signal};
pub use tree::{Entry, Moment, Tree, entry, processes, values_of};

/// The agent's own children: pid and start time, since pids come again.
static OWN: Mutex<Option<HashMap<i32, u64>>> = Mutex::new(None);

/// A zombie of the agent's own may wait for its task; orphans are looked for this often at most.
const PAUSE: Duration = Duration::from_millis(20);

/// Starts a child and records it as the agent's own, so that only its [`Child`] takes its status.
///
/// # Errors
/// Those of `spawn`.
pub fn own<E>(spawn: impl FnOnce() -> Result<Child, E>) -> Result<Child, E> {
    // Held while spawning: an end that is seen before it is recorded would count as an orphan's.
    let mut own = OWN.lock();
    let child = spawn()?;
    if let Some(entry) = child.id().and_then(|pid| tree::entry(pid as i32)) {
        own.get_or_insert_default().insert(entry.pid, entry.start);
    }
    Ok(child)
}

/// Becomes the parent of orphans (PID 1 is it already) and reaps them from now on.
///
/// # Errors
/// When the system refuses, or has no signals to listen for.
pub fn adopt_orphans() -> io::Result<()> {
    if std::process::id() != 1 {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    }
    let mut ended = listen(SignalKind::child())?;
    tokio::spawn(async move {
        while ended.recv().await.is_some() {
            tokio::time::sleep(PAUSE).await;
            if anything_ended() {
                reap_orphans();
            }
        }
    });
    Ok(())
}

/// Whether any child has ended and waits to be reaped. It is left so.
fn anything_ended() -> bool {
    let peek = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(waitid(WaitId::All, peek), Ok(Some(_)))
}

/// Reaps ended children that are not the agent's own.
fn reap_orphans() {
    let mut own = OWN.lock();
    let own = own.get_or_insert_default();
    let me = std::process::id() as i32;
    let children: Vec<Entry> = processes().into_iter().filter(|entry| entry.parent == me).collect();
    let alive: HashSet<(i32, u64)> = children.iter().map(|child| (child.pid, child.start)).collect();
    own.retain(|pid, start| alive.contains(&(*pid, *start)));
    for orphan in children.iter().filter(|child| child.ended && !own.contains_key(&child.pid)) {
        if let Some(pid) = Pid::from_raw(orphan.pid) {
            // Failing means that it was reaped already, which is as well.
            let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
        }
    }
}

/// Waits until the agent is asked to end (SIGTERM or SIGINT).
pub async fn terminated() {
    match (listen(SignalKind::terminate()), listen(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        }
        // Without handlers the default action of the signals ends the agent.
        _ => std::future::pending().await,
    }
}

/// Ends every process beneath the agent: asks, waits up to `grace`, then kills.
pub async fn end_all(grace: Duration) {
    let all = Tree::beneath(std::process::id() as i32);
    // An interactive shell heeds only this.
    all.signal(Signal::HUP);
    all.end(grace).await;
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    fn shell(script: &str) -> tokio::process::Command {
        let mut command = tokio::process::Command::new("/bin/sh");
        command.args(["-c", script]).stdout(Stdio::piped());
        command
    }

    #[tokio::test]
    async fn a_tree_is_ended_with_its_descendants_whatever_they_ignore() {
        let script = "trap '' TERM; (trap '' TERM; sleep 60) & setsid sleep 60 & echo go; wait";
        let mut root = own(|| shell(script).env("SANDPIT_TEST_TREE", "x1").spawn()).expect("a child");
        let pid = root.id().expect("a pid") as i32;
        let mut output = root.stdout.take().expect("its output");
        let mut go = [0; 3];
        tokio::io::AsyncReadExt::read_exact(&mut output, &mut go).await.expect("it runs");
        let tree = Tree::of(pid).marked("SANDPIT_TEST_TREE=x1");
        while tree.members().len() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tree.end(Duration::from_millis(100)).await;
        assert!(tree.members().is_empty());
        root.wait().await.expect("its status");
    }
}
