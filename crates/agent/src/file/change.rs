//! Changing the tree: making folders, deleting, renaming, moving, copying.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType as Kind, Mode, RenameFlags};
use rustix::io::Errno;
use sandpit_api::{ApiError, ErrorCode};

use super::fault::{Result, fault};
use super::list::PART_PREFIX;
use super::{name, replace};

/// As many links as the kernel follows before it says `ELOOP`.
const LINKS: usize = 40;

/// Where a write to `path` lands: links at its end are followed, also one to nothing.
pub fn follow(operation: &str, path: &Path) -> Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match rustix::fs::readlinkat(CWD, &path, Vec::new()) {
            Ok(target) => {
                let target = OsString::from_vec(target.into_bytes());
                path = path.parent().unwrap_or(Path::new("/")).join(target);
            }
            Err(Errno::INVAL | Errno::NOENT | Errno::NOTDIR) => return Ok(path),
            Err(error) => return Err(fault(operation, &path, error)),
        }
    }
    Err(fault(operation, &path, Errno::LOOP))
}

/// Folders made on the way to something, innermost first. They go again when nothing comes of it.
#[must_use]
pub struct Made(Vec<PathBuf>);

impl Made {
    /// Nothing that would have to go.
    pub fn nothing() -> Self {
        Self(Vec::new())
    }

    /// They are wanted.
    pub fn keep(&mut self) {
        self.0.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // One that is not empty is somebody else's by now.
        self.0.iter().for_each(|folder| drop(fs::remove_dir(folder)));
    }
}

/// Makes `folder` and what is above it.
pub fn make_parents(operation: &str, folder: &Path) -> Result<Made> {
    let missing = folder.ancestors().take_while(|above| !above.exists()).map(Path::to_owned);
    let made = Made(missing.collect());
    match fs::create_dir_all(folder) {
        Ok(()) => Ok(made),
        // A file in the way is told as what it is.
        Err(_) if folder.ancestors().any(Path::is_file) => Err(fault(operation, folder, Errno::NOTDIR)),
        Err(error) => Err(fault(operation, folder, error)),
    }
}

/// Makes a folder; with `recursive`, its parents too, and one that exists is fine.
pub fn mkdir(path: &Path, recursive: bool) -> Result<()> {
    if recursive {
        return make_parents("file.mkdir", path).map(|mut made| made.keep());
    }
    fs::create_dir(path).map_err(|error| fault("file.mkdir", path, error))
}

/// Whether there is something at `path`; a link to nothing is nothing.
pub fn exists(path: &Path) -> Result<bool> {
    match fs::metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
        // Links that go round lead nowhere either.
        Err(error) if Errno::from_io_error(&error) == Some(Errno::LOOP) => Ok(false),
        Err(error) => Err(fault("file.exists", path, error)),
    }
}

/// Deletes an entry; a folder only with `recursive`. A link is deleted, not what it names.
pub fn delete(path: &Path, recursive: bool, workspace: &Path) -> Result<()> {
    let failed = |error: std::io::Error| fault("file.delete", path, error);
    let folder = fs::symlink_metadata(path).map_err(failed)?.is_dir();
    if !folder {
        return fs::remove_file(path).map_err(failed);
    }
    if !recursive {
        return Err(fault("file.delete", path, Errno::ISDIR));
    }
    refuse_roots(path, workspace)?;
    fs::remove_dir_all(path).map_err(failed)
}

/// Nobody means to delete the workspace itself, or what holds it.
pub fn refuse_roots(path: &Path, workspace: &Path) -> Result<()> {
    let real = fs::canonicalize(path).map_err(|error| fault("file.delete", path, error))?;
    let root = fs::canonicalize(workspace).unwrap_or_else(|_| workspace.to_owned());
    if !root.starts_with(&real) {
        return Ok(());
    }
    let shown = name::encode(path.as_os_str());
    Err(ApiError::invalid("path", format!("{shown} holds the workspace and is not deleted"))
        .with("path", shown.as_ref())
        .into())
}

/// Gives an entry another place on the same file system or another.
pub fn rename(from: &Path, to: &Path, overwrite: bool) -> Result<()> {
    name::split(from, "oldPath")?;
    name::split(to, "newPath")?;
    match put(from, to, overwrite) {
        Ok(()) => Ok(()),
        Err(Errno::XDEV) => carry(from, to, overwrite),
        Err(Errno::INVAL) => Err(into_itself(from)),
        // Of the two paths, say which one is at fault.
        Err(Errno::NOENT) if fs::symlink_metadata(from).is_ok() => {
            Err(fault("file.rename", to, Errno::NOENT))
        }
        Err(Errno::EXIST | Errno::NOTEMPTY) => Err(fault("file.rename", to, Errno::EXIST)),
        Err(error @ (Errno::ISDIR | Errno::NAMETOOLONG)) => Err(fault("file.rename", to, error)),
        Err(error) => Err(fault("file.rename", from, error)),
    }
}

