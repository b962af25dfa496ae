//! Outbound network of a sandbox through `pasta`: user-mode, no privileges, the host's loopback out of reach.
//!
//! Pasta must join the user namespace that owns the network namespace, and the one that bubblewrap makes is out of reach
//! by then, hidden below the sandbox's own. So both namespaces are made first, with a process that does nothing but
//! hold them; pasta attaches to it; and bubblewrap is started inside, with nothing of the network left to make.

use std::{
    fs,
    io::{self, Read},
    os::fd::{AsFd, AsRawFd, OwnedFd},
    path::Path,
    time::{Duration, Instant},
};

use nix::{
    sys::wait::{WaitPidFlag, WaitStatus, waitpid},
    unistd::Pid,
};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::{etc, process::Identity, spawn};

/// Longest time that pasta takes to be ready.
const PATIENCE: Duration = Duration::from_secs(5);

const HOLD: &str = "unshare --user --map-root-user --net -- /bin/sh -c";

/// Makes the namespaces with a network in them. `prefix` is put in front of every command. Gives the processes that run
/// on for it, the holder first.
pub fn make(pasta: &Path, prefix: &[String], log: &fs::File) -> io::Result<Vec<Identity>> {
    let holder = hold(prefix, log)?;
    let attached = attach(pasta, prefix, holder.pid, log);
    if attached.is_err() {
        let _ = nix::sys::signal::kill(Pid::from_raw(holder.pid), nix::sys::signal::Signal::SIGKILL);
        let _ = waitpid(Pid::from_raw(holder.pid), None);
    }
    Ok(vec![holder, attached?])
}

/// What runs a program in the namespaces that `holder` holds.
pub fn enter(holder: &Identity) -> Vec<String> {
    let namespace = |name: &str| format!("--{name}=/proc/{}/ns/{name}", holder.pid);
    let words = ["nsenter", "--preserve-credentials", &namespace("user"), &namespace("net"), "--"];
    words.map(str::to_owned).into()
}

fn hold(prefix: &[String], log: &fs::File) -> io::Result<Identity> {
    let (ready, ready_write) = pipe_with(PipeFlags::CLOEXEC)?;
    let mut words = prefix.to_vec();
    words.extend(HOLD.split(' ').map(str::to_owned));
    words.push("echo ready; exec sleep infinity >&2".to_owned());
    let pid = run(&words, &ready_write, log)?;
    drop(ready_write);
    let mut told = [0; 1];
    fs::File::from(ready)
        .read_exact(&mut told)
        .map_err(|_| io::Error::other("no network namespace can be made"))?;
    Identity::of(pid)
}

fn attach(pasta: &Path, prefix: &[String], holder: i32, log: &fs::File) -> io::Result<Identity> {
    let pid_file = spawn::memory("pasta-pid", b"")?;
    let mut words = prefix.to_vec();
    words.push(pasta.to_string_lossy().into_owned());
    words.extend(options(&format!("/proc/self/fd/{PID_FILE}")));
    words.push(holder.to_string());
    let none = fs::File::open("/dev/null")?;
    let fds = [(none.as_fd(), 0), (log.as_fd(), 1), (log.as_fd(), 2), (pid_file.as_fd(), PID_FILE)];
    wait_for_exit(spawn::spawn(&spawn::program(&words[0]), &words[1..], &fds)?)?;
    read_pid(&pid_file).and_then(Identity::of)
}

const PID_FILE: i32 = 3;

fn run(words: &[String], out: &OwnedFd, log: &fs::File) -> io::Result<i32> {
    let none = fs::File::open("/dev/null")?;
    let fds = [(none.as_fd(), 0), (out.as_fd(), 1), (log.as_fd(), 2)];
    spawn::spawn(&spawn::program(&words[0]), &words[1..], &fds)
}

/// No port of the host inside, none of the sandbox outside, and no address that means the host.
fn options(pid_file: &str) -> Vec<String> {
    let fixed =
        "--quiet --config-net --no-map-gw --tcp-ports none --udp-ports none --tcp-ns none --udp-ns none";
    let rest = ["--dns-forward", etc::DNS, "--pid", pid_file];
    fixed.split(' ').chain(rest).map(str::to_owned).collect()
}

/// Pasta goes into the background once the network is there; an exit code other than 0 says that it is not.
fn wait_for_exit(pid: i32) -> io::Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        match waitpid(Pid::from_raw(pid), Some(WaitPidFlag::WNOHANG))? {
            WaitStatus::Exited(_, 0) => return Ok(()),
            WaitStatus::StillAlive if Instant::now() < end => std::thread::sleep(Duration::from_millis(1)),
            WaitStatus::StillAlive => {
                let _ = nix::sys::signal::kill(Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
                let _ = waitpid(Pid::from_raw(pid), None);
                return Err(io::Error::from(io::ErrorKind::TimedOut));
            }
            status => return Err(io::Error::other(format!("pasta could not attach a network ({status:?})"))),
        }
    }
}

fn read_pid(file: &OwnedFd) -> io::Result<i32> {
    let text = fs::read_to_string(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
    text.trim().parse().map_err(|_| io::Error::other("pasta told no process number"))
}
