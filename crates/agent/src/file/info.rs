//! What is told of one file, made from its `stat` without asking the kernel twice.

use std::ffi::OsString;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use rustix::fs::{AtFlags, CWD, FileType as Kind, RawMode, Stat, StatVfsMountFlags};
use rustix::path::Arg;
use sandpit_api::file::{FileInfo, FileType, Permissions};

use super::fault::{Result, fault};
use super::name;

static TIMES: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// The user this process acts as.
struct User {
    uid: u32,
    groups: Vec<u32>,
}

fn user() -> &'static User {
    static USER: OnceLock<User> = OnceLock::new();
    USER.get_or_init(|| {
        let mut groups: Vec<u32> =
            rustix::process::getgroups().unwrap_or_default().iter().map(|group| group.as_raw()).collect();
        groups.push(rustix::process::getegid().as_raw());
        User { uid: rustix::process::geteuid().as_raw(), groups }
    })
}

/// An info to be filled again and again, so that a long listing allocates nothing for each file.
pub fn blank() -> FileInfo {
    FileInfo {
        name: String::new(),
        absolute_path: String::new(),
        relative_path: String::new(),
        kind: FileType::Other,
        size: 0,
        modified_at: String::new(),
        mode: String::new(),
        permissions: Permissions { readable: false, writable: false, executable: false },
        target: None,
        target_is_directory: false,
    }
}

/// Fills all but the names and the link's target. `read_only` says that nothing can be written on
/// its mount.
pub fn fill(info: &mut FileInfo, stat: &Stat, read_only: bool) {
    info.kind = kind(Kind::from_raw_mode(stat.st_mode));
    info.size = u64::try_from(stat.st_size).unwrap_or(0);
    info.modified_at.clear();
    write_time(&mut info.modified_at, stat.st_mtime, stat.st_mtime_nsec as i64);
    info.mode.clear();
    write_mode(&mut info.mode, stat.st_mode);
    info.permissions = permissions(stat, user(), read_only);
    info.target = None;
    info.target_is_directory = false;
}

/// Fills what is known of an entry whose `stat` is refused: its type and no more.
pub fn fill_unknown(info: &mut FileInfo, kind_told: Kind) {
    let blank = blank();
    info.kind = kind(kind_told);
    info.size = 0;
    info.modified_at.clear();
    write_time(&mut info.modified_at, 0, 0);
    info.mode.clear();
    info.mode.push_str("---------");
    info.permissions = blank.permissions;
    info.target = None;
    info.target_is_directory = false;
}

/// Adds where the symbolic link `entry` of `folder` points.
pub fn fill_target<P: Arg + Copy>(info: &mut FileInfo, folder: BorrowedFd<'_>, entry: P) {
    if let Ok(target) = rustix::fs::readlinkat(folder, entry, Vec::new()) {
        let target = OsString::from_vec(target.into_bytes());
        info.target = Some(name::encode(&target).into_owned());
    }
    info.target_is_directory = rustix::fs::statat(folder, entry, AtFlags::empty())
        .is_ok_and(|stat| Kind::from_raw_mode(stat.st_mode) == Kind::Directory);
}

/// The info of the one entry at `path`, a symbolic link not followed.
pub fn of(path: &Path) -> Result<FileInfo> {
    let stat = rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW)
        .map_err(|error| fault("file.stat", path, error))?;
    let mut info = blank();
    fill(&mut info, &stat, is_read_only(rustix::fs::statvfs(path)));
    if info.kind == FileType::Symlink {
        fill_target(&mut info, CWD, path);
    }
    let shown = name::encode(path.as_os_str());
    info.name = path.file_name().map_or_else(|| shown.clone(), name::encode).into_owned();
    info.relative_path.clone_from(&info.name);
    info.absolute_path = shown.into_owned();
    Ok(info)
}

pub fn is_read_only(mount: rustix::io::Result<rustix::fs::StatVfs>) -> bool {
    mount.is_ok_and(|mount| mount.f_flag.contains(StatVfsMountFlags::RDONLY))
}

fn kind(kind: Kind) -> FileType {
    match kind {
        Kind::RegularFile => FileType::File,
        Kind::Directory => FileType::Directory,
        Kind::Symlink => FileType::Symlink,
        _ => FileType::Other,
    }
}

fn write_time(text: &mut String, seconds: i64, nanoseconds: i64) {
    let time = Timestamp::new(seconds, nanoseconds as i32).unwrap_or(Timestamp::UNIX_EPOCH);
    // Writing into a `String` cannot fail.
    let _ = TIMES.print_timestamp(&time, text);
}

fn write_mode(text: &mut String, mode: RawMode) {
    for bit in (0..9).rev() {
        let letter = ['x', 'w', 'r'][bit % 3];
        text.push(if mode & (1 << bit) == 0 { '-' } else { letter });
    }
}

/// By mode and owner; access lists are not looked at.
fn permissions(stat: &Stat, user: &User, read_only: bool) -> Permissions {
    let mode = stat.st_mode;
    if user.uid == 0 {
        let folder = Kind::from_raw_mode(mode) == Kind::Directory;
        return Permissions { readable: true, writable: !read_only, executable: folder || mode & 0o111 != 0 };
    }
    let shift = if stat.st_uid == user.uid {
        6
    } else if user.groups.contains(&stat.st_gid) {
        3
    } else {
        0
    };
    let bits = mode >> shift;
    Permissions { readable: bits & 4 != 0, writable: bits & 2 != 0 && !read_only, executable: bits & 1 != 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_written_as_ls_writes_it() {
        let mut text = String::new();
        write_mode(&mut text, 0o100_754);
        assert_eq!(text, "rwxr-xr--");
    }

    #[test]
    fn a_time_has_milliseconds_and_is_utc() {
        let mut text = String::new();
        write_time(&mut text, 1_700_000_000, 120_999_999);
        assert_eq!(text, "2023-11-14T22:13:20.120Z");
    }

    #[test]
    fn a_link_tells_where_it_points_and_whether_that_is_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("real")).unwrap();
        std::os::unix::fs::symlink("real", dir.path().join("link")).unwrap();
        std::os::unix::fs::symlink("loop", dir.path().join("loop")).unwrap();
        let link = of(&dir.path().join("link")).unwrap();
        assert_eq!((link.kind, link.target.as_deref()), (FileType::Symlink, Some("real")));
        assert!(link.target_is_directory);
        let looped = of(&dir.path().join("loop")).unwrap();
        assert!(!looped.target_is_directory);
    }
}
