//! A folder or a file as a tar stream, written while it is read.
//!
//! The format is GNU's: names of any bytes and length. What cannot be packed is told by a text at
//! the end of the archive, since the answer has begun by then.

use std::ffi::{CStr, CString, OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rustix::fs::{AtFlags, FileType as Kind, Mode, OFlags, RawDir, Stat};
use rustix::io::Errno;
use tar::{Builder, EntryType, Header};

use crate::file::fault::{Result, fault, sentence};
use crate::file::list::is_private;
use crate::file::{name, read};

/// The text that says what is not in the archive, beside the packed folder.
pub const LEFT_OUT: &str = "sandpit-left-out.txt";
/// So many lines it has at most.
const NOTES: usize = 1000;
const NAMES_BUFFER: usize = 64 * 1024;
/// Names shorter than this fit into a header with their end.
const SHORT: usize = 100;

/// Something opened to be packed.
pub struct Packing {
    root: Root,
    /// What comes before every name in the archive.
    name: OsString,
}

enum Root {
    Folder(OwnedFd),
    File(File, Stat),
}

impl Packing {
    /// Opens a folder or a regular file; a symbolic link to one is followed.
    pub fn open(path: PathBuf) -> Result<Self> {
        let failed = |error: Errno| fault("archive.pack", &path, error);
        let stat = rustix::fs::stat(&path).map_err(failed)?;
        let root = if Kind::from_raw_mode(stat.st_mode) == Kind::Directory {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            Root::Folder(rustix::fs::open(&path, flags, Mode::empty()).map_err(failed)?)
        } else {
            let (file, stat) = read::open_regular("archive.pack", &path)?;
            Root::File(file, stat)
        };
        let name = path.file_name().map_or_else(|| "root".into(), OsStr::to_owned);
        Ok(Self { root, name })
    }

    /// The name of what is packed, as text.
    pub fn name(&self) -> String {
        name::encode(&self.name).into_owned()
    }

    /// Writes the whole archive.
    pub fn write(self, out: impl Write) -> io::Result<()> {
        let mut tape = Tape { tar: Builder::new(out), notes: Vec::new(), unnoted: 0 };
        match self.root {
            Root::File(file, stat) => tape.file(self.name.as_bytes(), file, &stat)?,
            Root::Folder(folder) => {
                Walk { tape: &mut tape, root: folder, name: &self.name, pending: Vec::new() }.all()?;
            }
        }
        tape.finish()
    }
}

/// The way through a folder. Folders still to be read are kept by name, so that no depth needs more
/// open files.
struct Walk<'a, W: Write> {
    tape: &'a mut Tape<W>,
    root: OwnedFd,
    name: &'a OsStr,
    pending: Vec<CString>,
}

impl<W: Write> Walk<'_, W> {
    /// All of a folder follows it at once, since `tar` gives a folder its mode when it sees another's.
    fn all(mut self) -> io::Result<()> {
        self.pending.push(c".".to_owned());
        while let Some(relative) = self.pending.pop() {
            let full = self.full(&relative);
            match rustix::fs::statat(&self.root, &relative, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) if Kind::from_raw_mode(stat.st_mode) == Kind::Directory => {
                    self.tape.folder(&full, &stat)?;
                    self.enter(&relative, &full)?;
                }
                // It went while the folder above was read.
                Ok(_) | Err(Errno::NOENT | Errno::NOTDIR) => {}
                Err(error) => self.tape.note(&full, &sentence(&error.into())),
            }
        }
        Ok(())
    }

    fn enter(&mut self, relative: &CStr, full: &[u8]) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.root, relative, flags, Mode::empty()) {
            Ok(folder) if is_of_the_kernel(&folder) => self.tape.note(full, "a file system of the kernel"),
            Ok(folder) => return self.entries(folder, relative),
            Err(Errno::NOENT | Errno::NOTDIR) => {}
            Err(error) => self.tape.note(full, &sentence(&error.into())),
        }
        Ok(())
    }

    fn entries(&mut self, folder: OwnedFd, relative: &CStr) -> io::Result<()> {
        let mut buffer = vec![MaybeUninit::uninit(); NAMES_BUFFER];
        let mut entries = RawDir::new(&folder, &mut buffer);
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.tape.note(&self.full(relative), &sentence(&error.into()));
                    return Ok(());
                }
            };
            let name = entry.file_name();
            if !matches!(name.to_bytes(), b"." | b"..") && !is_private(name.to_bytes()) {
                self.entry(&folder, relative, name)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, folder: &OwnedFd, relative: &CStr, name: &CStr) -> io::Result<()> {
        let below = CString::new([relative.to_bytes(), b"/", name.to_bytes()].concat())?;
        let full = self.full(&below);
        let stat = match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            // It went while the folder was read.
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => {
                self.tape.note(&full, &sentence(&error.into()));
                return Ok(());
            }
        };
        match Kind::from_raw_mode(stat.st_mode) {
            Kind::Directory => self.pending.push(below),
            Kind::RegularFile => return self.file(folder, name, &full),
            Kind::Symlink => return self.link(folder, name, &full, &stat),
            Kind::Fifo => self.tape.bare(&full, EntryType::Fifo, &stat)?,
            Kind::Socket => self.tape.note(&full, "a socket"),
            _ => self.tape.note(&full, "a device"),
        }
        Ok(())
    }

    fn file(&mut self, folder: &OwnedFd, name: &CStr, full: &[u8]) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(folder, name, flags, Mode::empty())
            .and_then(|file| rustix::fs::fstat(&file).map(|stat| (file, stat)));
        match opened {
            Ok((file, stat)) if Kind::from_raw_mode(stat.st_mode) == Kind::RegularFile => {
                self.tape.file(full, file.into(), &stat)
            }
            // Another one took its place just now.
            Ok(_) | Err(Errno::NOENT) => Ok(()),
            Err(error) => {
                self.tape.note(full, &sentence(&error.into()));
                Ok(())
            }
        }
    }

    fn link(&mut self, folder: &OwnedFd, name: &CStr, full: &[u8], stat: &Stat) -> io::Result<()> {
        match rustix::fs::readlinkat(folder, name, Vec::new()) {
            Ok(target) => self.tape.link(full, target.as_bytes(), stat),
            Err(_) => Ok(()),
        }
    }

    /// The name in the archive of an entry, which is given as `./…`.
    fn full(&self, relative: &CStr) -> Vec<u8> {
        [self.name.as_bytes(), &relative.to_bytes()[1..]].concat()
    }
}

