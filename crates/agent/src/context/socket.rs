//! `WS /ws/context`: the notebook's channel.

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use sandpit_api::ApiError;
use sandpit_api::context::{ContextControl, ContextEvent, ContextFrame};

use super::contexts::Handle;
use super::ring::Step;
use super::run::Terms;

/// RFC 6455 §7.4.1: data of a kind that is not understood, and a peer that is going away.
const UNSUPPORTED: u16 = 1003;
const AWAY: u16 = 1001;

/// Serves one viewer until it goes or the context ends. `since` is the last cursor it has.
pub async fn serve(handle: Arc<Handle>, since: Option<u64>, mut socket: WebSocket) {
    let last = handle.ring().last();
    let mut reader = handle.ring().after(since.unwrap_or(last).min(last));
    let ready = ContextEvent::Ready { context: handle.shared.context() };
    if send(&mut socket, frame(last, ready)).await.is_err() {
        return;
    }
    loop {
        let outcome = tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => obey(&handle, &text).await.map_err(|error| (UNSUPPORTED, error)),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => Ok(()),
            },
            step = reader.next() => match told(step) {
                Some(json) => match send(&mut socket, json).await {
                    Ok(()) => Ok(()),
                    Err(()) => return,
                },
                None => Err((AWAY, super::code_error("the context was deleted".to_owned()))),
            },
        };
        if let Err((code, error)) = outcome {
            let reason = error.message.chars().take(100).collect::<String>().into();
            // The viewer may be gone already.
            let _ = socket.send(Message::Close(Some(CloseFrame { code, reason }))).await;
            return;
        }
    }
}

fn told(step: Step) -> Option<Utf8Bytes> {
    match step {
        Step::Frame(frame) => Some(frame.json),
        Step::Truncated(cursor) => Some(frame(cursor, ContextEvent::Truncated)),
        Step::Closed => None,
    }
}

/// A frame for this viewer alone.
fn frame(cursor: u64, event: ContextEvent) -> Utf8Bytes {
    serde_json::to_string(&ContextFrame { cursor, request_id: None, event }).unwrap_or_default().into()
}

async fn send(socket: &mut WebSocket, json: Utf8Bytes) -> Result<(), ()> {
    socket.send(Message::Text(json)).await.map_err(|_| ())
}

async fn obey(handle: &Arc<Handle>, text: &str) -> Result<(), ApiError> {
    let control = serde_json::from_str(text)
        .map_err(|error| ApiError::invalid("frame", format!("not a frame of this socket: {error}")))?;
    match control {
        ContextControl::Execute { request_id, code, stop_on_error } => {
            let terms = Terms { asks: true, ..Terms::default() };
            handle.execute(&request_id, code, stop_on_error, terms).await
        }
        ContextControl::InputReply { input_id, value } => handle.answer(input_id, value).await,
        ContextControl::Interrupt => handle.interrupt().await,
        ContextControl::Restart => {
            // It takes a while; its outcome is told to every viewer by frames.
            let handle = handle.clone();
            tokio::spawn(async move { handle.restart().await });
            Ok(())
        }
    }
}
