//! Writing a file whole or not at all: into a nameless file of the same folder, then put in place.
//!
//! What is replaced keeps its mode (and its owner where allowed); a symbolic link stays and the file
//! it names is written. Until `commit`, dropping a [`Replacement`] leaves no trace.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, Gid, Mode, OFlags, RenameFlags, Stat, Uid};
use rustix::io::Errno;
use sandpit_api::{ApiError, ErrorCode};

use super::change::{self, Made};
use super::fault::{Result, fault};
use super::list::PART_PREFIX;
use super::read::require_regular;
use super::{name, raw};

/// What must be at the place when it is replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Expected {
    #[default]
    Anything,
    /// Nothing (`If-None-Match: *`).
    Absent,
    /// Something (`If-Match: *`).
    Present,
    /// Exactly the version with this etag (`If-Match`).
    Version(String),
}

/// A file on its way to its place.
pub struct Replacement {
    path: PathBuf,
    name: OsString,
    folder: OwnedFd,
    file: File,
    /// The name it has while it has a name of its own.
    part: Option<OsString>,
    expected: Expected,
    /// Folders made for it.
    made: Made,
}

impl Replacement {
    /// Prepares to write `path`, making its parents.
    pub fn begin(path: &Path, expected: Expected) -> Result<Self> {
        let path = change::follow("file.write", path)?;
        let failed = |error: Errno| fault("file.write", &path, error);
        let (parent, file_name) = name::split(&path, "path")?;
        let made = change::make_parents("file.write", parent)?;
        let folder = open_folder(parent).map_err(failed)?;
        check(&path, folder.as_fd(), file_name, &expected)?;
        let (file, part) = open_part(&folder).map_err(failed)?;
        let name = file_name.to_owned();
        Ok(Self { path, name, folder, file, part, expected, made })
    }

    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// The error of a failed write into `file`.
    pub fn failed(&self, error: std::io::Error) -> Box<ApiError> {
        fault("file.write", &self.path, error)
    }

    /// Puts the file in its place and says what is there now.
    pub fn commit(mut self) -> Result<Stat> {
        let present = check(&self.path, self.folder.as_fd(), &self.name, &self.expected)?;
        if let Some(present) = &present {
            self.adopt(present).map_err(|error| fault("file.write", &self.path, error))?;
        }
        self.put(present.is_some()).map_err(|error| match (error, &self.expected) {
            (Errno::EXIST, Expected::Absent) => exists(&self.path),
            _ => fault("file.write", &self.path, error),
        })?;
        self.made.keep();
        rustix::fs::fstat(&self.file).map_err(|error| fault("file.write", &self.path, error))
    }

    fn adopt(&self, present: &Stat) -> rustix::io::Result<()> {
        // Giving a file away is for root only; whose it becomes otherwise is who wrote it.
        let owner = (Some(Uid::from_raw(present.st_uid)), Some(Gid::from_raw(present.st_gid)));
        let _ = rustix::fs::fchown(&self.file, owner.0, owner.1);
        rustix::fs::fchmod(&self.file, Mode::from_raw_mode(present.st_mode & 0o7777))
    }

    fn put(&mut self, replaces: bool) -> rustix::io::Result<()> {
        if self.part.is_none() && !replaces {
            match link(&self.file, &self.folder, &self.name) {
                // Somebody else made it meanwhile: it is replaced like any other.
                Err(Errno::EXIST) if self.expected != Expected::Absent => {}
                outcome => return outcome,
            }
        }
        if self.part.is_none() {
            let part = part_name();
            link(&self.file, &self.folder, &part)?;
            self.part = Some(part);
        }
        let part = self.part.clone().unwrap_or_default();
        let flags = match self.expected {
            Expected::Absent => RenameFlags::NOREPLACE,
            _ => RenameFlags::empty(),
        };
        rustix::fs::renameat_with(&self.folder, &part, &self.folder, &self.name, flags)?;
        self.part = None;
        Ok(())
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if let Some(part) = &self.part {
            let _ = rustix::fs::unlinkat(&self.folder, part, AtFlags::empty());
        }
    }
}