pub fn put(from: &Path, to: &Path, overwrite: bool) -> rustix::io::Result<()> {
    if overwrite {
        return rustix::fs::rename(from, to);
    }
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems (9p, NFS, older FUSE) cannot do it in one step.
        Err(Errno::INVAL) => match rustix::fs::lstat(to) {
            Ok(_) => Err(Errno::EXIST),
            Err(_) => rustix::fs::rename(from, to),
        },
        outcome => outcome,
    }
}

/// Moves between file systems: copies beside the goal, puts the copy in place, deletes the source.
fn carry(from: &Path, to: &Path, overwrite: bool) -> Result<()> {
    copy_then(from, to, overwrite)?;
    let metadata = fs::symlink_metadata(from).map_err(|error| fault("file.rename", from, error))?;
    let removed = if metadata.is_dir() { fs::remove_dir_all(from) } else { fs::remove_file(from) };
    removed.map_err(|error| fault("file.rename", from, error))
}

/// Copies files and folders; the goal must not exist, and appears whole.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    copy_then(from, to, false)
}

fn copy_then(from: &Path, to: &Path, overwrite: bool) -> Result<()> {
    let (parent, _) = name::split(to, "destinationPath")?;
    let metadata = fs::symlink_metadata(from).map_err(|error| fault("file.copy", from, error))?;
    if !overwrite && fs::symlink_metadata(to).is_ok() {
        return Err(fault("file.copy", to, Errno::EXIST));
    }
    let real_parent = fs::canonicalize(parent).map_err(|error| fault("file.copy", parent, error))?;
    if metadata.is_dir() && fs::canonicalize(from).is_ok_and(|source| real_parent.starts_with(source)) {
        return Err(into_itself(from));
    }
    let part = Part(parent.join(replace::part_name()));
    copy_entry(from, &part.0)?;
    put(&part.0, to, overwrite).map_err(|error| fault("file.copy", to, error))
}

fn into_itself(path: &Path) -> Box<ApiError> {
    let shown = name::encode(path.as_os_str());
    ApiError::invalid("destinationPath", format!("{shown} cannot be put into itself"))
        .with("path", shown.as_ref())
        .into()
}

/// A copy on its way; deleted when it does not arrive.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        if let Ok(metadata) = fs::symlink_metadata(&self.0) {
            let _ = if metadata.is_dir() { fs::remove_dir_all(&self.0) } else { fs::remove_file(&self.0) };
        }
    }
}

/// Finds what an agent that was killed has left unfinished in `folder` itself, where most clones, copies and
/// archives are made ready, and gives what removes it. To be called before anything is served. What lies
/// deeper stays: looking through a whole workspace would cost too much at each start.
pub fn sweep(folder: &Path) -> impl FnOnce() + Send + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_part = |entry: &fs::DirEntry| entry.file_name().as_bytes().starts_with(PART_PREFIX.as_bytes());
    let parts: Vec<Part> = entries.filter(is_part).map(|entry| Part(entry.path())).collect();
    move || drop(parts)
}

fn copy_entry(from: &Path, to: &Path) -> Result<()> {
    let failed = |error: std::io::Error| fault("file.copy", from, error);
    let metadata = fs::symlink_metadata(from).map_err(failed)?;
    if metadata.is_symlink() {
        let target = fs::read_link(from).map_err(failed)?;
        return std::os::unix::fs::symlink(target, to).map_err(failed);
    }
    if metadata.is_dir() {
        return copy_folder(from, to, metadata.permissions());
    }
    if metadata.is_file() {
        return fs::copy(from, to).map(drop).map_err(failed);
    }
    copy_pipe(from, to, metadata.permissions())
}

fn copy_folder(from: &Path, to: &Path, permissions: fs::Permissions) -> Result<()> {
    let failed = |error: std::io::Error| fault("file.copy", from, error);
    fs::create_dir(to).map_err(failed)?;
    for entry in fs::read_dir(from).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        copy_entry(&from.join(&name), &to.join(&name))?;
    }
    // Last, since a folder may be read-only.
    fs::set_permissions(to, permissions).map_err(failed)
}

