//! Server-sent events as the reference writes them: `data: <json>` and an empty line, nothing else.

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt};
use serde::Serialize;

const PREFIX: &[u8] = b"data: ";
const END: &[u8] = b"\n\n";

/// Answers with each item of `stream` as one event. The stream is dropped when the client goes.
pub fn events<T: Serialize>(stream: impl Stream<Item = T> + Send + 'static) -> Response {
    let body = Body::from_stream(stream.map(|event| encode(&event)));
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")];
    (headers, body).into_response()
}

/// The JSON of one event, from one frame of the body that [`events`] makes.
pub fn data_of(frame: &[u8]) -> Option<&str> {
    std::str::from_utf8(frame.strip_prefix(PREFIX)?.strip_suffix(END)?).ok()
}

fn encode(event: &impl Serialize) -> Result<Bytes, serde_json::Error> {
    let mut text = PREFIX.to_vec();
    serde_json::to_writer(&mut text, event)?;
    text.extend_from_slice(END);
    Ok(text.into())
}
