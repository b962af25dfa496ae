//! The folder of one sandbox on the host: what lies where in it, who owns it, and how it is made and removed.

use std::{
    fs, io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::{
            fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown, symlink},
            net::UnixListener,
        },
    },
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, OFlags};

use crate::{
    etc,
    process::{self, Identity},
};

/// Most bytes of the log of an agent's standard streams before its beginning is cut off.
const MAX_LOG: u64 = 1 << 20;

#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes ready what a start needs. `owner` is the uid of the sandbox's processes where that is not our own; it
    /// owns the files of the sandbox and may pass through its folder, and nothing else.
    pub fn prepare(&self, id: &str, network: bool, runtime: &Path, owner: Option<u32>) -> io::Result<()> {
        let home = self.0.join("home");
        let fresh = !home.exists();
        for name in ["workspace", "home"] {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(self.0.join(name))?;
        }
        if fresh {
            let skeleton = runtime.join("skel");
            if skeleton.is_dir() {
                copy_tree(&skeleton, &home)?;
            }
        }
        etc::write(&self.0.join("etc"), id, network)?;
        if let Some(owner) = owner {
            chown(&self.0, None, Some(owner))?;
            fs::set_permissions(&self.0, fs::Permissions::from_mode(0o710))?;
            for name in ["workspace", "home"] {
                give(&self.0.join(name), owner, fresh)?;
            }
        }
        fs::set_permissions(self.0.join("etc"), fs::Permissions::from_mode(0o755))
    }

    /// Listens where [`Folder::connect`] connects. Only the engine's user reaches it.
    pub fn listen(&self) -> io::Result<UnixListener> {
        let _ = fs::remove_file(self.0.join(SOCKET));
        let folder = self.handle()?;
        UnixListener::bind(socket_in(&folder))
    }

    /// A connection to the agent. The sandbox cannot touch the socket's name: the folder is not its.
    pub async fn connect(&self) -> io::Result<tokio::net::UnixStream> {
        let folder = self.handle()?;
        tokio::net::UnixStream::connect(socket_in(&folder)).await
    }

    fn handle(&self) -> io::Result<OwnedFd> {
        Ok(rustix::fs::open(&self.0, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
    }

    /// A file for the agent's standard streams, appended to.
    pub fn log(&self) -> io::Result<fs::File> {
        self.trim_log()?;
        fs::OpenOptions::new().create(true).append(true).mode(0o600).open(self.0.join(LOG))
    }

    /// Empties the log once it is too long.
    pub fn trim_log(&self) -> io::Result<()> {
        let path = self.0.join(LOG);
        match path.symlink_metadata() {
            Ok(meta) if meta.len() > MAX_LOG => fs::OpenOptions::new().write(true).open(path)?.set_len(0),
            _ => Ok(()),
        }
    }

    /// The last lines that were logged.
    pub fn last_words(&self) -> String {
        let text = fs::read(self.0.join(LOG)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text[text.len().saturating_sub(2000)..]).into_owned();
        let lines: Vec<&str> = text.lines().rev().take(3).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("; ")
    }

    /// A new, empty file that bubblewrap tells the end of the sandbox to.
    pub fn status(&self) -> io::Result<fs::File> {
        let path = self.0.join(STATUS);
        let _ = fs::remove_file(&path);
        fs::OpenOptions::new().create_new(true).append(true).mode(0o600).open(path)
    }

    /// What bubblewrap told: the exit code of the sandbox's first process.
    pub fn exit_code(&self) -> Option<i32> {
        let text = fs::read_to_string(self.0.join(STATUS)).ok()?;
        let documents = serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>();
        let code = documents.filter_map(Result::ok).filter_map(|told| told["exit-code"].as_i64()).last()?;
        i32::try_from(code).ok()
    }

    /// What runs for the sandbox: each process that its start made has one of these two open.
    pub fn started(&self) -> Vec<Identity> {
        process::having_open(&[self.0.join(LOG), self.0.join(STATUS)])
    }

    /// Removes it with all that is in it, also folders whose owner took away his own right to write.
    pub fn remove(&self) -> io::Result<()> {
        let first = fs::remove_dir_all(&self.0);
        match first {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                unlock(&self.0)?;
                fs::remove_dir_all(&self.0)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

const SOCKET: &str = "agent.sock";
const LOG: &str = "agent.log";
const STATUS: &str = "status.json";

/// A path for the socket that is short whatever the folder's: Unix sockets take 108 bytes.
fn socket_in(folder: &OwnedFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd()))
}

/// Gives `path` to `owner`; with all that is in it where `whole`.
fn give(path: &Path, owner: u32, whole: bool) -> io::Result<()> {
    std::os::unix::fs::lchown(path, Some(owner), Some(owner))?;
    if whole && path.symlink_metadata()?.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), owner, true)?;
        }
    }
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, to) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            fs::create_dir(&to)?;
            copy_tree(&entry.path(), &to)?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(entry.path())?, to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// Makes every folder below `path` writable to us again. Symbolic links are not followed.
fn unlock(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            unlock(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        // Longer than a socket's path may be.
        let folder = Folder::new(dir.path().join("x".repeat(120)));
        fs::create_dir(folder.path()).expect("the folder");
        (dir, folder)
    }

    #[tokio::test]
    async fn a_socket_is_reached_however_long_its_path_is() {
        let (_dir, folder) = folder();
        let listener = folder.listen().expect("listen");
        folder.connect().await.expect("connect");
        drop(listener);
        assert!(folder.connect().await.is_err(), "nobody listens any more");
        folder.listen().expect("listen again");
    }

    #[test]
    fn it_is_removed_even_when_a_folder_in_it_is_read_only() {
        let (_dir, folder) = folder();
        folder.prepare("a", false, Path::new("/nonexistent"), None).expect("prepare");
        let locked = folder.path().join("workspace/locked");
        fs::create_dir_all(locked.join("deep")).expect("folders");
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o500)).expect("locked");
        folder.remove().expect("remove");
        folder.remove().expect("what is gone is removed");
        assert!(!folder.path().exists());
    }

    #[test]
    fn the_exit_code_is_the_last_that_bubblewrap_told() {
        let (_dir, folder) = folder();
        assert_eq!(folder.exit_code(), None);
        let mut status = folder.status().expect("status");
        io::Write::write_all(&mut status, b"{ \"child-pid\": 7 }\n{ \"exit-code\": 137 }\n")
            .expect("written");
        assert_eq!(folder.exit_code(), Some(137));
    }

    #[test]
    fn a_log_is_cut_off_once_it_is_too_long() {
        let (_dir, folder) = folder();
        let log = folder.log().expect("log");
        io::Write::write_all(&mut &log, b"one\ntwo\nthree\nfour\n").expect("written");
        assert_eq!(folder.last_words(), "two; three; four");
        log.set_len(MAX_LOG + 1).expect("longer");
        folder.trim_log().expect("trim");
        assert_eq!(log.metadata().expect("its size").len(), 0);
    }
}
