//! Starts a program with exactly the descriptors it is meant to have.
//!
//! `posix_spawn` does what std's `Command` cannot without code between fork and exec, which a process with threads
//! must not run: it gives descriptors their numbers in the child. What else is open here is closed there.

use std::{
    ffi::CString,
    fs::File,
    io::{self, Write},
    os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd},
    path::{Path, PathBuf},
};

use nix::{
    spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn},
    sys::signal::{SigSet, Signal},
    unistd::Pid,
};
use rustix::{
    fs::{MemfdFlags, memfd_create},
    io::{FdFlags, fcntl_dupfd_cloexec, fcntl_getfd},
};

/// Above every number a child is given, so that one source is never another's target.
const SOURCES: RawFd = 64;

/// Starts `program` with `args`, an environment of nothing, in its own process group. It has the descriptors of
/// `fds`, each under its number, and no other. Gives its process number.
pub fn spawn(program: &Path, args: &[String], fds: &[(BorrowedFd<'_>, RawFd)]) -> io::Result<i32> {
    let mut actions = PosixSpawnFileActions::init()?;
    let mut sources = Vec::new();
    for (fd, _) in fds {
        sources.push(fcntl_dupfd_cloexec(fd, SOURCES)?);
    }
    for fd in leaking()? {
        actions.add_close(fd)?;
    }
    for (source, (_, target)) in sources.iter().zip(fds) {
        actions.add_dup2(source.as_raw_fd(), *target)?;
    }
    let program_name = program.to_string_lossy().into_owned();
    let argv: Vec<CString> = std::iter::once(&program_name)
        .chain(args)
        .map(|arg| CString::new(arg.as_str()))
        .collect::<Result<_, _>>()?;
    let none: [CString; 0] = [];
    Ok(posix_spawn(program, &actions, &attributes()?, &argv, &none)?.as_raw())
}

/// Its own process group, so that a Ctrl-C meant for the app does not reach it; every signal as the kernel has it.
fn attributes() -> nix::Result<PosixSpawnAttr> {
    let mut attributes = PosixSpawnAttr::init()?;
    let mut defaults = SigSet::all();
    defaults.remove(Signal::SIGKILL);
    defaults.remove(Signal::SIGSTOP);
    attributes.set_sigdefault(&defaults)?;
    attributes.set_sigmask(&SigSet::empty())?;
    attributes.set_pgroup(Pid::from_raw(0))?;
    attributes.set_flags(
        PosixSpawnFlags::POSIX_SPAWN_SETPGROUP
            | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF
            | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK,
    )?;
    Ok(attributes)
}

/// Descriptors that some library of this process opened without close-on-exec.
fn leaking() -> io::Result<Vec<RawFd>> {
    let mut fds = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let Ok(fd) = entry?.file_name().to_string_lossy().parse::<RawFd>() else { continue };
        // SAFETY: it is only asked about, and a number that was closed meanwhile is an error.
        let flags = fcntl_getfd(unsafe { BorrowedFd::borrow_raw(fd) });
        if fd > 2 && flags.is_ok_and(|flags| !flags.contains(FdFlags::CLOEXEC)) {
            fds.push(fd);
        }
    }
    Ok(fds)
}

/// Where the program `name` is: itself when it is a path, else where the system keeps those of util-linux.
pub fn program(name: &str) -> PathBuf {
    if name.contains('/') { PathBuf::from(name) } else { Path::new("/usr/bin").join(name) }
}

/// A file in memory that holds `bytes`, to be read from its beginning.
pub fn memory(name: &str, bytes: &[u8]) -> io::Result<OwnedFd> {
    let mut file = File::from(memfd_create(name, MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    io::Seek::rewind(&mut file)?;
    Ok(file.into())
}
