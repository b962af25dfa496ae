//! Bytes of a file over HTTP, streamed both ways in flat memory: `GET|HEAD|PUT /api/files/raw`.

use std::fs::File;
use std::io::{Read as _, Seek, SeekFrom};
use std::path::PathBuf;

use axum::body::{Body, BodyDataStream};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_range_header::{RangeUnsatisfiableError, parse_range_header};
use rustix::fs::Stat;
use sandpit_api::ErrorCode::*;
use sandpit_api::answer::Success;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::io::ReaderStream;

use super::fault::{self, Result, blocking, fault};
use super::replace::{Expected, Replacement};
use super::{mime, name, read};
use crate::server::reply::{self, Query, Reply};
use crate::server::{State, extract};

/// How much is read from the disk at once, bytes.
const PIECE: usize = 256 * 1024;
/// Up to this length a file is read at once, bytes.
const SMALL: u64 = 64 * 1024;

/// The query of the route.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Target {
    /// Absolute, or relative to the workspace.
    #[param(example = "/workspace/a.py")]
    path: String,
    /// Anything but `0` or nothing: to be saved, not shown.
    #[serde(default)]
    download: String,
}

/// Names one version of one file: another content, size or file has another etag.
pub fn etag(stat: &Stat) -> String {
    let modified = i128::from(stat.st_mtime) * 1_000_000_000 + stat.st_mtime_nsec as i128;
    format!("\"{modified:x}-{:x}-{:x}\"", stat.st_size, stat.st_ino)
}

/// The bytes of a file, streamed; `Range`, `If-Range` and `If-None-Match` are honoured.
#[utoipa::path(
    method(get, head), path = "/api/files/raw", tag = "Files",
    params(
        Target,
        ("range" = Option<String>, Header, description = "`bytes=first-last`", example = "bytes=0-3"),
        ("if-none-match" = Option<String>, Header, description = "An etag of it"),
    ),
    responses(
        (status = 200, description = "The whole file", content_type = "*/*", body = Vec<u8>, example = json!("1 + 1\n")),
        (status = 206, description = "The range", content_type = "*/*", body = Vec<u8>, example = json!("1 + ")),
        (status = 304, description = "It is that version"),
        (status = 416, description = "The range lies outside of it"),
    ),
    extensions(("x-errors" = json!(fault::CODES))),
)]
pub async fn get(agent: State, Query(target): Query<Target>, headers: HeaderMap) -> Reply {
    let path = name::resolve(agent.workspace(), "path", &target.path)?;
    let download = !matches!(target.download.as_str(), "" | "0" | "false");
    let opened = blocking(move || Opened::open(path)).await?;
    Ok(opened.answer(&headers, download)?)
}

struct Opened {
    path: PathBuf,
    file: File,
    /// A small file is read at once: then its length is known, whatever its `stat` says (`/proc`, `/sys`).
    whole: Option<Bytes>,
    stat: Stat,
    mime: String,
}

impl Opened {
    fn open(path: PathBuf) -> Result<Self> {
        let failed = |error: std::io::Error| fault("file.read", &path, error);
        let (mut file, stat) = read::open_regular("file.read", &path)?;
        let mut start = Vec::new();
        (&mut file).take(SMALL + 1).read_to_end(&mut start).map_err(failed)?;
        let mime = mime::of(&path, &start[..start.len().min(mime::HEAD)]);
        let whole = (start.len() as u64 <= SMALL).then(|| Bytes::from(start));
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        Ok(Self { mime, path, file, whole, stat })
    }

