//! Server-sent events as the reference writes them: `data: <json>` and an empty line. A stream that is
//! silent sends a comment now and then, since clients and proxies give up what is silent for minutes.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt};
use serde::Serialize;

const PREFIX: &[u8] = b"data: ";
const END: &[u8] = b"\n\n";
/// A line that every reader of events passes over.
const COMMENT: &[u8] = b":\n\n";
/// How long a stream is silent before a comment says that it is alive.
const SILENCE: Duration = Duration::from_secs(30);

/// Answers with each item of `stream` as one event. The stream is dropped when the client goes.
pub fn events<T: Serialize>(stream: impl Stream<Item = T> + Send + 'static) -> Response {
    let silence = tokio::time::interval_at(tokio::time::Instant::now() + SILENCE, SILENCE);
    let alive = tokio_stream::StreamExt::timeout_repeating(stream, silence);
    let body = Body::from_stream(alive.map(|told| match told {
        Ok(event) => encode(&event),
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

fn encode(event: &impl Serialize) -> Result<Bytes, serde_json::Error> {
    let mut text = PREFIX.to_vec();
    serde_json::to_writer(&mut text, event)?;
    text.extend_from_slice(END);
    Ok(text.into())
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
    fn a_comment_is_an_event_without_data() {
        assert_eq!(data_of(COMMENT), Some(""));
        assert_eq!(data_of(b"data: {}\n\n"), Some("{}"));
        assert_eq!(data_of(b"{}"), None);
    }
}
