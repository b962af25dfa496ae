//! Server-sent events as the reference writes them: `data: <json>` and an empty line, nothing else.

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt};
use serde::Serialize;

/// Answers with each item of `stream` as one event. The stream is dropped when the client goes.
pub fn events<T: Serialize>(stream: impl Stream<Item = T> + Send + 'static) -> Response {
    let body = Body::from_stream(stream.map(|event| encode(&event)));
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")];
    (headers, body).into_response()
}

fn encode(event: &impl Serialize) -> Result<Bytes, serde_json::Error> {
    let mut text = b"data: ".to_vec();
    serde_json::to_writer(&mut text, event)?;
    text.extend_from_slice(b"\n\n");
    Ok(text.into())
}