    fn answer(self, request: &HeaderMap, download: bool) -> Result<Response> {
        let etag = etag(&self.stat);
        let mut headers = self.headers(&etag, download);
        if matches_etag(request, header::IF_NONE_MATCH, &etag) {
            return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
        }
        let size = self.whole.as_ref().map_or(self.stat.st_size as u64, |whole| whole.len() as u64);
        // What says it is empty, and is not, is a file of `/proc`: it is read to its end.
        if size == 0 && self.whole.is_none() {
            return Ok((headers, self.body(None)).into_response());
        }
        let fresh = !request.contains_key(header::IF_RANGE) || matches_etag(request, header::IF_RANGE, &etag);
        let wanted = request.get(header::RANGE).filter(|_| fresh).and_then(|value| value.to_str().ok());
        match wanted.map_or(Span::Whole, |wanted| span(wanted, size)) {
            Span::Whole => {
                headers.insert(header::CONTENT_LENGTH, size.into());
                Ok((headers, self.body(Some(size))).into_response())
            }
            Span::Part(first, last) => {
                headers.insert(header::CONTENT_LENGTH, (last - first + 1).into());
                set(&mut headers, header::CONTENT_RANGE, &format!("bytes {first}-{last}/{size}"));
                self.part(headers, first, last)
            }
            Span::Outside => {
                set(&mut headers, header::CONTENT_RANGE, &format!("bytes */{size}"));
                headers.remove(header::CONTENT_TYPE);
                Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response())
            }
        }
    }

    fn part(mut self, headers: HeaderMap, first: u64, last: u64) -> Result<Response> {
        if let Some(whole) = self.whole {
            let part = whole.slice(first as usize..=last as usize);
            return Ok((StatusCode::PARTIAL_CONTENT, headers, Body::from(part)).into_response());
        }
        let sought = self.file.seek(SeekFrom::Start(first));
        sought.map_err(|error| fault("file.read", &self.path, error))?;
        Ok((StatusCode::PARTIAL_CONTENT, headers, self.body(Some(last - first + 1))).into_response())
    }

    fn body(self, length: Option<u64>) -> Body {
        if let Some(whole) = self.whole {
            return Body::from(whole);
        }
        let file = tokio::fs::File::from_std(self.file).take(length.unwrap_or(u64::MAX));
        Body::from_stream(ReaderStream::with_capacity(file, PIECE))
    }

    fn headers(&self, etag: &str, download: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        set(&mut headers, header::CONTENT_TYPE, &self.mime);
        set(&mut headers, header::ETAG, etag);
        set(&mut headers, header::ACCEPT_RANGES, "bytes");
        set(&mut headers, header::CACHE_CONTROL, "no-cache");
        set(&mut headers, header::LAST_MODIFIED, &http_date(self.stat.st_mtime));
        // What a sandbox wrote is never a page of the origin that serves it.
        set(&mut headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(&mut headers, header::CONTENT_SECURITY_POLICY, "sandbox");
        if download {
            let name = self.path.file_name().map(name::encode).unwrap_or_default();
            set(&mut headers, header::CONTENT_DISPOSITION, &disposition(&name));
        }
        headers
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// RFC 9110 §5.6.7.
fn http_date(seconds: i64) -> String {
    let time = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// RFC 6266, with the name as RFC 8187 writes it.
pub fn disposition(name: &str) -> String {
    let mut text = "attachment; filename*=UTF-8''".to_owned();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                text.push(char::from(byte))
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

fn matches_etag(headers: &HeaderMap, name: HeaderName, etag: &str) -> bool {
    let values = headers.get_all(name);
    let mut tags = values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    tags.any(|tag| matches!(tag.trim(), "*") || tag.trim() == etag)
}

#[derive(Debug, PartialEq, Eq)]
enum Span {
    Whole,
    /// First and last byte.
    Part(u64, u64),
    Outside,
}

/// What of a file of `size` bytes a `Range` header wants. Nonsense and several ranges get the whole
/// (RFC 9110 §14.2 allows both).
fn span(wanted: &str, size: u64) -> Span {
    let Ok(ranges) = parse_range_header(wanted) else {
        return Span::Whole;
    };
    match ranges.validate(size) {
        Ok(spans) => match spans.as_slice() {
            [span] if *span.start() >= size => Span::Outside,
            [span] => Span::Part(*span.start(), *span.end()),
            _ => Span::Whole,
        },
        Err(RangeUnsatisfiableError::RangeReversed) => Span::Outside,
        Err(_) => Span::Whole,
    }
}

/// Answer of `PUT /api/files/raw`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct WrittenFile {
    path: String,
    /// Bytes.
    size: i64,
    etag: String,
}

/// Stores the body as a file, whole or not at all; parents are made.
#[utoipa::path(
    put, path = "/api/files/raw", tag = "Files",
    params(
        Target,
        ("if-match" = Option<String>, Header, description = "Only over this version; else `FILE_CHANGED`"),
        ("if-none-match" = Option<String>, Header, description = "`*`: only when there is no such file"),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", example = json!("1 + 1\n")),
    responses((status = 200, description = "It is stored", body = Success<WrittenFile>, example = json!({
        "success": true, "path": "/workspace/a.py", "size": 6, "etag": "\"17a-6-2\"", "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!([&fault::CODES[..], &[FileChanged]].concat()))),
)]
pub async fn put(agent: State, Query(target): Query<Target>, headers: HeaderMap, body: Body) -> Reply {
    let mut pieces = body.into_data_stream();
    let stored = store(&agent, &target.path, &headers, &mut pieces).await;
    if stored.is_err() {
        extract::linger(&mut pieces).await;
    }
    let stat = stored?;
    let etag = etag(&stat);
    let mut answer =
        reply::success(&WrittenFile { path: target.path, size: stat.st_size, etag: etag.clone() })?;
    set(answer.headers_mut(), header::ETAG, &etag);
    Ok(answer)
}

async fn store(agent: &State, path: &str, headers: &HeaderMap, pieces: &mut BodyDataStream) -> Result<Stat> {
    let path = name::resolve(agent.workspace(), "path", path)?;
    let expected = expected(headers);
    let mut replacement = blocking(move || Replacement::begin(&path, expected)).await?;
    fill(&mut replacement, pieces).await?;
    blocking(move || replacement.commit()).await
}

fn expected(headers: &HeaderMap) -> Expected {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::trim);
    match (text(header::IF_MATCH), text(header::IF_NONE_MATCH)) {
        (Some("*"), _) => Expected::Present,
        (Some(etag), _) => Expected::Version(etag.to_owned()),
        (None, Some("*")) => Expected::Absent,
        _ => Expected::Anything,
    }
}

async fn fill(replacement: &mut Replacement, pieces: &mut BodyDataStream) -> Result<()> {
    let file = replacement.file().try_clone().map_err(|error| replacement.failed(error))?;
    let mut file = tokio::fs::File::from_std(file);
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| extract::cut_off(error).during("file.write"))?;
        file.write_all(&piece).await.map_err(|error| replacement.failed(error))?;
    }
    // An error of the last write is told here.
    file.flush().await.map_err(|error| replacement.failed(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_the_file() {
        assert_eq!(span("bytes=0-3", 10), Span::Part(0, 3));
        assert_eq!(span("bytes=5-", 10), Span::Part(5, 9));
        assert_eq!(span("bytes=-4", 10), Span::Part(6, 9));
        assert_eq!(span("bytes=-40", 10), Span::Whole);
        assert_eq!(span("bytes=8-100", 10), Span::Part(8, 9));
        assert_eq!(span("bytes=10-", 10), Span::Outside);
        assert_eq!(span("bytes=0-1,4-5", 10), Span::Whole);
        assert_eq!(span("lines=1-2", 10), Span::Whole);
    }

    #[test]
    fn a_date_and_a_name_are_written_as_http_wants_them() {
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(disposition("gr\u{fc}n x.txt"), "attachment; filename*=UTF-8''gr%C3%BCn%20x.txt");
    }
}
