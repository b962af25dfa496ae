//! Reads a tar stream into a folder. It knows no destination: what goes wrong leaves a folder to be
//! thrown away.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use rustix::fs::{AtFlags, CWD, Mode, Timespec};
use sandpit_api::{ApiError, ErrorCode};
use tar::{Archive, Entry, EntryType};

use super::place::{self, Look, OPERATION, Place, failed, refused};
use crate::file::fault::Result;

/// The most entries of an archive.
const ENTRIES: u64 = 1_000_000;
/// The most that the names of an archive's folders take in memory, bytes.
const FOLDER_NAMES: usize = 64 << 20;
/// The most that comes before an entry: its header, its long names and other attributes, bytes.
const HEADERS: u64 = 1 << 20;
/// What stays free of a file system, bytes; of a small one, a fiftieth.
const RESERVE: u64 = 256 << 20;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What came out of an archive.
#[derive(Debug, Default)]
pub struct Unpacked {
    pub entries: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// Folders that their owner may not use fully, with the mode they get once they are in place.
    pub sealed: Vec<(PathBuf, u32)>,
}

/// Unpacks `source`, which is tar, or tar in gzip, into the empty `folder`.
pub fn unpack(source: impl Read, folder: &Path) -> Result<Unpacked> {
    let mut source = BufReader::with_capacity(64 * 1024, source);
    let gzip = source.fill_buf().map_err(broken)?.starts_with(&GZIP);
    if gzip { read(MultiGzDecoder::new(source), folder) } else { read(source, folder) }
}

fn read(source: impl Read, folder: &Path) -> Result<Unpacked> {
    let gauge = Rc::new(Gauge::default());
    let mut archive = Archive::new(Metered { source, gauge: gauge.clone() });
    let mut tree =
        Tree { place: Place::open(folder)?, unpacked: Unpacked::default(), folders: Vec::new(), names: 0 };
    gauge.allowed.set(HEADERS);
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        gauge.allowed.set(u64::MAX);
        tree.take(&mut entry)?;
        // What the entry did not use is read now, so that the rest is only headers.
        io::copy(&mut entry, &mut io::sink()).map_err(broken)?;
        gauge.allowed.set(HEADERS);
    }
    if gauge.ended.get() {
        return Err(broken(io::Error::other("it ends without the mark of its end")));
    }
    tree.finish(folder)
}

/// The error of an archive that is none, or not whole.
fn broken(error: io::Error) -> Box<ApiError> {
    match error.downcast::<ApiError>() {
        Ok(error) => Box::new(error.during(OPERATION)),
        Err(error) => ApiError::invalid("body", format!("the body is not a whole tar archive: {error}"))
            .during(OPERATION)
            .into(),
    }
}

fn too_large(what: &str, limit: u64) -> Box<ApiError> {
    ApiError::new(ErrorCode::FileTooLarge, format!("the archive has more than {limit} {what}"))
        .with("limit", limit)
        .during(OPERATION)
        .into()
}

/// How much may be read before something must be done with it.
#[derive(Default)]
struct Gauge {
    allowed: Cell<u64>,
    ended: Cell<bool>,
}

struct Metered<R> {
    source: R,
    gauge: Rc<Gauge>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        let Some(left) = self.gauge.allowed.get().checked_sub(read as u64) else {
            return Err(io::Error::other(*too_large("bytes before one entry", HEADERS)));
        };
        self.gauge.allowed.set(left);
        self.gauge.ended.set(read == 0 && !into.is_empty());
        Ok(read)
    }
}

/// What has been unpacked so far.
struct Tree {
    place: Place,
    unpacked: Unpacked,
    /// Folders get their look last: what comes into them would change it.
    folders: Vec<(PathBuf, Look)>,
    /// Bytes of the names in `folders`.
    names: usize,
}

