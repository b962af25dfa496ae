//! The trash of freedesktop.org (Trash specification 1.0): what is put there can be put back.

use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use sandpit_api::ApiError;
use sandpit_api::file::{TrashEntry, Trashed};

use super::fault::{Result, fault};
use super::{change, name};

/// Puts `paths` into the trash of their mount. Either all of them go, or none.
pub fn trash(paths: &[PathBuf], workspace: &Path) -> Result<Trashed> {
    let mut entries = Vec::with_capacity(paths.len());
    for path in paths {
        match trash_one(path, workspace) {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                // Undoing is best effort: what cannot go back is still in the trash.
                entries.iter().rev().for_each(|entry| drop(restore_one(entry)));
                return Err(error);
            }
        }
    }
    Ok(Trashed { entries })
}

/// Puts entries back where they were.
pub fn restore(trashed: &Trashed) -> Result<()> {
    // Backwards: a folder comes back before what was taken out of it first.
    trashed.entries.iter().rev().try_for_each(restore_one)
}

fn trash_one(path: &Path, workspace: &Path) -> Result<TrashEntry> {
    let failed = |error: std::io::Error| fault("file.trash", path, error);
    let (parent, file_name) = name::split(path, "paths")?;
    let device = fs::symlink_metadata(path).map_err(failed)?.dev();
    let parent = fs::canonicalize(parent).map_err(failed)?;
    let path = parent.join(file_name);
    if fs::symlink_metadata(&path).map_err(failed)?.is_dir() {
        change::refuse_roots(&path, workspace)?;
    }
    let top = top_folder(&parent, device, workspace);
    let trash = open_trash(&top).map_err(|error| fault("file.trash", &top, error))?;
    let (info, kept) = reserve(&trash, &top, &path).map_err(failed)?;
    match change::put(&path, &kept, false) {
        Ok(()) => Ok(TrashEntry { path: shown(&path), trashed_path: shown(&kept) }),
        Err(error) => {
            let _ = fs::remove_file(info);
            Err(fault("file.trash", &path, error))
        }
    }
}

fn shown(path: &Path) -> String {
    name::encode(path.as_os_str()).into_owned()
}

/// The workspace for what is in it, else the top of the mount that holds `parent`.
fn top_folder(parent: &Path, device: u64, workspace: &Path) -> PathBuf {
    let workspace = fs::canonicalize(workspace).unwrap_or_else(|_| workspace.to_owned());
    let on_device = |folder: &Path| fs::metadata(folder).is_ok_and(|metadata| metadata.dev() == device);
    if parent.starts_with(&workspace) && on_device(&workspace) {
        return workspace;
    }
    let same = parent.ancestors().take_while(|above| on_device(above));
    same.last().unwrap_or(parent).to_owned()
}

/// The user's trash in `top`, made when it is missing. A link in its place is not followed.
fn open_trash(top: &Path) -> std::io::Result<PathBuf> {
    let trash = top.join(format!(".Trash-{}", rustix::process::geteuid().as_raw()));
    for folder in [trash.clone(), trash.join("files"), trash.join("info")] {
        match fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
            _ if fs::symlink_metadata(&folder)?.is_dir() => {}
            _ => return Err(Errno::NOTDIR.into()),
        }
    }
    Ok(trash)
}

