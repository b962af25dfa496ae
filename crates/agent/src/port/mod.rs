//! Listening ports of the sandbox, and a tunnel to each.

pub mod listening;
#[cfg(test)]
mod tests;
mod tunnel;

use std::time::Duration;

use axum::routing::get;
use sandpit_api::port::ListeningPort;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use crate::file::blocking;
use crate::server::reply::{self, Reply};
use crate::server::{Routes, State, sse};
use listening::Owners;

/// How often a watcher looks. Nobody looks while nobody watches.
const LOOK: Duration = Duration::from_millis(400);

/// The routes of this module.
pub fn routes() -> Routes {
    Routes::default()
        .route("/api/ports", get(list))
        .route("/api/ports/watch", get(watch))
        .route("/api/tunnel/{port}", get(tunnel::open))
}

async fn list(agent: State) -> Reply {
    let ports = blocking(move || Ok(look(&agent, &mut Owners::default()))).await?;
    reply::success(&json!({ "ports": ports }))
}

fn look(agent: &State, owners: &mut Owners) -> Vec<ListeningPort> {
    let hidden = &agent.contexts().hidden;
    owners.ports(|port| hidden.contains(port))
}

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
                let event = json!({ "ports": ports });
                told = Some(ports);
                return Some((event, (agent, ticks, owners, told)));
            }
        }
    });
    Ok(sse::events(events))
}
