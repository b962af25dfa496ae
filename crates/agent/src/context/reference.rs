//! `POST /api/execute/code`: a run on the context's queue, told as the reference's events (§2.3).

use futures::Stream;
use sandpit_api::context::{ContextEvent, ContextFrame, MimeBundle, RunStatus};
use serde_json::{Map, Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::contexts::Handle;
use super::ring::{Reader, Step};

/// MIME types and the reference's names of them (§4).
const FIELDS: [(&str, &str); 9] = [
    ("image/png", "png"),
    ("image/jpeg", "jpeg"),
    ("image/svg+xml", "svg"),
    ("text/html", "html"),
    ("application/json", "json"),
    ("text/latex", "latex"),
    ("text/markdown", "markdown"),
    ("application/javascript", "javascript"),
    ("text/plain", "text"),
];

/// Follows one run until it is done. When it is dropped before, the run is stopped.
pub struct Follow {
    reader: Reader,
    request_id: String,
    abandoned: CancellationToken,
    _leave: DropGuard,
    failed: bool,
    ended: bool,
}

impl Follow {
    /// Reads from now on, so it must be made before the run is queued.
    pub fn new(handle: &Handle, request_id: String) -> Self {
        let abandoned = CancellationToken::new();
        let leave = abandoned.clone().drop_guard();
        Self { reader: handle.live(), request_id, abandoned, _leave: leave, failed: false, ended: false }
    }

    /// Cancelled when nobody follows the run any more.
    pub fn abandoned(&self) -> CancellationToken {
        self.abandoned.clone()
    }

    /// The events of the run.
    pub fn events(self) -> impl Stream<Item = Value> + Send {
        futures::stream::unfold(self, |mut follow| async move {
            let event = follow.next().await?;
            Some((event, follow))
        })
    }

    async fn next(&mut self) -> Option<Value> {
        while !self.ended {
            let step = self.reader.next().await;
            let event = self.told(step);
            if event.is_some() {
                return event;
            }
        }
        None
    }

    fn told(&mut self, step: Step) -> Option<Value> {
        match step {
            Step::Frame(frame) if frame.request_id.as_deref() == Some(self.request_id.as_str()) => {
                let frame: ContextFrame = serde_json::from_str(&frame.json).ok()?;
                self.event(frame.event)
            }
            Step::Frame(_) => None,
            Step::Truncated(_) => Some(json!({
                "type": "stderr",
                "text": "[output was dropped: it came faster than it was read]\n",
            })),
            Step::Closed => {
                self.ended = true;
                Some(error("ContextDeleted", "The code context was deleted"))
            }
        }
    }

    fn event(&mut self, event: ContextEvent) -> Option<Value> {
        Some(match event {
            ContextEvent::Stream { name, text } => json!({ "type": name, "text": text }),
            ContextEvent::Display { data, metadata, .. }
            | ContextEvent::UpdateDisplay { data, metadata, .. }
            | ContextEvent::Result { data, metadata, .. } => result(&data, metadata),
            ContextEvent::Error { ename, evalue, traceback } => {
                self.failed = true;
                let traceback: Vec<_> = traceback.iter().map(|line| plain(line)).collect();
                json!({ "type": "error", "ename": ename, "evalue": evalue, "traceback": traceback })
            }
            ContextEvent::Unresponsive => json!({
                "type": "stderr",
                "text": "[the code was interrupted and goes on: only a restart of its context ends it]\n",
            }),
            ContextEvent::Done { status, execution_count, .. } => {
                self.ended = true;
                return self.done(status, execution_count);
            }
            _ => return None,
        })
    }

    fn done(&self, status: RunStatus, count: Option<u32>) -> Option<Value> {
        match status {
            RunStatus::Ok => {
                Some(json!({ "type": "execution_complete", "execution_count": count.unwrap_or(0) }))
            }
            // Told already.
            _ if self.failed => None,
            _ => Some(error("Aborted", "The code was not run to its end")),
        }
    }
}

fn error(ename: &str, evalue: &str) -> Value {
    json!({ "type": "error", "ename": ename, "evalue": evalue, "traceback": [format!("{ename}: {evalue}")] })
}

/// Without the colours that kernels put into text for people.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// One bundle is one event with a field for each of its types.
fn result(data: &MimeBundle, metadata: MimeBundle) -> Value {
    let told = |mime: &str| match data.get(mime)? {
        Value::String(text) if mime == "text/plain" => Some(plain(text).into()),
        value => Some(value.clone()),
    };
    let fields = FIELDS.iter().filter_map(|(mime, field)| Some(((*field).to_owned(), told(mime)?)));
    let mut event: Map<String, Value> = fields.collect();
    event.insert("type".to_owned(), "result".into());
    event.insert("metadata".to_owned(), metadata.into());
    event.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_one_event() {
        let data = json!({ "text/plain": "<Figure>", "image/png": "iVBO", "application/x-other": 1 });
        let Value::Object(data) = data else { panic!("an object") };
        assert_eq!(
            result(&data, MimeBundle::new()),
            json!({ "type": "result", "png": "iVBO", "text": "<Figure>", "metadata": {} })
        );
    }

    #[test]
    fn text_is_plain() {
        let Value::Object(data) = json!({ "text/plain": "\u{1b}[33m5\u{1b}[39m" }) else {
            panic!("an object")
        };
        assert_eq!(result(&data, MimeBundle::new())["text"], "5");
    }
}