impl Tree {
    fn take<R: Read>(&mut self, entry: &mut Entry<'_, R>) -> Result<()> {
        let kind = entry.header().entry_type();
        if kind.is_pax_global_extensions() {
            return Ok(());
        }
        let path = place::relative(&entry.path_bytes())?;
        let look = look(entry, &path)?;
        self.unpacked.entries += 1;
        if self.unpacked.entries > ENTRIES {
            return Err(too_large("entries", ENTRIES));
        }
        if path.as_os_str().is_empty() {
            return if kind.is_dir() { Ok(()) } else { Err(refused(Path::new("."), "not a folder")) };
        }
        self.require_space(&path, entry.size())?;
        // Archives of old write a folder as a file whose name ends so.
        let folder = kind.is_dir() || kind.is_file() && entry.path_bytes().ends_with(b"/");
        match kind {
            _ if folder => self.folder(path, look),
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                self.file(entry, &path, &look)
            }
            EntryType::Symlink => self.place.link(&path, &target(entry, &path)?, &look),
            EntryType::Link => {
                let target = place::relative(target(entry, &path)?.as_bytes());
                let target =
                    target.map_err(|_| refused(&path, "a hard link that leads out of the archive"))?;
                self.place.hard_link(&path, &target)
            }
            EntryType::Fifo => self.place.pipe(&path, &look),
            EntryType::Char | EntryType::Block => Err(refused(&path, "a device")),
            _ => Err(refused(&path, "an entry of a kind that is not understood")),
        }
    }

    /// A bomb is refused before it fills the disk for everybody.
    fn require_space(&self, path: &Path, size: u64) -> Result<()> {
        let system = rustix::fs::fstatvfs(self.place.root()).map_err(|error| failed(path, error))?;
        let reserve = RESERVE.min(system.f_blocks / 50 * system.f_frsize);
        let usable = (system.f_bavail * system.f_frsize).saturating_sub(reserve);
        // An entry takes a block even when it is empty.
        if size.saturating_add(system.f_frsize) <= usable {
            return Ok(());
        }
        Err(Box::new(failed(path, rustix::io::Errno::NOSPC).with("needed", size).with("free", usable)))
    }

    fn folder(&mut self, path: PathBuf, look: Look) -> Result<()> {
        self.place.folder(&path)?;
        self.names += path.as_os_str().len();
        if self.names > FOLDER_NAMES {
            return Err(too_large("bytes of names of folders", FOLDER_NAMES as u64));
        }
        self.folders.push((path, look));
        Ok(())
    }

    fn file<R: Read>(&mut self, entry: &mut Entry<'_, R>, path: &Path, look: &Look) -> Result<()> {
        let mut file = self.place.file(path)?;
        let size = entry.size();
        let written = fill(&mut file, entry, path)?;
        if written != size {
            return Err(broken(io::ErrorKind::UnexpectedEof.into()));
        }
        self.unpacked.bytes += written;
        rustix::fs::fchmod(&file, Mode::from_raw_mode(look.mode))
            .and_then(|()| rustix::fs::futimens(&file, &look.times()))
            .map_err(|error| failed(path, error))
    }

    /// Gives folders their look, innermost first.
    fn finish(mut self, root: &Path) -> Result<Unpacked> {
        for (path, look) in self.folders.into_iter().rev() {
            let whole = root.join(&path);
            let usable = look.mode | 0o700;
            rustix::fs::chmod(&whole, Mode::from_raw_mode(usable))
                .and_then(|()| rustix::fs::utimensat(CWD, &whole, &look.times(), AtFlags::SYMLINK_NOFOLLOW))
                .map_err(|error| failed(&path, error))?;
            if usable != look.mode {
                self.unpacked.sealed.push((path, look.mode));
            }
        }
        Ok(self.unpacked)
    }
}

/// Copies what `entry` holds; tells which side failed.
fn fill<R: Read>(file: &mut File, entry: &mut Entry<'_, R>, path: &Path) -> Result<u64> {
    let mut buffer = vec![0; 64 * 1024];
    let mut written = 0;
    loop {
        let read = entry.read(&mut buffer).map_err(broken)?;
        if read == 0 {
            return Ok(written);
        }
        io::Write::write_all(file, &buffer[..read]).map_err(|error| failed(path, error))?;
        written += read as u64;
    }
}

fn target<R: Read>(entry: &Entry<'_, R>, path: &Path) -> Result<OsString> {
    let bytes = entry.link_name_bytes().filter(|bytes| !bytes.is_empty() && !bytes.contains(&0));
    bytes.map(|bytes| OsStr::from_bytes(&bytes).to_owned()).ok_or_else(|| refused(path, "a link to nothing"))
}

/// The mode and time of an entry. Attributes that would change what its content means are refused.
fn look<R: Read>(entry: &mut Entry<'_, R>, path: &Path) -> Result<Look> {
    let mode = entry.header().mode().map_err(broken)? & 0o777;
    let seconds = entry.header().mtime().map_err(broken)?;
    let mut modified = Timespec { tv_sec: i64::try_from(seconds).unwrap_or(0), tv_nsec: 0 };
    for attribute in entry.pax_extensions().map_err(broken)?.into_iter().flatten() {
        // `tar` takes a newline within a value for its end and would go on with half a name.
        let attribute = attribute.map_err(|_| refused(path, "attributes that cannot be read"))?;
        match attribute.key_bytes() {
            b"mtime" => modified = time(attribute.value_bytes()).unwrap_or(modified),
            key if key.starts_with(b"GNU.sparse") => {
                return Err(refused(path, "a sparse file in the PAX format; pack it with --format=gnu"));
            }
            _ => {}
        }
    }
    Ok(Look { mode, modified })
}

/// A time as PAX writes it: seconds with a fraction.
fn time(text: &[u8]) -> Option<Timespec> {
    let text = std::str::from_utf8(text).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    Some(Timespec { tv_sec: whole.parse().ok()?, tv_nsec: digits.parse().ok()? })
}
