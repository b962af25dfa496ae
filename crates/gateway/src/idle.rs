//! Stops sandboxes that nothing has used for their `sleepAfter`. Their files stay, and the next request
//! to their agent starts them again.

use std::time::Duration;

use sandpit_api::{
    context::{Context, KernelState},
    process::{Process, ProcessStatus},
    sandbox::{Sandbox, SandboxState},
};
use serde::Deserialize;

use crate::gateway::Gateway;

const LOOK: Duration = Duration::from_secs(1);
/// An agent that does not say within this time whether it is at work is left alone.
const ANSWER: Duration = Duration::from_secs(5);

/// Looks at every sandbox, again and again.
pub async fn watch(gateway: Gateway) {
    let mut ticks = tokio::time::interval(LOOK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for record in gateway.roster.all() {
            if let Some(after) = sleeps_after(&record) {
                look_at(&gateway, &record.id, after).await;
            }
        }
    }
}

fn sleeps_after(record: &Sandbox) -> Option<Duration> {
    let may = record.state == SandboxState::Running && !record.keep_alive;
    record.sleep_after.filter(|_| may).map(Duration::from_secs)
}

async fn look_at(gateway: &Gateway, id: &str, after: Duration) {
    if !gateway.idle_for(id, 2 * LOOK) {
        gateway.saved.note_use(id).await;
    } else if gateway.idle_for(id, after) && gateway.saved.since_use(id).is_none_or(|since| since >= after) {
        put_to_sleep(gateway, id, after).await;
    }
}

async fn put_to_sleep(gateway: &Gateway, id: &str, after: Duration) {
    if !at_rest(gateway, id).await {
        return gateway.activity.touch(id);
    }
    let (own, name) = (gateway.clone(), id.to_owned());
    let unused = move || own.idle_for(&name, after);
    match gateway.whole(|gateway| gateway.sleep(id.to_owned(), unused)).await {
        Ok(true) => tracing::info!(id, "stopped after its idle time"),
        Ok(false) => {}
        Err(error) => tracing::warn!(id, %error, "an idle sandbox cannot be stopped"),
    }
}

impl Gateway {
    fn idle_for(&self, id: &str, after: Duration) -> bool {
        self.activity.idle(id).is_some_and(|idle| idle >= after)
    }
}

#[derive(Deserialize)]
struct Processes {
    processes: Vec<Process>,
}

#[derive(Deserialize)]
struct Contexts {
    contexts: Vec<Context>,
}

/// No background process and no cell runs. An agent that does not say so may be at work.
async fn at_rest(gateway: &Gateway, id: &str) -> bool {
    let processes = gateway.read::<Processes>(id, "/api/process/list", ANSWER);
    let contexts = gateway.read::<Contexts>(id, "/api/contexts", ANSWER);
    let (processes, contexts) = tokio::join!(processes, contexts);
    let running =
        |process: &Process| matches!(process.status, ProcessStatus::Starting | ProcessStatus::Running);
    let busy = |context: &Context| matches!(context.state, KernelState::Busy | KernelState::Starting);
    processes.is_some_and(|list| !list.processes.iter().any(running))
        && contexts.is_some_and(|list| !list.contexts.iter().any(busy))
}
