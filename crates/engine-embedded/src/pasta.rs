//! Outbound network of a sandbox through `pasta`: user-mode, no privileges, the host's loopback out of reach.

use std::{
    fs, io,
    os::fd::{AsFd, AsRawFd, OwnedFd},
    path::Path,
    time::{Duration, Instant},
};

use crate::{etc, process::Identity, spawn};

/// Longest time that pasta takes to be ready.
const PATIENCE: Duration = Duration::from_secs(5);

/// Attaches a network to the sandbox whose first process is `child`, with what `prefix` says in front of the command.
/// It runs on in the background and ends with the sandbox.
pub fn attach(program: &Path, prefix: &[String], child: i32, log: &fs::File) -> io::Result<Identity> {
    let none = fs::File::open("/dev/null")?;
    let pid_file = spawn::memory("pasta-pid", b"")?;
    let own = std::process::id();
    let pid_path = format!("/proc/{own}/fd/{}", pid_file.as_raw_fd());
    let mut words: Vec<String> = prefix.to_vec();
    words.push(program.to_string_lossy().into_owned());
    words.extend(options(&pid_path));
    words.push(child.to_string());
    let program = if prefix.is_empty() { program.to_owned() } else { Path::new("/usr/bin").join(&prefix[0]) };
    let started =
        spawn::spawn(&program, &words[1..], &[(none.as_fd(), 0), (log.as_fd(), 1), (log.as_fd(), 2)])?;
    wait_for_exit(started)?;
    read_pid(&pid_file).and_then(Identity::of)
}

fn options(pid_file: &str) -> Vec<String> {
    let fixed =
        "--quiet --config-net --no-map-gw --tcp-ports none --udp-ports none --tcp-ns none --udp-ns none";
    let rest = ["--dns-forward", etc::DNS, "--pid", pid_file];
    fixed.split(' ').chain(rest).map(str::to_owned).collect()
}

/// Pasta goes into the background once the network is there; an exit code other than 0 says that it is not.
fn wait_for_exit(pid: i32) -> io::Result<()> {
    use nix::{
        sys::wait::{WaitPidFlag, WaitStatus, waitpid},
        unistd::Pid,
    };
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
    let mut bytes = [0; 32];
    let read = rustix::io::pread(file, &mut bytes, 0)?;
    let text = String::from_utf8_lossy(&bytes[..read]).trim().to_owned();
    text.parse().map_err(|_| io::Error::other("pasta told no process number"))
}