fn open_folder(parent: &Path) -> rustix::io::Result<OwnedFd> {
    rustix::fs::open(parent, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// Refuses what must not be replaced; says what is at the place.
fn check(
    path: &Path,
    folder: std::os::fd::BorrowedFd<'_>,
    entry: &OsStr,
    expected: &Expected,
) -> Result<Option<Stat>> {
    let present = match rustix::fs::statat(folder, entry, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Some(stat),
        Err(Errno::NOENT) => None,
        Err(error) => return Err(fault("file.write", path, error)),
    };
    match (&present, expected) {
        (Some(_), Expected::Absent) => return Err(exists(path)),
        (Some(stat), Expected::Version(version)) if raw::etag(stat) != *version => {
            return Err(changed(path, Some(raw::etag(stat))));
        }
        (None, Expected::Version(_) | Expected::Present) => return Err(changed(path, None)),
        _ => {}
    }
    if let Some(stat) = &present {
        require_regular("file.write", path, stat)?;
        // Renaming would get round the mode of the file itself.
        rustix::fs::accessat(folder, entry, Access::WRITE_OK, AtFlags::EACCESS)
            .map_err(|error| fault("file.write", path, error))?;
    }
    Ok(present)
}

fn exists(path: &Path) -> Box<ApiError> {
    fault("file.write", path, Errno::EXIST)
}

fn changed(path: &Path, present: Option<String>) -> Box<ApiError> {
    let shown = name::encode(path.as_os_str());
    let error = ApiError::new(ErrorCode::FileChanged, format!("{shown} was changed by somebody else"))
        .with("path", shown.as_ref())
        .during("file.write");
    Box::new(match present {
        Some(etag) => error.with("etag", etag),
        None => error,
    })
}

/// A nameless file in `folder`, or a named one where the file system has no nameless ones.
fn open_part(folder: &OwnedFd) -> rustix::io::Result<(File, Option<OsString>)> {
    let mode = Mode::from_raw_mode(0o666);
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    if Path::new("/proc/self/fd").exists() {
        match rustix::fs::openat(folder, ".", flags | OFlags::TMPFILE, mode) {
            Ok(file) => return Ok((file.into(), None)),
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => {}
            Err(error) => return Err(error),
        }
    }
    let part = part_name();
    let file = rustix::fs::openat(folder, &part, flags | OFlags::CREATE | OFlags::EXCL, mode)?;
    Ok((file.into(), Some(part)))
}

fn link(file: &File, folder: &OwnedFd, entry: &OsStr) -> rustix::io::Result<()> {
    let source = format!("/proc/self/fd/{}", file.as_raw_fd());
    rustix::fs::linkat(CWD, source, folder, entry, AtFlags::SYMLINK_FOLLOW)
}

/// A name for something on its way, which no listing shows.
pub fn part_name() -> OsString {
    format!("{PART_PREFIX}{:016x}", rand::random::<u64>()).into()
}

/// Writes `content` to `path` in one go.
pub fn write(path: &Path, content: &[u8]) -> Result<Stat> {
    let mut replacement = Replacement::begin(path, Expected::Anything)?;
    if let Err(error) = std::io::Write::write_all(replacement.file(), content) {
        return Err(replacement.failed(error));
    }
    replacement.commit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    fn entries(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_replaced_file_keeps_its_mode_and_its_link() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("real");
        std::fs::write(&real, "old").unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o751)).unwrap();
        std::os::unix::fs::symlink("real", dir.path().join("link")).unwrap();
        write(&dir.path().join("link"), b"new").unwrap();
        assert_eq!(std::fs::read_to_string(&real).unwrap(), "new");
        assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o751);
        assert!(std::fs::symlink_metadata(dir.path().join("link")).unwrap().is_symlink());
        assert_eq!(entries(dir.path()), ["link", "real"]);
    }

    #[test]
    fn parents_are_made_and_a_broken_off_write_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/c.txt");
        let mut replacement = Replacement::begin(&path, Expected::Anything).unwrap();
        replacement.file().write_all(b"half").unwrap();
        drop(replacement);
        assert_eq!(entries(dir.path()), Vec::<String>::new());
        write(&path, b"whole").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
    }

    #[test]
    fn an_expectation_that_no_longer_holds_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let first = raw::etag(&write(&path, b"one").unwrap());
        let late = Replacement::begin(&path, Expected::Version(first.clone())).unwrap();
        write(&path, b"two").unwrap();
        let error = late.commit().unwrap_err();
        assert_eq!(error.code, ErrorCode::FileChanged);
        assert!(error.context["etag"] != first);
        let error = Replacement::begin(&path, Expected::Absent).err().unwrap();
        assert_eq!(error.code, ErrorCode::FileExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
    }

    #[test]
    fn two_that_both_expect_nothing_do_not_both_win() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let first = Replacement::begin(&path, Expected::Absent).unwrap();
        let second = Replacement::begin(&path, Expected::Absent).unwrap();
        first.commit().unwrap();
        assert_eq!(second.commit().unwrap_err().code, ErrorCode::FileExists);
        assert_eq!(entries(dir.path()), ["f"]);
    }

    #[test]
    fn folders_pipes_loops_and_endless_names_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let code = |path: &Path| write(path, b"x").unwrap_err().code;
        assert_eq!(code(dir.path()), ErrorCode::IsDirectory);
        let pipe = dir.path().join("pipe");
        rustix::fs::mknodat(CWD, &pipe, rustix::fs::FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        assert_eq!(code(&pipe), ErrorCode::ValidationFailed);
        std::os::unix::fs::symlink("loop", dir.path().join("loop")).unwrap();
        assert_eq!(code(&dir.path().join("loop")), ErrorCode::TooManyLinks);
        assert_eq!(code(&dir.path().join("n".repeat(256))), ErrorCode::NameTooLong);
        assert!(write(&dir.path().join("n".repeat(255)), b"x").is_ok());
        std::fs::write(dir.path().join("file"), "x").unwrap();
        assert_eq!(code(&dir.path().join("file/below")), ErrorCode::NotDirectory);
    }

    #[test]
    fn a_full_disk_is_told_and_the_old_file_stays() {
        // `/dev/full` stands in for a full file system: only its error can be had everywhere.
        let error = File::options().write(true).open("/dev/full").unwrap().write_all(b"x").unwrap_err();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, "old").unwrap();
        let replacement = Replacement::begin(&path, Expected::Anything).unwrap();
        assert_eq!(replacement.failed(error).code, ErrorCode::NoSpace);
        drop(replacement);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
    }
}
