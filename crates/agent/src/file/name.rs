//! File names on the wire: any name Linux allows, written as text and read back without loss.
//!
//! JSON carries Unicode, a Linux name is bytes. A byte that is no part of valid UTF-8 is written as
//! the private character U+F700 plus the byte (U+F780 to U+F7FF). A name that really holds such a
//! character has each of its bytes written that way, so two names never look the same.
//! This module does no I/O.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use sandpit_api::{ApiError, ErrorCode};

use super::fault::Result;

/// The longest path the kernel takes, in bytes, its ending NUL included.
const PATH_MAX: usize = 4096;
const ESCAPES: std::ops::RangeInclusive<char> = '\u{F780}'..='\u{F7FF}';

/// `name` as text.
pub fn encode(name: &OsStr) -> Cow<'_, str> {
    let bytes = name.as_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(|c| ESCAPES.contains(&c)) => Cow::Borrowed(text),
        _ => Cow::Owned(escape(bytes)),
    }
}

fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if ESCAPES.contains(&c) {
                c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| text.push(escaped(byte)));
            } else {
                text.push(c);
            }
        }
        chunk.invalid().iter().for_each(|byte| text.push(escaped(*byte)));
    }
    text
}

fn escaped(byte: u8) -> char {
    char::from_u32(0xF700 + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The name that `text` stands for.
pub fn decode(text: &str) -> OsString {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        if ESCAPES.contains(&c) {
            bytes.push((u32::from(c) - 0xF700) as u8);
        } else {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    OsString::from_vec(bytes)
}

/// The path of a request: absolute, or relative to `workspace`. `..` is left to the kernel, since
/// the sandbox is the boundary; `.` and doubled slashes are dropped.
pub fn resolve(workspace: &Path, field: &str, text: &str) -> Result<PathBuf> {
    if text.is_empty() {
        return Err(ApiError::invalid(field, format!("{field} is empty")).into());
    }
    if text.contains('\0') {
        return Err(ApiError::invalid(field, format!("{field} contains a NUL")).into());
    }
    let path: PathBuf = workspace.join(decode(text)).components().collect();
    if path.as_os_str().len() >= PATH_MAX {
        return Err(ApiError::new(ErrorCode::NameTooLong, format!("{field} is longer than 4095 bytes"))
            .with("field", field)
            .into());
    }
    Ok(path)
}

/// Where `path` ends: its folder and its own name. A path such as `/` or `a/..` has no name.
pub fn split<'a>(path: &'a Path, field: &str) -> Result<(&'a Path, &'a OsStr)> {
    match (path.parent(), path.components().next_back()) {
        (Some(parent), Some(Component::Normal(name))) => Ok((parent, name)),
        _ => {
            Err(ApiError::invalid(field, format!("{} names no entry of a folder", encode(path.as_os_str())))
                .into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_comes_back_as_it_was() {
        let names: [&[u8]; 5] =
            [b"plain.txt", "gr\u{fc}n.txt".as_bytes(), b"caf\xe9.txt", b"\xff\xfe", "\u{F7E9}".as_bytes()];
        for name in names {
            let name = OsStr::from_bytes(name);
            assert_eq!(decode(&encode(name)), name);
        }
        assert_ne!(encode(OsStr::from_bytes(b"\xe9")), encode(OsStr::new("\u{F7E9}")));
    }

    #[test]
    fn fuzz_any_name_comes_back_as_it_was() {
        bolero::check!().for_each(|bytes: &[u8]| {
            let name = OsStr::from_bytes(bytes);
            assert_eq!(decode(&encode(name)), name);
        });
    }

    #[test]
    fn fuzz_a_path_is_refused_or_absolute_short_and_without_nul() {
        bolero::check!().with_type().for_each(|text: &String| {
            let Ok(path) = resolve(Path::new("/workspace"), "path", text) else { return };
            let bytes = path.as_os_str().as_bytes();
            assert!(path.is_absolute() && bytes.len() < PATH_MAX && !bytes.contains(&0));
            if let Ok((parent, name)) = split(&path, "path") {
                assert_eq!(parent.join(name), path);
                assert!(name != ".." && !name.as_bytes().contains(&b'/'));
            }
        });
    }

    #[test]
    fn a_relative_path_is_in_the_workspace_and_an_absolute_one_is_not() {
        let workspace = Path::new("/workspace");
        assert_eq!(resolve(workspace, "path", "a//./b/").unwrap(), Path::new("/workspace/a/b"));
        assert_eq!(resolve(workspace, "path", "/etc/hosts").unwrap(), Path::new("/etc/hosts"));
    }

    #[test]
    fn an_empty_a_nul_and_an_endless_path_are_refused_with_their_field() {
        let workspace = Path::new("/workspace");
        for bad in ["", "a\0b"] {
            let error = resolve(workspace, "oldPath", bad).unwrap_err();
            assert_eq!(error.code, ErrorCode::ValidationFailed);
            assert_eq!(error.context["field"], "oldPath");
        }
        let error = resolve(workspace, "path", &"a/".repeat(3000)).unwrap_err();
        assert_eq!(error.code, ErrorCode::NameTooLong);
    }

    #[test]
    fn a_path_that_names_no_entry_is_refused() {
        assert!(split(Path::new("/"), "path").is_err());
        assert!(split(Path::new("/a/.."), "path").is_err());
        assert_eq!(split(Path::new("/a/b"), "path").unwrap(), (Path::new("/a"), OsStr::new("b")));
    }
}
