//! Kernel messages as events, and text gathered for a moment so that many small writes are few frames.

use std::sync::Arc;
use std::time::Duration;

use jupyter_protocol::{JupyterMessageContent, Media, Payload, ReplyError, Stdio, Transient};
use sandpit_api::context::{ContextEvent, MimeBundle, StreamName};
use serde_json::Value;
use tokio::time::Instant;

use super::ring::Ring;

/// Text waits at most so long for more.
const PACE: Duration = Duration::from_millis(16);
/// More text than this does not wait, bytes.
const FULL: usize = 64 * 1024;

/// What one message gives.
pub enum Lines {
    Stream(StreamName, String),
    Event(ContextEvent),
}

/// The event in a message of the output channel; `None` for what no viewer shows.
pub fn lines(content: JupyterMessageContent) -> Option<Lines> {
    use JupyterMessageContent as Content;
    Some(Lines::Event(match content {
        Content::StreamContent(stream) => {
            let name = match stream.name {
                Stdio::Stdout => StreamName::Stdout,
                Stdio::Stderr => StreamName::Stderr,
            };
            return Some(Lines::Stream(name, stream.text));
        }
        Content::ExecuteInput(input) => ContextEvent::Started {
            execution_count: u32::try_from(input.execution_count.value()).unwrap_or(u32::MAX),
        },
        Content::DisplayData(display) => ContextEvent::Display {
            data: bundle(&display.data),
            metadata: display.metadata,
            display_id: display_id(display.transient),
        },
        Content::UpdateDisplayData(update) => ContextEvent::UpdateDisplay {
            data: bundle(&update.data),
            metadata: update.metadata,
            display_id: update.transient.display_id?,
        },
        Content::ExecuteResult(result) => ContextEvent::Result {
            data: bundle(&result.data),
            metadata: result.metadata,
            execution_count: u32::try_from(result.execution_count.value()).unwrap_or(u32::MAX),
            display_id: display_id(result.transient),
        },
        Content::ErrorOutput(told) => with_traceback(told.ename, told.evalue, told.traceback),
        Content::ClearOutput(clear) => ContextEvent::ClearOutput { wait: clear.wait },
        _ => return None,
    }))
}

fn display_id(transient: Option<Transient>) -> Option<String> {
    transient.and_then(|transient| transient.display_id)
}

fn bundle(media: &Media) -> MimeBundle {
    match serde_json::to_value(media) {
        Ok(Value::Object(bundle)) => bundle,
        _ => MimeBundle::new(),
    }
}

/// Text that a reply asks to be shown (`print?` in IPython).
pub fn pages(payload: Vec<Payload>) -> impl Iterator<Item = ContextEvent> {
    payload.into_iter().filter_map(|payload| match payload {
        Payload::Page { data, .. } => {
            Some(ContextEvent::Display { data: bundle(&data), metadata: MimeBundle::new(), display_id: None })
        }
        _ => None,
    })
}

/// An error of the agent's own.
pub fn error(ename: &str, evalue: String) -> ContextEvent {
    ContextEvent::Error { ename: ename.to_owned(), traceback: vec![format!("{ename}: {evalue}")], evalue }
}

/// An error that was told in the reply alone.
pub fn untold_error(told: Option<Box<ReplyError>>) -> ContextEvent {
    match told {
        Some(told) => with_traceback(told.ename, told.evalue, told.traceback),
        None => error("Error", "The run failed".to_owned()),
    }
}

/// An error with something to read: what is thrown and is no error (`throw "text"`) has no traceback.
fn with_traceback(ename: String, evalue: String, traceback: Vec<String>) -> ContextEvent {
    if traceback.iter().all(|line| line.trim().is_empty()) {
        return error(&ename, evalue);
    }
    ContextEvent::Error { ename, evalue, traceback }
}

/// An output that the agent could not make sense of: told, not dropped.
pub fn unreadable(reason: &str) -> ContextEvent {
    let text = format!("An output of the kernel could not be read: {reason}\n");
    ContextEvent::Stream { name: StreamName::Stderr, text }
}

/// Where events go: into the ring, in order, text coalesced.
pub struct Outputs {
    ring: Arc<Ring>,
    pending: Option<Text>,
    /// When text was last sent; text after a pause is sent at once.
    sent: Instant,
}

struct Text {
    request: Option<Arc<str>>,
    name: StreamName,
    text: String,
    due: Instant,
}

impl Outputs {
    pub fn new(ring: Arc<Ring>) -> Self {
        Self { ring, pending: None, sent: Instant::now() }
    }

    /// When waiting text must be sent.
    pub fn due(&self) -> Option<Instant> {
        self.pending.as_ref().map(|pending| pending.due)
    }

    /// Text that was written at `now`.
    pub fn stream(&mut self, request: Option<&Arc<str>>, name: StreamName, text: String, now: Instant) {
        let joins = |pending: &Text| pending.name == name && pending.request.as_ref() == request;
        if !self.pending.as_ref().is_some_and(joins) {
            self.flush();
        }
        let due = self.sent + PACE;
        let fresh = || Text { request: request.cloned(), name, text: String::new(), due };
        let pending = self.pending.get_or_insert_with(fresh);
        pending.text.push_str(&text);
        if pending.text.len() >= FULL || due <= now {
            self.flush();
        }
    }

    pub fn push(&mut self, request: Option<&Arc<str>>, event: ContextEvent) {
        self.flush();
        self.ring.push(request, event);
    }

    pub fn flush(&mut self) {
        if let Some(Text { request, name, text, .. }) = self.pending.take() {
            self.sent = Instant::now();
            self.ring.push(request.as_ref(), ContextEvent::Stream { name, text });
        }
    }
}

/// The error of a run that was interrupted, where its kernel tells none.
pub fn interrupted() -> ContextEvent {
    error("Interrupted", "The run was interrupted".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::ring::Step;

    async fn texts(ring: &Arc<Ring>) -> Vec<String> {
        ring.close();
        let mut reader = ring.after(0);
        let mut texts = Vec::new();
        while let Step::Frame(frame) = reader.next().await {
            let value: Value = serde_json::from_str(&frame.json).unwrap();
            texts.push(value["text"].as_str().unwrap_or("-").to_owned());
        }
        texts
    }

    #[tokio::test]
    async fn text_after_a_pause_is_sent_at_once_and_then_gathered() {
        let ring = Ring::new();
        let mut outputs = Outputs::new(ring.clone());
        let later = outputs.sent + PACE;
        outputs.stream(None, StreamName::Stdout, "a".to_owned(), later);
        assert_eq!(outputs.due(), None);
        outputs.stream(None, StreamName::Stdout, "b".to_owned(), outputs.sent);
        outputs.stream(None, StreamName::Stdout, "c".to_owned(), outputs.sent);
        assert!(outputs.due().is_some());
        outputs.flush();
        assert_eq!(texts(&ring).await, ["a", "bc"]);
    }

    #[tokio::test]
    async fn streams_and_events_keep_their_order() {
        let ring = Ring::new();
        let mut outputs = Outputs::new(ring.clone());
        outputs.stream(None, StreamName::Stdout, "out".to_owned(), outputs.sent);
        outputs.stream(None, StreamName::Stderr, "err".to_owned(), outputs.sent);
        outputs.push(None, ContextEvent::Queued);
        assert_eq!(texts(&ring).await, ["out", "err", "-"]);
    }
}