/// A pipe is made anew; sockets and devices are not copied.
fn copy_pipe(from: &Path, to: &Path, permissions: fs::Permissions) -> Result<()> {
    let stat = rustix::fs::lstat(from).map_err(|error| fault("file.copy", from, error))?;
    if Kind::from_raw_mode(stat.st_mode) != Kind::Fifo {
        let shown = name::encode(from.as_os_str());
        return Err(ApiError::new(
            ErrorCode::ValidationFailed,
            format!("{shown} is no file and is not copied"),
        )
        .with("path", shown.as_ref())
        .during("file.copy")
        .into());
    }
    let mode = Mode::from_raw_mode(permissions.mode() & 0o7777);
    rustix::fs::mknodat(CWD, to, Kind::Fifo, mode, 0).map_err(|error| fault("file.copy", from, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("d/e")).unwrap();
        fs::write(dir.path().join("d/e/f"), "deep").unwrap();
        fs::write(dir.path().join("a"), "a").unwrap();
        fs::write(dir.path().join("b"), "b").unwrap();
        dir
    }

    #[test]
    fn a_folder_is_deleted_only_on_request_and_a_link_alone() {
        let dir = tree();
        let at = |name: &str| dir.path().join(name);
        let nowhere = Path::new("/nowhere");
        assert_eq!(delete(&at("d"), false, nowhere).unwrap_err().code, ErrorCode::IsDirectory);
        std::os::unix::fs::symlink("d", at("link")).unwrap();
        delete(&at("link"), false, nowhere).unwrap();
        assert!(at("d/e/f").exists());
        delete(&at("d"), true, nowhere).unwrap();
        assert!(!at("d").exists());
        assert_eq!(delete(&at("d"), true, nowhere).unwrap_err().code, ErrorCode::FileNotFound);
    }

    #[test]
    fn the_workspace_and_what_holds_it_are_not_deleted() {
        let dir = tree();
        let workspace = dir.path().join("d/e");
        for path in [&workspace, &dir.path().join("d"), &dir.path().join("d/e/../../d")] {
            assert_eq!(delete(path, true, &workspace).unwrap_err().code, ErrorCode::ValidationFailed);
        }
        assert!(workspace.join("f").exists());
    }

    #[test]
    fn renaming_over_something_is_refused_unless_asked_for() {
        let dir = tree();
        let at = |name: &str| dir.path().join(name);
        let error = rename(&at("a"), &at("b"), false).unwrap_err();
        assert_eq!(error.code, ErrorCode::FileExists);
        assert!(error.message.contains("/b"));
        rename(&at("a"), &at("b"), true).unwrap();
        assert_eq!(fs::read_to_string(at("b")).unwrap(), "a");
        assert_eq!(rename(&at("a"), &at("c"), false).unwrap_err().code, ErrorCode::FileNotFound);
        assert_eq!(rename(&at("d"), &at("d/e/d"), false).unwrap_err().code, ErrorCode::ValidationFailed);
    }

    #[test]
    fn a_copy_has_everything_and_never_replaces() {
        let dir = tree();
        let at = |name: &str| dir.path().join(name);
        std::os::unix::fs::symlink("e/f", at("d/link")).unwrap();
        fs::set_permissions(at("d/e"), fs::Permissions::from_mode(0o500)).unwrap();
        copy(&at("d"), &at("copy")).unwrap();
        assert_eq!(fs::read_to_string(at("copy/link")).unwrap(), "deep");
        assert_eq!(fs::metadata(at("copy/e")).unwrap().permissions().mode() & 0o777, 0o500);
        assert_eq!(copy(&at("a"), &at("b")).unwrap_err().code, ErrorCode::FileExists);
        assert_eq!(copy(&at("d"), &at("d/inside")).unwrap_err().code, ErrorCode::ValidationFailed);
        fs::set_permissions(at("d/e"), fs::Permissions::from_mode(0o700)).unwrap();
        fs::set_permissions(at("copy/e"), fs::Permissions::from_mode(0o700)).unwrap();
    }

    #[test]
    fn a_copy_that_fails_leaves_nothing() {
        let dir = tree();
        let socket = std::os::unix::net::UnixListener::bind(dir.path().join("d/socket")).unwrap();
        assert_eq!(
            copy(&dir.path().join("d"), &dir.path().join("copy")).unwrap_err().code,
            ErrorCode::ValidationFailed
        );
        drop(socket);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
    }

    #[test]
    fn what_a_killed_agent_left_goes_and_nothing_else() {
        let dir = tree();
        let part = dir.path().join(replace::part_name());
        fs::create_dir_all(part.join("half/done")).unwrap();
        std::os::unix::fs::symlink("a", dir.path().join(replace::part_name())).unwrap();
        let remove = sweep(dir.path());
        fs::create_dir(dir.path().join(".sandpit-part-new")).unwrap();
        remove();
        assert!(!part.exists());
        assert!(fs::remove_dir(dir.path().join(".sandpit-part-new")).is_ok(), "what came later stays");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
        assert!(dir.path().join("a").exists());
    }

    #[test]
    fn a_folder_that_exists_is_fine_only_with_parents() {
        let dir = tree();
        assert_eq!(mkdir(&dir.path().join("d"), false).unwrap_err().code, ErrorCode::FileExists);
        mkdir(&dir.path().join("d"), true).unwrap();
        mkdir(&dir.path().join("x/y"), true).unwrap();
        assert_eq!(mkdir(&dir.path().join("q/r"), false).unwrap_err().code, ErrorCode::FileNotFound);
        assert_eq!(mkdir(&dir.path().join("a/r"), true).unwrap_err().code, ErrorCode::NotDirectory);
    }
}
