//! What happened, in one order, for any number of readers.
//!
//! Events live in a ring bounded by count and bytes. A reader holds only a cursor, so a slow one costs
//! nothing and blocks nobody: when it falls out of the ring it is told to read the lists again.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Sse, sse},
};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::Uri;
use parking_lot::Mutex;
use sandpit_api::{
    ApiError,
    event::{Event, EventKind},
};
use tokio::sync::watch;

use crate::{answer::Answer, gateway::Gateway};

const MOST_EVENTS: usize = 1024;
const MOST_BYTES: usize = 4 * 1024 * 1024;
const ALIVE: Duration = Duration::from_secs(15);

/// The ring and its readers.
pub struct Events {
    ring: Mutex<Ring>,
    last: watch::Sender<u64>,
}

struct Ring {
    /// Cursor of the newest event that was ever published.
    last: u64,
    bytes: usize,
    events: VecDeque<Told>,
}

#[derive(Clone)]
struct Told {
    cursor: u64,
    json: Bytes,
}

impl Events {
    /// Cursors start at the time in microseconds, so that one of an earlier run of the gateway is
    /// always too old, and they stay below 2^53, which JavaScript counts exactly.
    pub fn new() -> Arc<Self> {
        let first = u64::try_from(jiff::Timestamp::now().as_microsecond()).unwrap_or_default();
        let ring = Ring { last: first, bytes: 0, events: VecDeque::new() };
        Arc::new(Self { ring: Mutex::new(ring), last: watch::Sender::new(first) })
    }

    /// Adds an event for every reader, present and resuming.
    pub fn publish(&self, kind: EventKind) {
        let mut ring = self.ring.lock();
        ring.last += 1;
        let told = tell(ring.last, kind);
        ring.bytes += told.json.len();
        ring.events.push_back(told);
        while ring.events.len() > MOST_EVENTS || ring.bytes > MOST_BYTES {
            let Some(gone) = ring.events.pop_front() else { break };
            ring.bytes -= gone.json.len();
        }
        self.last.send_replace(ring.last);
    }

    /// Events after `since` (from now on without it), first `resync` when some of them are gone.
    fn follow(self: Arc<Self>, since: Option<u64>) -> impl Stream<Item = Told> {
        let mut changed = self.last.subscribe();
        let mut cursor = since.unwrap_or_else(|| *changed.borrow());
        async_stream::stream! {
            loop {
                changed.mark_unchanged();
                for told in self.after(cursor) {
                    cursor = told.cursor;
                    yield told;
                }
                if changed.changed().await.is_err() {
                    break;
                }
            }
        }
    }

    fn after(&self, cursor: u64) -> Vec<Told> {
        let ring = self.ring.lock();
        let oldest = ring.events.front().map_or(ring.last + 1, |told| told.cursor);
        if cursor > ring.last || cursor + 1 < oldest {
            return vec![tell(ring.last, EventKind::Resync)];
        }
        let skip = usize::try_from(cursor + 1 - oldest).unwrap_or(usize::MAX);
        ring.events.iter().skip(skip).cloned().collect()
    }
}

fn tell(cursor: u64, kind: EventKind) -> Told {
    let event = Event { cursor, timestamp: jiff::Timestamp::now().to_string(), kind };
    Told { cursor, json: serde_json::to_vec(&event).map(Bytes::from).expect("an event is plain data") }
}

#[derive(serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Since {
    /// The cursor of an event; from now on when absent.
    #[param(example = "1767225600000000")]
    since: Option<String>,
}

/// What happens to sandboxes and engines, server-sent, after a cursor (`since` or `Last-Event-ID`).
#[utoipa::path(
    get, path = "/v1/events", tag = "Gateway", params(Since),
    responses((
        status = 200, description = "Events, each `id: <cursor>` and `data: <Event>`",
        content_type = "text/event-stream", body = Event,
        example = json!("id: 7\ndata: {\"cursor\":7,\"timestamp\":\"2026-01-01T00:00:00Z\",\"type\":\"resync\"}\n\n"),
    )),
)]
pub async fn events(
    State(gateway): State<Gateway>,
    uri: Uri,
    headers: http::HeaderMap,
) -> Answer<impl IntoResponse> {
    let invalid = || ApiError::invalid("since", "since must be the cursor of an event.");
    let Query(query) = Query::<Since>::try_from_uri(&uri).map_err(|_| invalid())?;
    let resumed =
        headers.get("last-event-id").map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let since = query.since.or(resumed).map(|text| text.parse::<u64>().map_err(|_| invalid())).transpose()?;
    let told = gateway.events.clone().follow(since).take_until(gateway.stop.clone().cancelled_owned());
    let stream = async_stream::stream! {
        for await told in told {
            let data = String::from_utf8_lossy(&told.json).into_owned();
            yield Ok::<_, Infallible>(sse::Event::default().id(told.cursor.to_string()).data(data));
        }
    };
    Ok(Sse::new(stream).keep_alive(sse::KeepAlive::new().interval(ALIVE)))
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn gone(name: &str) -> EventKind {
        EventKind::SandboxDeleted { id: name.to_owned() }
    }

    fn read(told: &Told) -> Event {
        serde_json::from_slice(&told.json).expect("an event")
    }

    #[tokio::test]
    async fn a_reader_sees_only_what_comes_after_it_started() {
        let events = Events::new();
        events.publish(gone("before"));
        let mut reader = Box::pin(events.clone().follow(None));
        assert!(reader.next().now_or_never().is_none());
        events.publish(gone("after"));
        assert_eq!(read(&reader.next().await.expect("an event")).kind, gone("after"));
    }

    #[tokio::test]
    async fn a_cursor_resumes_right_after_its_event() {
        let events = Events::new();
        for name in ["one", "two", "three"] {
            events.publish(gone(name));
        }
        let last = *events.last.borrow();
        let rest: Vec<_> =
            events.clone().follow(Some(last - 2)).take(2).map(|told| read(&told).kind).collect().await;
        assert_eq!(rest, [gone("two"), gone("three")]);
    }

    #[tokio::test]
    async fn a_reader_that_fell_out_of_the_ring_is_told_to_read_again_and_goes_on() {
        let events = Events::new();
        let mut reader = Box::pin(events.clone().follow(None));
        assert!(reader.next().now_or_never().is_none());
        for _ in 0..MOST_EVENTS + 10 {
            events.publish(gone("x"));
        }
        assert_eq!(read(&reader.next().await.expect("an event")).kind, EventKind::Resync);
        events.publish(gone("fresh"));
        assert_eq!(read(&reader.next().await.expect("an event")).kind, gone("fresh"));
    }

    #[tokio::test]
    async fn a_cursor_of_an_earlier_or_later_run_gives_resync() {
        for cursor in [0, 5, u64::MAX - 1] {
            let mut reader = Box::pin(Events::new().follow(Some(cursor)));
            assert_eq!(read(&reader.next().await.expect("an event")).kind, EventKind::Resync);
        }
    }

    #[test]
    fn the_ring_is_bounded_by_bytes_too() {
        let events = Events::new();
        for _ in 0..100 {
            events.publish(gone(&"x".repeat(100_000)));
        }
        assert!(events.ring.lock().bytes <= MOST_BYTES);
    }
}
