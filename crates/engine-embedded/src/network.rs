//! Outbound network of a sandbox through `pasta`: user-mode, no privileges, the host's loopback out of reach.
//!
//! Pasta must join the user namespace that owns the network namespace, and the one that bubblewrap makes is out of reach
//! by then, hidden below the sandbox's own. So pasta makes both, with a process that does nothing but hold them, and
//! bubblewrap is started inside, with nothing of the network left to make. Pasta ends with that process, its child:
//! attached to somebody else's it would live on (seen with the 2023 release in Debian 12), and once it is settled it
//! cannot be looked into to find whose it was.

use std::{
    fs::File,
    io,
    os::fd::{AsFd, OwnedFd},
    path::Path,
    time::Duration,
};

use nix::{
    sys::{signal, wait::waitpid},
    unistd::Pid,
};
use rustix::{
    event::{PollFd, PollFlags, poll},
    pipe::{PipeFlags, pipe_with},
    process::{PidfdFlags, pidfd_open},
};

use crate::{etc, process::Identity, spawn};

/// Longest time that pasta takes to be ready.
const PATIENCE: Duration = Duration::from_secs(5);

/// No port of the host inside, none of the sandbox outside, and no address that means the host.
const OPTIONS: &str = "--foreground --quiet --config-net --no-map-gw \
                       --tcp-ports none --udp-ports none --tcp-ns none --udp-ns none --dns-forward";

/// Pasta lets it begin once the network is there. It has the sandbox's log open, by which it is found.
const HOLD: [&str; 3] = ["/bin/sh", "-c", "echo ready; exec sleep infinity >&2"];

/// Makes the namespaces with a network in them. `prefix` is put in front of every command. Gives the processes that run
/// on for it, the holder first.
pub fn make(pasta: &Path, prefix: &[String], log: &File) -> io::Result<Vec<Identity>> {
    let mut words = prefix.to_vec();
    words.push(pasta.to_string_lossy().into_owned());
    words.extend(OPTIONS.split_whitespace().chain([etc::DNS, "--"]).chain(HOLD).map(str::to_owned));
    let (ready, ready_write) = pipe_with(PipeFlags::CLOEXEC)?;
    let none = File::open("/dev/null")?;
    let fds = [(none.as_fd(), 0), (ready_write.as_fd(), 1), (log.as_fd(), 2)];
    let pid = spawn::spawn(&spawn::program(&words[0]), &words[1..], &fds)?;
    drop(ready_write);
    let made = wait_until_ready(pid, &ready).and_then(|()| holder_and(pid));
    if made.is_err() {
        // The group, since a child of pasta's that was never let begin waits for ever.
        let _ = signal::killpg(Pid::from_raw(pid), signal::Signal::SIGKILL);
        let _ = waitpid(Pid::from_raw(pid), None);
    }
    made
}

/// What runs a program in the namespaces that `holder` holds.
pub fn enter(holder: &Identity) -> Vec<String> {
    let namespace = |name: &str| format!("--{name}=/proc/{}/ns/{name}", holder.pid);
    let words = ["nsenter", "--preserve-credentials", &namespace("user"), &namespace("net"), "--"];
    words.map(str::to_owned).into()
}

/// Waits for what the holder says, or the end of pasta, which has said in the log why it ended.
fn wait_until_ready(pid: i32, ready: &OwnedFd) -> io::Result<()> {
    let pasta = rustix::process::Pid::from_raw(pid).ok_or_else(|| io::Error::other("no process number"))?;
    let pasta = pidfd_open(pasta, PidfdFlags::empty())?;
    let mut either = [PollFd::new(ready, PollFlags::IN), PollFd::new(&pasta, PollFlags::IN)];
    let patience = rustix::event::Timespec { tv_sec: PATIENCE.as_secs() as i64, tv_nsec: 0 };
    if poll(&mut either, Some(&patience))? == 0 {
        return Err(io::Error::new(io::ErrorKind::TimedOut, "pasta is not ready in time"));
    }
    let mut told = [0; 1];
    match either[0].revents().contains(PollFlags::IN) && rustix::io::read(ready, &mut told)? > 0 {
        true => Ok(()),
        false => Err(io::Error::other("pasta could not make a network")),
    }
}

fn holder_and(pasta: i32) -> io::Result<Vec<Identity>> {
    let pasta = Identity::of(pasta)?;
    let holder = pasta.tree().into_iter().find(|stat| stat.ppid == pasta.pid);
    let holder = holder.ok_or_else(|| io::Error::other("the network's holder ended at once"))?;
    Ok(vec![Identity::of(holder.pid)?, pasta])
}
