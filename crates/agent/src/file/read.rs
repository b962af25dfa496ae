//! Reading files: only regular ones, so that no pipe or device can hang a request.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustix::fs::{FileType as Kind, Mode, OFlags, Stat};
use sandpit_api::{ApiError, ErrorCode};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::fault::{Result, fault};
use super::{mime, name};
use crate::server::reply;

/// The most that `POST /api/read` answers in one piece, bytes. Larger files are streamed.
pub const READ_LIMIT: u64 = 32 * 1024 * 1024;
/// Length of a streamed slice; a multiple of three, so that base64 slices join without padding.
pub const SLICE: usize = 65_535;
/// So much of a file is looked at before it is streamed as text, bytes.
const LOOK_AHEAD: u64 = 64 * 1024 * 1024;
const PIECE: u64 = 256 * 1024;

/// Opens a regular file for reading, following links.
pub fn open_regular(operation: &str, path: &Path) -> Result<(File, Stat)> {
    let failed = |error: rustix::io::Errno| fault(operation, path, error);
    // Asked first: opening a device may do something by itself.
    require_regular(operation, path, &rustix::fs::stat(path).map_err(failed)?)?;
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(failed)?;
    let stat = rustix::fs::fstat(&file).map_err(failed)?;
    require_regular(operation, path, &stat)?;
    Ok((file.into(), stat))
}

/// Refuses everything that is not a regular file.
pub fn require_regular(operation: &str, path: &Path, stat: &Stat) -> Result<()> {
    let what = match Kind::from_raw_mode(stat.st_mode) {
        Kind::RegularFile => return Ok(()),
        Kind::Directory => return Err(fault(operation, path, rustix::io::Errno::ISDIR)),
        Kind::Fifo => "pipe",
        Kind::Socket => "socket",
        Kind::CharacterDevice | Kind::BlockDevice => "device",
        _ => "special file",
    };
    let shown = name::encode(path.as_os_str());
    Err(ApiError::invalid("path", format!("{shown} is a {what}, not a file"))
        .with("path", shown.as_ref())
        .with("type", what)
        .during(operation)
        .into())
}

/// Reads the first bytes of a file, up to what is needed to tell its type.
pub fn head(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(mime::HEAD);
    file.take(mime::HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// How content crosses in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Base64,
}

impl Encoding {
    /// The encoding of a request; `None` leaves the choice to the content.
    pub fn parse(text: Option<&str>) -> Result<Option<Self>> {
        match text {
            None => Ok(None),
            Some("utf-8" | "utf8") => Ok(Some(Self::Utf8)),
            Some("base64") => Ok(Some(Self::Base64)),
            Some(other) => {
                let error =
                    ApiError::invalid("encoding", format!("encoding {other:?} is not utf-8 or base64"));
                Err(error.suggest("The bytes as they are: GET and PUT /api/files/raw").into())
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Base64 => "base64",
        }
    }

    fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Base64 => BASE64.encode(bytes),
        }
    }
}

/// The content of a file, in one piece of at most 32 MiB.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileContent {
    path: String,
    content: String,
    /// Of `content`: `utf-8` or `base64`.
    encoding: &'static str,
    is_binary: bool,
    mime_type: String,
    /// Bytes.
    size: usize,
}

/// Reads a file in one piece; without `encoding`, what it holds decides.
pub fn read(path: &Path, encoding: Option<Encoding>) -> Result<FileContent> {
    let (file, stat) = open_regular("file.read", path)?;
    let mut content = Vec::with_capacity(usize::try_from(stat.st_size).unwrap_or(0).min(READ_LIMIT as usize));
    let failed = |error| fault("file.read", path, error);
    // The size in `stat` may be a lie (`/proc`), so what is read is counted too.
    file.take(READ_LIMIT + 1).read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > READ_LIMIT {
        return Err(too_large(path));
    }
    let text = std::str::from_utf8(&content).is_ok() && !content.contains(&0);
    let encoding = encoding.unwrap_or(if text { Encoding::Utf8 } else { Encoding::Base64 });
    Ok(FileContent {
        path: name::encode(path.as_os_str()).into_owned(),
        content: encoding.encode(&content),
        encoding: encoding.name(),
        is_binary: !text,
        mime_type: mime::of(path, &content[..content.len().min(mime::HEAD)]),
        size: content.len(),
    })
}

