//! MIME types: by content where content tells, else by name. No I/O.

use std::path::Path;

/// How much of a file's beginning is looked at, in bytes.
pub const HEAD: usize = 8192;

/// The type of a file that begins with `head`.
pub fn of(path: &Path, head: &[u8]) -> String {
    let by_name = mime_guess::from_path(path).first_raw();
    if is_text(head) {
        // Text under the name of a picture or a film (`.ts`) is text.
        return by_name.filter(|guess| is_textual(guess)).unwrap_or(text_of(head)).to_owned();
    }
    let by_content = infer::get(head).map(|kind| kind.mime_type());
    // A document format inside a ZIP is better named by its extension.
    by_content
        .filter(|kind| *kind != "application/zip")
        .or(by_name.filter(|guess| !is_textual(guess)))
        .or(by_content)
        .unwrap_or("application/octet-stream")
        .to_owned()
}

/// Whether `head` is text: UTF-8, perhaps cut in the middle of a character, and no NUL.
pub fn is_text(head: &[u8]) -> bool {
    let whole = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && head.len() >= HEAD,
    };
    whole && !head.contains(&0)
}

fn text_of(head: &[u8]) -> &'static str {
    let start = head.trim_ascii_start();
    match start {
        _ if start.starts_with(b"<svg") => "image/svg+xml",
        _ if start.starts_with(b"<!DOCTYPE html") || start.starts_with(b"<html") => "text/html",
        _ if start.starts_with(b"<?xml") => "text/xml",
        _ => "text/plain",
    }
}

fn is_textual(mime: &str) -> bool {
    const TEXTUAL: &[&str] = &[
        "application/json",
        "application/javascript",
        "application/xml",
        "application/toml",
        "application/yaml",
        "application/x-yaml",
        "application/x-sh",
        "application/sql",
        "application/x-tex",
        "application/x-httpd-php",
        "application/typescript",
    ];
    mime.starts_with("text/") || mime.ends_with("+xml") || mime.ends_with("+json") || TEXTUAL.contains(&mime)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_name(name: &str, head: &[u8]) -> String {
        of(Path::new(name), head)
    }

    #[test]
    fn content_is_believed_over_the_name() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        assert_eq!(of_name("photo.txt", png), "image/png");
        assert_eq!(of_name("clip.ts", b"const a: number = 1"), "text/plain");
        assert_eq!(of_name("data.bin", b"\0\x01\x02\xff"), "application/octet-stream");
    }

    #[test]
    fn text_is_named_by_its_extension() {
        assert_eq!(of_name("a.json", b"{}"), "application/json");
        assert_eq!(of_name("a.svg", b"<svg/>"), "image/svg+xml");
        assert_eq!(of_name("a.html", b"<p>"), "text/html");
        assert_eq!(of_name("noext", b"hello"), "text/plain");
        assert_eq!(of_name("noext", b""), "text/plain");
    }

    #[test]
    fn a_character_cut_at_the_end_of_the_head_is_still_text() {
        let mut head = vec![b'a'; HEAD - 1];
        head.push(0xc3);
        assert!(is_text(&head));
        assert!(!is_text(b"abc\xc3"));
    }
}
