//! Puts entries of an archive into a folder, and nowhere else.
//!
//! Every part of a name is opened by itself and no link is followed, so an entry can come to lie only
//! in folders that are really beneath.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType as Kind, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;
use sandpit_api::ApiError;

use crate::file::fault::{Result, fault};
use crate::file::name;

/// The operation that errors name.
pub const OPERATION: &str = "archive.unpack";

/// An entry that no archive may hold here.
pub fn refused(entry: &Path, reason: &str) -> Box<ApiError> {
    let shown = name::encode(entry.as_os_str());
    ApiError::invalid("body", format!("{shown}: {reason}"))
        .with("entry", shown.as_ref())
        .during(OPERATION)
        .into()
}

/// What the kernel said about an entry.
pub fn failed(entry: &Path, error: impl Into<std::io::Error>) -> Box<ApiError> {
    let shown = name::encode(entry.as_os_str());
    Box::new(fault(OPERATION, entry, error).with("entry", shown.as_ref()))
}

/// The name of an entry without `.`, or why it is none. Empty for the archive's own root.
pub fn relative(bytes: &[u8]) -> Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    let path = Path::new(OsStr::from_bytes(bytes));
    if bytes.is_empty() || bytes.contains(&0) {
        return Err(refused(path, "not a name"));
    }
    let mut relative = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => relative.push(part),
            Component::CurDir => {}
            Component::ParentDir => return Err(refused(path, "leads out of the archive by \"..\"")),
            _ => return Err(refused(path, "an absolute name")),
        }
    }
    Ok(relative)
}

/// What an entry is like besides its content.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// The nine permission bits; others are not taken over.
    pub mode: u32,
    pub modified: Timespec,
}

impl Look {
    pub fn times(&self) -> Timestamps {
        Timestamps {
            last_access: Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
            last_modification: self.modified,
        }
    }
}

/// The folder that is filled.
pub struct Place {
    root: OwnedFd,
    /// The folder of the last entry: most entries lie beside the one before.
    last: Option<(PathBuf, OwnedFd)>,
}

impl Place {
    pub fn open(folder: &Path) -> Result<Self> {
        let root = rustix::fs::open(folder, folder_flags(), Mode::empty())
            .map_err(|error| fault(OPERATION, folder, error))?;
        Ok(Self { root, last: None })
    }

    pub fn root(&self) -> &OwnedFd {
        &self.root
    }

    /// Makes a folder; one that exists is fine.
    pub fn folder(&mut self, entry: &Path) -> Result<()> {
        self.enter(entry, entry, true).map(drop)
    }

    /// Makes a file to be filled. An entry of the same name before it is replaced, as `tar` does.
    pub fn file(&mut self, entry: &Path) -> Result<File> {
        let (folder, name) = self.cleared(entry)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(folder, &name, flags, Mode::from_raw_mode(0o600));
        file.map(File::from).map_err(|error| failed(entry, error))
    }

    pub fn link(&mut self, entry: &Path, target: &OsStr, look: &Look) -> Result<()> {
        let (folder, name) = self.cleared(entry)?;
        rustix::fs::symlinkat(target, folder, &name)
            .and_then(|()| rustix::fs::utimensat(folder, &name, &look.times(), AtFlags::SYMLINK_NOFOLLOW))
            .map_err(|error| failed(entry, error))
    }

    pub fn pipe(&mut self, entry: &Path, look: &Look) -> Result<()> {
        let (folder, name) = self.cleared(entry)?;
        let mode = Mode::from_raw_mode(look.mode);
        rustix::fs::mknodat(folder, &name, Kind::Fifo, mode, 0).map_err(|error| failed(entry, error))
    }

    /// A second name for a file that came before.
    pub fn hard_link(&mut self, entry: &Path, target: &Path) -> Result<()> {
        let missing = || refused(entry, "a hard link to what does not come before it in the archive");
        let (parent, target_name) = (target.parent().unwrap_or(Path::new("")), target.file_name());
        let target_name = target_name.ok_or_else(missing)?.to_owned();
        let source = self.enter(parent, entry, false)?.try_clone().map_err(|error| failed(entry, error))?;
        let stat =
            rustix::fs::statat(&source, &target_name, AtFlags::SYMLINK_NOFOLLOW).map_err(|_| missing())?;
        if Kind::from_raw_mode(stat.st_mode) == Kind::Directory {
            return Err(missing());
        }
        let (folder, name) = self.cleared(entry)?;
        rustix::fs::linkat(&source, &target_name, folder, &name, AtFlags::empty())
            .map_err(|error| if error == Errno::NOENT { missing() } else { failed(entry, error) })
    }

    /// The folder of `entry` and its name there, which is free.
    fn cleared(&mut self, entry: &Path) -> Result<(&OwnedFd, OsString)> {
        let name = entry.file_name().ok_or_else(|| refused(entry, "not a name"))?.to_owned();
        let folder = self.enter(entry.parent().unwrap_or(Path::new("")), entry, true)?;
        match rustix::fs::unlinkat(folder, &name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok((folder, name)),
            Err(Errno::ISDIR) => Err(refused(entry, "a folder of this name came before")),
            Err(error) => Err(failed(entry, error)),
        }
    }

    /// Opens the folder `path` part by part; with `make`, missing ones are made.
    fn enter(&mut self, path: &Path, entry: &Path, make: bool) -> Result<&OwnedFd> {
        if path.as_os_str().is_empty() {
            return Ok(&self.root);
        }
        let known = self.last.take().filter(|(last, _)| last == path);
        let folder = match known {
            Some((_, folder)) => folder,
            None => self.descend(path, entry, make)?,
        };
        Ok(&self.last.insert((path.to_owned(), folder)).1)
    }

    fn descend(&self, path: &Path, entry: &Path, make: bool) -> Result<OwnedFd> {
        let mut folder = None;
        for part in path {
            let above = folder.as_ref().unwrap_or(&self.root);
            folder = Some(step(above, part, make).map_err(|error| match error {
                Errno::NOTDIR | Errno::LOOP => refused(entry, "goes through a link or a file"),
                Errno::NOENT => refused(entry, "a hard link to what does not come before it in the archive"),
                _ => failed(entry, error),
            })?);
        }
        folder.ok_or_else(|| refused(entry, "not a name"))
    }
}

fn folder_flags() -> OFlags {
    OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

fn step(above: &OwnedFd, part: &OsStr, make: bool) -> rustix::io::Result<OwnedFd> {
    match rustix::fs::openat(above, part, folder_flags(), Mode::empty()) {
        Err(Errno::NOENT) if make => {
            rustix::fs::mkdirat(above, part, Mode::from_raw_mode(0o777))?;
            rustix::fs::openat(above, part, folder_flags(), Mode::empty())
        }
        outcome => outcome,
    }
}