fn too_large(path: &Path) -> Box<ApiError> {
    let shown = name::encode(path.as_os_str());
    ApiError::new(ErrorCode::FileTooLarge, format!("{shown} is larger than 32 MiB"))
        .with("path", shown.as_ref())
        .with("limit", READ_LIMIT)
        .suggest("Stream it: POST /api/read/stream, or GET /api/files/raw")
        .during("file.read")
        .into()
}

/// A file opened for `POST /api/read/stream`.
pub struct Slices {
    file: File,
    encoding: Encoding,
    /// Whether `encoding` was asked for; else text must be text to its end.
    asked: bool,
    pending: Vec<u8>,
    metadata: Value,
}

impl Slices {
    /// Opens `path`; without `encoding`, what it holds decides.
    pub fn open(path: &Path, encoding: Option<Encoding>) -> Result<Self> {
        let failed = |error: io::Error| fault("file.read", path, error);
        let (mut file, stat) = open_regular("file.read", path)?;
        let pending = head(&mut file).map_err(failed)?;
        let chosen = match encoding {
            Some(encoding) => encoding,
            None if mime::is_text(&pending) && goes_on_as_text(&mut file, &pending).map_err(failed)? => {
                Encoding::Utf8
            }
            None => Encoding::Base64,
        };
        file.seek(SeekFrom::Start(pending.len() as u64)).map_err(failed)?;
        let metadata = json!({
            "type": "metadata",
            "mimeType": mime::of(path, &pending),
            "size": stat.st_size,
            "isBinary": chosen == Encoding::Base64,
            "encoding": chosen.name(),
        });
        Ok(Self { file, encoding: chosen, asked: encoding.is_some(), pending, metadata })
    }

    /// Gives each event to `send`, until the file ends or `send` refuses.
    pub fn stream(mut self, mut send: impl FnMut(Value) -> bool) {
        let metadata = std::mem::take(&mut self.metadata);
        if !send(metadata) {
            return;
        }
        let mut bytes_read = 0;
        loop {
            match self.next_slice() {
                Ok(None) => break,
                Ok(Some(slice)) => {
                    bytes_read += slice.len();
                    if !send(json!({ "type": "chunk", "data": self.encoding.encode(&slice) })) {
                        return;
                    }
                }
                Err(error) => {
                    send(
                        json!({ "type": "error", "error": error.to_string(), "code": reply::code_of(&error) }),
                    );
                    return;
                }
            }
        }
        send(json!({ "type": "complete", "bytesRead": bytes_read }));
    }

    /// The next slice; text is not cut within a character.
    fn next_slice(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut slice = std::mem::take(&mut self.pending);
        let missing = SLICE.saturating_sub(slice.len());
        (&mut self.file).take(missing as u64).read_to_end(&mut slice)?;
        if self.encoding == Encoding::Utf8 && slice.len() == SLICE {
            self.pending = slice.split_off(whole_characters(&slice));
        }
        let spoiled = self.encoding == Encoding::Utf8 && std::str::from_utf8(&slice).is_err();
        if spoiled && !self.asked {
            return Err(io::Error::other("it is not text to its end; ask for it with encoding base64"));
        }
        Ok((!slice.is_empty()).then_some(slice))
    }
}

/// Whether a file whose beginning is text stays text, as far as is looked ahead.
fn goes_on_as_text(file: &mut File, head: &[u8]) -> io::Result<bool> {
    let mut ahead = file.take(LOOK_AHEAD);
    let mut buffer = head[whole_characters(head)..].to_vec();
    while (&mut ahead).take(PIECE).read_to_end(&mut buffer)? > 0 {
        let whole = whole_characters(&buffer);
        if std::str::from_utf8(&buffer[..whole]).is_err() || buffer.contains(&0) {
            return Ok(false);
        }
        buffer.drain(..whole);
    }
    // What is left is a character without its end: cut off by the file, or only by the look.
    Ok(buffer.is_empty() || ahead.limit() == 0)
}