/// `/proc`, `/sys` and their like hold no files to keep.
fn is_of_the_kernel(folder: impl AsFd) -> bool {
    const KINDS: [u32; 3] = [0x9fa0, 0x6265_6572, 0x6367_7270];
    rustix::fs::fstatfs(folder).is_ok_and(|system| KINDS.contains(&(system.f_type as u32)))
}

/// The archive as it is written.
struct Tape<W: Write> {
    tar: Builder<W>,
    notes: Vec<String>,
    unnoted: usize,
}

impl<W: Write> Tape<W> {
    fn note(&mut self, full: &[u8], reason: &str) {
        if self.notes.len() < NOTES {
            self.notes.push(format!("{}: {reason}\n", name::encode(OsStr::from_bytes(full))));
        } else {
            self.unnoted += 1;
        }
    }

    fn folder(&mut self, full: &[u8], stat: &Stat) -> io::Result<()> {
        self.bare(&[full, b"/"].concat(), EntryType::Directory, stat)
    }

    fn link(&mut self, full: &[u8], target: &[u8], stat: &Stat) -> io::Result<()> {
        let mut header = header(EntryType::Symlink, stat);
        if target.len() < SHORT {
            header.set_link_name_literal(target)?;
        } else {
            self.long(EntryType::GNULongLink, target)?;
        }
        self.put(full, header, io::empty())
    }

    fn bare(&mut self, full: &[u8], kind: EntryType, stat: &Stat) -> io::Result<()> {
        self.put(full, header(kind, stat), io::empty())
    }

    /// A file of exactly the length it had when it was opened.
    fn file(&mut self, full: &[u8], file: File, stat: &Stat) -> io::Result<()> {
        let mut header = header(EntryType::Regular, stat);
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        header.set_size(size);
        let mut exact = Exact { file, left: size, fault: None };
        self.put(full, header, &mut exact)?;
        if let Some(reason) = exact.fault {
            self.note(full, &reason);
        }
        Ok(())
    }

    fn put(&mut self, full: &[u8], mut header: Header, data: impl Read) -> io::Result<()> {
        if full.len() < SHORT {
            header.as_old_mut().name[..full.len()].copy_from_slice(full);
        } else {
            self.long(EntryType::GNULongName, full)?;
        }
        header.set_cksum();
        self.tar.append(&header, data)
    }

    /// The entry before another one that holds its long name. `tar` itself makes these only for what
    /// it takes for a good name.
    fn long(&mut self, kind: EntryType, text: &[u8]) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_path("././@LongLink")?;
        header.set_entry_type(kind);
        header.set_size(text.len() as u64 + 1);
        header.set_mode(0o644);
        header.set_cksum();
        self.tar.append(&header, text.chain(&b"\0"[..]))
    }

    fn finish(mut self) -> io::Result<()> {
        if !self.notes.is_empty() {
            let more = (self.unnoted > 0).then(|| format!("… and {} more\n", self.unnoted));
            let text = format!("Not in this archive, or not as it was:\n{}", self.notes.concat());
            let text = text + more.as_deref().unwrap_or_default();
            let mut header = Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(jiff::Timestamp::now().as_second().unsigned_abs());
            self.put(LEFT_OUT.as_bytes(), header, text.as_bytes())?;
        }
        self.tar.finish()
    }
}

fn header(kind: EntryType, stat: &Stat) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(stat.st_mode & 0o7777);
    header.set_uid(stat.st_uid.into());
    header.set_gid(stat.st_gid.into());
    header.set_mtime(u64::try_from(stat.st_mtime).unwrap_or(0));
    header.set_size(0);
    header
}

/// A file as long as its header says: what it grew is not read, what it shrank is zeros.
struct Exact {
    file: File,
    left: u64,
    fault: Option<String>,
}

impl Read for Exact {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        let read = match &self.fault {
            Some(_) => 0,
            None => self.file.read(&mut into[..wanted]).unwrap_or_else(|error| {
                self.fault = Some(sentence(&error));
                0
            }),
        };
        let got = if read == 0 { self.missing(&mut into[..wanted]) } else { read };
        self.left -= got as u64;
        Ok(got)
    }
}

impl Exact {
    fn missing(&mut self, rest: &mut [u8]) -> usize {
        if !rest.is_empty() {
            self.fault.get_or_insert_with(|| "became shorter while it was read; its end is zeros".to_owned());
            rest.fill(0);
        }
        rest.len()
    }
}
