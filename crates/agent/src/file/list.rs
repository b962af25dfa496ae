//! Listing a folder, written as JSON while it is read: no size of folder takes more memory.

use std::ffi::{CStr, CString, OsStr};
use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rustix::fs::{AtFlags, CWD, FileType as Kind, Mode, OFlags, RawDir};
use sandpit_api::file::{FileInfo, FileType, ListFilesOptions};

use super::body::Outgoing;
use super::fault::{Result, fault};
use super::{info, name};

/// Files on their way to their place; never shown.
pub const PART_PREFIX: &str = ".sandpit-part-";
const NAMES_BUFFER: usize = 128 * 1024;

/// Whether an entry is never listed or watched: a trash, or a file on its way to its place.
pub fn is_private(name: &[u8]) -> bool {
    name.starts_with(b".Trash-") || name.starts_with(PART_PREFIX.as_bytes())
}

/// An opened folder, ready to be written as the answer of `POST /api/list-files`.
pub struct Listing {
    path: PathBuf,
    folder: OwnedFd,
    options: ListFilesOptions,
}

impl Listing {
    /// Opens `path`, following a symbolic link to a folder.
    pub fn open(path: PathBuf, options: ListFilesOptions) -> Result<Self> {
        let folder =
            open_folder(CWD, &path, OFlags::empty()).map_err(|error| fault("file.list", &path, error))?;
        Ok(Self { path, folder, options })
    }

    /// Writes the whole answer. An error after the first byte cuts it off.
    pub fn write(self, mut out: Outgoing) {
        let written = self.write_answer(&mut out).and_then(|()| out.flush());
        if let Err(error) = written {
            out.fail(error);
        }
    }

    fn write_answer(self, out: &mut Outgoing) -> io::Result<()> {
        let shown = name::encode(self.path.as_os_str()).into_owned();
        write!(out, "{{\"success\":true,\"path\":{},\"files\":[", serde_json::to_string(&shown)?)?;
        let mut walk =
            Walk { out, info: info::blank(), count: 0, options: self.options, pending: Vec::new() };
        let absolute = if shown == "/" { String::new() } else { shown };
        walk.folder(self.folder.as_fd(), &absolute, "", &[])?;
        // A folder that cannot be opened is listed and not entered, as `ls -R` does.
        while let Some(relative) = walk.pending.pop() {
            if let Ok(folder) = open_folder(self.folder.as_fd(), relative.as_c_str(), OFlags::NOFOLLOW) {
                let shown = name::encode(OsStr::from_bytes(relative.as_bytes())).into_owned();
                let prefix = format!("{absolute}/{shown}");
                walk.folder(folder.as_fd(), &prefix, &format!("{shown}/"), relative.as_bytes())?;
            }
        }
        let count = walk.count;
        write!(out, "],\"count\":{count},\"timestamp\":\"{}\"}}", jiff::Timestamp::now())
    }
}

fn open_folder<P: rustix::path::Arg, F: AsFd>(at: F, path: P, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = flags | OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOCTTY;
    rustix::fs::openat(at, path, flags, Mode::empty())
}

struct Walk<'a> {
    out: &'a mut Outgoing,
    info: FileInfo,
    count: usize,
    options: ListFilesOptions,
    /// Folders still to be read, relative to the listed one. Symbolic links are never among them.
    pending: Vec<CString>,
}

