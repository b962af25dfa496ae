//! Server-sent events as the reference writes them: `data: <json>` and an empty line. A stream that is
//! silent sends a comment now and then, since clients and proxies give up what is silent for minutes.

use std::{io, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt};
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

const PREFIX: &[u8] = b"data: ";
const END: &[u8] = b"\n\n";
/// A line that every reader of events passes over.
const COMMENT: &[u8] = b":\n\n";
/// How long a stream is silent before a comment says that it is alive.
const SILENCE: Duration = Duration::from_secs(30);

/// Answers with each item of `stream` as one event. The stream is dropped when the client goes.
pub fn events<T: Serialize>(stream: impl Stream<Item = T> + Send + 'static) -> Response {
    written(stream, CompactFormatter)
}

/// The same in ASCII: the official client decodes each piece of the events of a run by itself, which
/// breaks characters of several bytes wherever the network cuts.
pub fn ascii_events<T: Serialize>(stream: impl Stream<Item = T> + Send + 'static) -> Response {
    written(stream, Ascii)
}

fn written<T: Serialize>(
    stream: impl Stream<Item = T> + Send + 'static,
    formatter: impl Formatter + Clone + Send + 'static,
) -> Response {
    let silence = tokio::time::interval_at(tokio::time::Instant::now() + SILENCE, SILENCE);
    let alive = tokio_stream::StreamExt::timeout_repeating(stream, silence);
    let body = Body::from_stream(alive.map(move |told| match told {
        Ok(event) => encode(&event, formatter.clone()),
        Err(_silent) => Ok(Bytes::from_static(COMMENT)),
    }));
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")];
    (headers, body).into_response()
}

/// The JSON of one event, from one frame of the body that [`events`] makes; nothing of a comment.
pub fn data_of(frame: &[u8]) -> Option<&str> {
    if frame == COMMENT {
        return Some("");
    }
    std::str::from_utf8(frame.strip_prefix(PREFIX)?.strip_suffix(END)?).ok()
}

fn encode(event: &impl Serialize, formatter: impl Formatter) -> Result<Bytes, serde_json::Error> {
    let mut text = PREFIX.to_vec();
    event.serialize(&mut Serializer::with_formatter(&mut text, formatter))?;
    text.extend_from_slice(END);
    Ok(text.into())
}

/// JSON with every character beyond ASCII escaped.
#[derive(Debug, Clone, Copy)]
struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, to: &mut W, text: &str) -> io::Result<()> {
        for piece in text.split_inclusive(|c: char| !c.is_ascii()) {
            let end = piece.char_indices().next_back().filter(|(_, c)| !c.is_ascii());
            let (ascii, other) = piece.split_at(end.map_or(piece.len(), |(at, _)| at));
            to.write_all(ascii.as_bytes())?;
            for unit in other.encode_utf16() {
                write!(to, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_silent_stream_says_that_it_is_alive() {
        let late = futures::stream::once(async {
            tokio::time::sleep(SILENCE * 5 / 2).await;
            7
        });
        let body = events(late).into_body().collect().await.expect("a whole body").to_bytes();
        assert_eq!(body, ":\n\n:\n\ndata: 7\n\n");
    }

    #[test]
    fn an_event_in_ascii_is_the_same_event() {
        let event = serde_json::json!({ "text": "a\u{e4}\u{1f600}\n\"b\u{20ac}" });
        let line = encode(&event, Ascii).expect("JSON");
        assert!(line.is_ascii());
        let data = data_of(&line).expect("an event");
        assert_eq!(serde_json::from_str::<serde_json::Value>(data).expect("JSON"), event);
    }

    #[test]
    fn a_comment_is_an_event_without_data() {
        assert_eq!(data_of(COMMENT), Some(""));
        assert_eq!(data_of(b"data: {}\n\n"), Some("{}"));
        assert_eq!(data_of(b"{}"), None);
    }
}