/// How many bytes of `text` come before a character that its end cuts off.
fn whole_characters(text: &[u8]) -> usize {
    match std::str::from_utf8(&text[text.len().saturating_sub(4)..]) {
        Err(error) if error.error_len().is_none() => text.len().saturating_sub(4) + error.valid_up_to(),
        // The look back may itself begin within a character; then look at where the last one starts.
        _ => {
            let start = text.iter().rposition(|byte| byte & 0xC0 != 0x80).unwrap_or(text.len());
            let cut = (1..=3).contains(&(text.len() - start)) && std::str::from_utf8(&text[start..]).is_err();
            if cut { start } else { text.len() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(path: &Path) -> Vec<Value> {
        let mut events = Vec::new();
        Slices::open(path, None).unwrap().stream(|event| {
            events.push(event);
            true
        });
        events
    }

    #[test]
    fn text_is_read_as_text_and_binary_as_base64() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, "gr\u{fc}n").unwrap();
        let read_text = read(&path, None).unwrap();
        assert_eq!(read_text.content, "gr\u{fc}n");
        assert_eq!((read_text.encoding, read_text.is_binary), ("utf-8", false));
        std::fs::write(&path, [0, 255, 1]).unwrap();
        let read_binary = read(&path, None).unwrap();
        assert_eq!(read_binary.content, "AP8B");
        assert!(read_binary.is_binary);
    }

    #[test]
    fn a_pipe_a_device_and_a_folder_are_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, Kind::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        assert_eq!(read(&pipe, None).unwrap_err().code, ErrorCode::ValidationFailed);
        assert_eq!(read(Path::new("/dev/zero"), None).unwrap_err().context["type"], "device");
        assert_eq!(read(dir.path(), None).unwrap_err().code, ErrorCode::IsDirectory);
        assert_eq!(read(&dir.path().join("no"), None).unwrap_err().code, ErrorCode::FileNotFound);
    }

    #[test]
    fn a_file_of_proc_is_read_whole_although_it_says_it_is_empty() {
        let status = read(Path::new("/proc/self/status"), None).unwrap();
        assert!(status.content.starts_with("Name:"));
    }

    #[test]
    fn more_than_the_limit_is_too_large() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("big");
        File::create(&path).unwrap().set_len(READ_LIMIT + 1).unwrap();
        assert_eq!(read(&path, None).unwrap_err().code, ErrorCode::FileTooLarge);
    }

    #[test]
    fn slices_of_text_end_between_characters_and_join_to_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let text: String = "a\u{20ac}\u{1F600}".repeat(40_000);
        std::fs::write(&path, &text).unwrap();
        let events = events(&path);
        let joined: String = events.iter().filter_map(|event| event["data"].as_str()).collect();
        assert!(joined == text, "the slices join to the file");
        assert_eq!(events.last().unwrap()["bytesRead"], text.len());
    }

    #[test]
    fn what_is_text_at_first_only_is_bytes_or_an_error_and_never_other_text() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        for end in [&b"\xff\xfe"[..], b"\0", b"\xe2\x82", b"\xe2\x80\x80\x80\x80\x80"] {
            let bytes = ["y\n".repeat(200_000).as_bytes(), end].concat();
            std::fs::write(&path, &bytes).unwrap();
            let events = events(&path);
            assert_eq!(events[0]["encoding"], "base64", "{end:?}");
            let joined: String = events.iter().filter_map(|event| event["data"].as_str()).collect();
            assert!(BASE64.decode(joined).unwrap() == bytes, "{end:?}");
        }
        // Beyond what is looked at before.
        let mut file = File::create(&path).unwrap();
        let line = vec![b'y'; 1 << 20];
        (0..65).for_each(|_| io::Write::write_all(&mut file, &line).unwrap());
        io::Write::write_all(&mut file, b"\xff").unwrap();
        let events = events(&path);
        assert_eq!(events[0]["encoding"], "utf-8");
        assert_eq!(events.last().unwrap()["type"], "error");
    }

    #[test]
    fn an_encoding_that_is_asked_for_is_used() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, b"text").unwrap();
        let mut told = Vec::new();
        Slices::open(&path, Some(Encoding::Base64)).unwrap().stream(|event| {
            told.push(event);
            true
        });
        assert_eq!((&told[0]["encoding"], &told[1]["data"]), (&json!("base64"), &json!("dGV4dA==")));
        let refused = Encoding::parse(Some("none")).unwrap_err();
        assert!(refused.suggestion.is_some_and(|suggestion| suggestion.contains("/api/files/raw")));
    }

    #[test]
    fn slices_of_bytes_join_as_base64() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let bytes: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let joined: String = events(&path).iter().filter_map(|event| event["data"].as_str()).collect();
        assert!(BASE64.decode(joined).unwrap() == bytes, "the slices join to the file");
    }
}