impl Walk<'_> {
    /// Writes the entries of one folder. `absolute` and `relative` are what comes before their
    /// names, as text; `raw` is the folder relative to the listed one.
    fn folder<F: AsFd>(&mut self, folder: F, absolute: &str, relative: &str, raw: &[u8]) -> io::Result<()> {
        let read_only = info::is_read_only(rustix::fs::fstatvfs(&folder));
        let mut buffer = vec![MaybeUninit::uninit(); NAMES_BUFFER];
        let mut entries = RawDir::new(&folder, &mut buffer);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let bytes = entry.file_name().to_bytes();
            if self.skips(bytes) {
                continue;
            }
            if !self.look(&folder, entry.file_name(), entry.file_type(), read_only) {
                continue;
            }
            self.name(bytes, absolute, relative);
            self.write()?;
            if self.options.recursive && self.info.kind == FileType::Directory {
                let separator: &[u8] = if raw.is_empty() { b"" } else { b"/" };
                self.pending.push(CString::new([raw, separator, bytes].concat())?);
            }
        }
        Ok(())
    }

    fn skips(&self, name: &[u8]) -> bool {
        match name {
            b"." | b".." => true,
            name if is_private(name) => true,
            name => name.starts_with(b".") && !self.options.include_hidden,
        }
    }

    /// Fills in what the kernel says of an entry; `false` when it is gone by now.
    fn look<F: AsFd>(&mut self, folder: &F, entry: &CStr, kind: Kind, read_only: bool) -> bool {
        match rustix::fs::statat(folder, entry, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => info::fill(&mut self.info, &stat, read_only),
            Err(rustix::io::Errno::NOENT) => return false,
            Err(_) => info::fill_unknown(&mut self.info, kind),
        }
        if self.info.kind == FileType::Symlink {
            info::fill_target(&mut self.info, folder.as_fd(), entry);
        }
        true
    }

    fn name(&mut self, bytes: &[u8], absolute: &str, relative: &str) {
        let shown = name::encode(OsStr::from_bytes(bytes));
        let info = &mut self.info;
        info.name.clear();
        info.name.push_str(&shown);
        info.absolute_path.clear();
        info.absolute_path.push_str(absolute);
        info.absolute_path.push('/');
        info.absolute_path.push_str(&shown);
        info.relative_path.clear();
        info.relative_path.push_str(relative);
        info.relative_path.push_str(&shown);
    }

    fn write(&mut self) -> io::Result<()> {
        if self.count > 0 {
            self.out.buffer().push(b',');
        }
        self.count += 1;
        serde_json::to_writer(self.out.buffer(), &self.info)?;
        self.out.spill()
    }
}

/// The whole answer, read back.
#[cfg(test)]
pub fn collect(path: &std::path::Path, options: ListFilesOptions) -> Result<sandpit_api::file::FileList> {
    let listing = Listing::open(path.to_owned(), options)?;
    let (out, body) = super::body::outgoing();
    let writer = std::thread::spawn(move || listing.write(out));
    let json =
        futures::executor::block_on(http_body_util::BodyExt::collect(body)).expect("no error in the middle");
    let json = json.to_bytes();
    writer.join().expect("the writer ends");
    Ok(serde_json::from_slice(&json).expect("the answer is JSON of its type"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandpit_api::ErrorCode;
    use std::path::Path;

    fn names(path: &Path, recursive: bool, include_hidden: bool) -> Vec<String> {
        let list = collect(path, ListFilesOptions { recursive, include_hidden }).unwrap();
        assert_eq!(list.count, list.files.len());
        let mut names: Vec<_> = list.files.into_iter().map(|file| file.relative_path).collect();
        names.sort();
        names
    }

    #[test]
    fn hidden_files_are_listed_on_request_and_a_trash_never() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", ".b", ".Trash-1000", ".sandpit-part-1"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        assert_eq!(names(dir.path(), false, false), ["a"]);
        assert_eq!(names(dir.path(), false, true), [".b", "a"]);
    }

    #[test]
    fn a_recursive_listing_enters_folders_and_no_link() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("d/e")).unwrap();
        std::fs::write(dir.path().join("d/e/f"), "x").unwrap();
        std::os::unix::fs::symlink("..", dir.path().join("d/up")).unwrap();
        assert_eq!(names(dir.path(), true, false), ["d", "d/e", "d/e/f", "d/up"]);
        let list = collect(dir.path(), ListFilesOptions { recursive: true, include_hidden: false }).unwrap();
        let deep = list.files.iter().find(|file| file.name == "f").unwrap();
        assert_eq!(deep.absolute_path, dir.path().join("d/e/f").to_str().unwrap());
    }

    #[test]
    fn names_of_any_bytes_are_listed_and_can_be_asked_for_again() {
        let dir = tempfile::tempdir().unwrap();
        let odd = dir.path().join(OsStr::from_bytes(b"caf\xe9\n\""));
        std::fs::write(&odd, "x").unwrap();
        std::fs::write(dir.path().join("n".repeat(255)), "x").unwrap();
        let list = collect(dir.path(), ListFilesOptions::default()).unwrap();
        assert_eq!(list.count, 2);
        let found = list.files.iter().find(|file| file.name.len() < 255).unwrap();
        assert_eq!(name::decode(&found.absolute_path), odd.as_os_str());
    }

    #[test]
    fn a_file_and_nothing_are_no_folders() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("f"), "x").unwrap();
        let code = |name: &str| Listing::open(dir.path().join(name), Default::default()).err().unwrap().code;
        assert_eq!(code("f"), ErrorCode::NotDirectory);
        assert_eq!(code("gone"), ErrorCode::FileNotFound);
        std::os::unix::fs::symlink("loop", dir.path().join("loop")).unwrap();
        assert_eq!(code("loop"), ErrorCode::TooManyLinks);
    }
}
