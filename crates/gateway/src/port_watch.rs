//! Watches what listens inside each running sandbox, and tells of it.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use http_body_util::BodyExt;
use sandpit_api::{event::EventKind, port::ListeningPort, sandbox::SandboxState};
use serde::Deserialize;
use tokio_util::{
    codec::{FramedRead, LinesCodec},
    io::StreamReader,
    sync::CancellationToken,
};

use crate::gateway::Gateway;

/// The longest line an agent may send; what runs in a sandbox is not trusted.
const LONGEST_LINE: usize = 1024 * 1024;
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// An agent that is asked what listens answers in a few milliseconds.
const LOOK: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
struct Seen {
    ports: Vec<ListeningPort>,
}

/// Starts to watch a sandbox that runs, unless it is watched.
pub fn start(gateway: &Gateway, id: &str) {
    let stop = gateway.stop.child_token();
    let mut watchers = gateway.watchers.lock();
    if watchers.contains_key(id) {
        return;
    }
    watchers.insert(id.to_owned(), stop.clone());
    drop(watchers);
    tokio::spawn(watch(gateway.clone(), id.to_owned(), stop));
}

/// Ends the watch of a sandbox that does not run: nothing listens there.
pub fn stop(gateway: &Gateway, id: &str) {
    let mut watchers = gateway.watchers.lock();
    if let Some(stop) = watchers.remove(id) {
        stop.cancel();
        gateway.listens(id, Vec::new());
    }
}

async fn watch(gateway: Gateway, id: String, stop: CancellationToken) {
    let mut wait = FIRST_WAIT;
    let watching = async {
        loop {
            match follow(&gateway, &id, &stop).await {
                Ok(()) => wait = FIRST_WAIT,
                Err(error) => {
                    tracing::debug!(id, %error, "its ports cannot be watched now");
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
            }
            tokio::time::sleep(wait).await;
        }
    };
    stop.run_until_cancelled(watching).await;
}

/// Reads the agent's events until they end.
async fn follow(
    gateway: &Gateway,
    id: &str,
    stop: &CancellationToken,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let answer = gateway.ask(id, "/api/ports/watch").await?;
    let bytes = answer.into_body().into_data_stream().map_err(std::io::Error::other);
    let codec = LinesCodec::new_with_max_length(LONGEST_LINE);
    let mut lines = FramedRead::new(StreamReader::new(bytes), codec);
    while let Some(line) = lines.next().await {
        if let Some(data) = line?.strip_prefix("data:") {
            let seen: Seen = serde_json::from_str(data)?;
            // Under the lock, so that what was seen does not outlive the watch.
            let _watchers = gateway.watchers.lock();
            if !stop.is_cancelled() {
                gateway.listens(id, seen.ports);
            }
        }
    }
    Ok(())
}

impl Gateway {
    /// What listens at this moment, which the watch tells a little later. A sandbox that does not say so in time (it
    /// may be paused) has what was seen last.
    pub(crate) async fn listening_now(&self, id: &str) -> Vec<ListeningPort> {
        let seen = match self.roster.state(id) {
            Some(SandboxState::Running) => self.read::<Seen>(id, "/api/ports", LOOK).await,
            _ => None,
        };
        seen.map_or_else(|| self.listening.get(id), |seen| seen.ports)
    }

    /// Takes note of what listens, and tells of it and of the exposed ports whose status changed.
    fn listens(&self, id: &str, ports: Vec<ListeningPort>) {
        if !self.listening.put(id, ports.clone()) {
            return;
        }
        self.events.publish(EventKind::Ports { sandbox_id: id.to_owned(), listening: ports });
        self.roster.refill(id, || self.exposed(id), |changed| self.tell(changed));
    }
}