/// Writes the info file, whose name nobody else can have then, and says where the entry goes.
fn reserve(trash: &Path, top: &Path, path: &Path) -> std::io::Result<(PathBuf, PathBuf)> {
    let original = path.file_name().unwrap_or_default().as_bytes();
    for attempt in 1u32.. {
        let kept = kept_name(original, attempt);
        let kept = std::ffi::OsStr::from_bytes(&kept);
        let mut info_name = kept.to_owned();
        info_name.push(".trashinfo");
        let info = trash.join("info").join(info_name);
        match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&info) {
            Ok(mut file) => {
                file.write_all(describe(top, path).as_bytes())?;
                return Ok((info, trash.join("files").join(kept)));
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(Errno::EXIST.into())
}

/// A name for the trash: the first takes its own, later ones a number. Room is left for the ending
/// of the info file within 255 bytes.
fn kept_name(original: &[u8], attempt: u32) -> Vec<u8> {
    let number = if attempt == 1 { String::new() } else { format!(".{attempt}") };
    let room = 255 - ".trashinfo".len() - number.len();
    [&original[..original.len().min(room)], number.as_bytes()].concat()
}

fn describe(top: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(top).unwrap_or(path);
    let mut escaped = String::new();
    for byte in relative.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(char::from(*byte));
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    let date = jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    format!("[Trash Info]\nPath={escaped}\nDeletionDate={date}\n")
}

fn restore_one(entry: &TrashEntry) -> Result<()> {
    let kept = PathBuf::from(name::decode(&entry.trashed_path));
    let path = PathBuf::from(name::decode(&entry.path));
    let info = info_of(&kept).ok_or_else(|| {
        ApiError::invalid("entries", format!("{} is not in a trash", entry.trashed_path))
            .with("path", entry.trashed_path.as_str())
    })?;
    let mut made = path.parent().map(|parent| change::make_parents("file.restore", parent)).transpose()?;
    change::put(&kept, &path, false).map_err(|error| match error {
        Errno::NOENT => fault("file.restore", &kept, error),
        _ => fault("file.restore", &path, error),
    })?;
    if let Some(made) = &mut made {
        made.keep();
    }
    // The entry is back; an info file that stays describes nothing and is ignored by every trash.
    let _ = fs::remove_file(info);
    Ok(())
}

/// The info file of an entry of a trash; `None` for a path that is none.
fn info_of(kept: &Path) -> Option<PathBuf> {
    let files = kept.parent()?;
    let trash = files.parent()?;
    let named = trash.file_name()?.as_bytes().starts_with(b".Trash-");
    let plain = kept.components().all(|part| part != std::path::Component::ParentDir);
    let mut info = kept.file_name()?.to_owned();
    info.push(".trashinfo");
    (named && plain && files.file_name()? == "files").then(|| trash.join("info").join(info))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandpit_api::ErrorCode;

    #[test]
    fn what_is_trashed_comes_back_also_under_a_name_used_twice() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("d")).unwrap();
        fs::write(at("d/f x"), "one").unwrap();
        fs::write(at("f x"), "two").unwrap();
        let trashed = trash(&[at("d/f x"), at("f x"), at("d")], dir.path()).unwrap();
        assert!(!at("d").exists() && !at("f x").exists());
        let info = fs::read_dir(at(&format!(".Trash-{}", rustix::process::geteuid().as_raw())).join("info"));
        assert_eq!(info.unwrap().count(), 3);
        restore(&trashed).unwrap();
        assert_eq!(fs::read_to_string(at("d/f x")).unwrap_or_default(), "one");
        assert_eq!(fs::read_to_string(at("f x")).unwrap(), "two");
    }

    #[test]
    fn a_taken_place_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "old").unwrap();
        let trashed = trash(std::slice::from_ref(&path), dir.path()).unwrap();
        fs::write(&path, "new").unwrap();
        assert_eq!(restore(&trashed).unwrap_err().code, ErrorCode::FileExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }

    #[test]
    fn all_go_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "x").unwrap();
        let error = trash(&[path.clone(), dir.path().join("gone")], dir.path()).unwrap_err();
        assert_eq!(error.code, ErrorCode::FileNotFound);
        assert!(path.exists());
    }

    #[test]
    fn restoring_moves_nothing_but_trash_and_trashing_follows_no_planted_link() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("f"), "x").unwrap();
        let shown = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        let entry = TrashEntry { path: shown("g"), trashed_path: shown("f") };
        assert_eq!(restore(&Trashed { entries: vec![entry] }).unwrap_err().code, ErrorCode::ValidationFailed);
        let planted = dir.path().join(format!(".Trash-{}", rustix::process::geteuid().as_raw()));
        std::os::unix::fs::symlink("/tmp", planted).unwrap();
        assert_eq!(trash(&[dir.path().join("f")], dir.path()).unwrap_err().code, ErrorCode::NotDirectory);
    }

    #[test]
    fn a_name_of_255_bytes_fits_into_the_trash() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n".repeat(255));
        fs::write(&path, "x").unwrap();
        let trashed = trash(std::slice::from_ref(&path), dir.path()).unwrap();
        restore(&trashed).unwrap();
        assert!(path.exists());
    }
}
