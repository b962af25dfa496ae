//! Listening ports of the sandbox, and a tunnel to each.

mod dial;
pub mod listening;
mod ready;
#[cfg(test)]
mod tests;
mod tunnel;

use std::time::Duration;

use sandpit_api::answer::Success;
use sandpit_api::port::ListeningPort;
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};
use utoipa::ToSchema;

use crate::file::blocking;
use crate::server::reply::{self, Reply};
use crate::server::{Routes, State, sse};
use listening::Owners;
pub use tunnel::places;

/// How often a watcher looks. Nobody looks while nobody watches.
const LOOK: Duration = Duration::from_millis(400);

/// The routes of this module.
pub fn routes() -> Routes {
    crate::routes![list, watch, ready::watch, tunnel::open]
}

/// The ports that something listens on.
#[derive(Serialize, ToSchema)]
struct Listening {
    ports: Vec<ListeningPort>,
}

/// TCP ports that something in the sandbox listens on.
#[utoipa::path(
    get, path = "/api/ports", tag = "Ports",
    responses((status = 200, description = "One line for each port", body = Success<Listening>, example = json!({
        "success": true, "ports": [{ "port": 8000, "address": "0.0.0.0", "pid": 42, "process": "python3" }],
        "timestamp": "2026-01-01T00:00:00Z",
    }))),
)]
async fn list(agent: State) -> Reply {
    let ports = blocking(move || Ok(look(&agent, &mut Owners::default()))).await?;
    reply::success(&Listening { ports })
}

fn look(agent: &State, owners: &mut Owners) -> Vec<ListeningPort> {
    let hidden = &agent.contexts().hidden;
    owners.ports(|port| hidden.contains(port))
}

/// Tells the listening ports, server-sent, at once and at each change.
#[utoipa::path(
    get, path = "/api/ports/watch", tag = "Ports",
    responses((
        status = 200, description = "Events, each `data: <Listening>`",
        content_type = "text/event-stream", body = Listening,
        example = json!("data: {\"ports\":[]}\n\n"),
    )),
)]
async fn watch(agent: State) -> Reply {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watch = (agent, ticks, Owners::default(), None);
    let events = futures::stream::unfold(watch, |(agent, mut ticks, mut owners, mut told)| async move {
        loop {
            ticks.tick().await;
            let asked = agent.clone();
            let looked = blocking(move || Ok((look(&asked, &mut owners), owners))).await;
            let (ports, returned) = looked.ok()?;
            owners = returned;
            if told.as_ref() != Some(&ports) {
                let event = Listening { ports: ports.clone() };
                told = Some(ports);
                return Some((event, (agent, ticks, owners, told)));
            }
        }
    });
    Ok(sse::events(events))
}
