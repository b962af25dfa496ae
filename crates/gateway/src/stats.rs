//! What a sandbox uses, with a rate from two readings.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use axum::{Json, extract::State};
use parking_lot::Mutex;
use sandpit_api::{ErrorCode::*, stats::Stats};

use crate::{
    answer::{Answer, Id},
    gateway::Gateway,
};

/// Two readings nearer than this say little; the last rate is told again.
const SHORTEST: Duration = Duration::from_millis(250);

/// The last reading of each sandbox.
#[derive(Default)]
pub struct Readings {
    last: Mutex<HashMap<String, Reading>>,
}

struct Reading {
    at: Instant,
    cpu_micros: u64,
    percent: Option<f64>,
}

impl Readings {
    /// Percent of one core since the last reading; `None` at the first one.
    fn rate(&self, id: &str, cpu_micros: u64, now: Instant) -> Option<f64> {
        let mut last = self.last.lock();
        let percent = match last.get(id) {
            Some(before) if cpu_micros >= before.cpu_micros => {
                let passed = now.saturating_duration_since(before.at);
                if passed < SHORTEST && before.percent.is_some() {
                    return before.percent;
                }
                let used = (cpu_micros - before.cpu_micros) as f64;
                (passed >= SHORTEST).then(|| 100.0 * used / passed.as_micros() as f64)
            }
            // The first reading, or it has started anew.
            _ => None,
        };
        let keep_first =
            percent.is_none() && last.get(id).is_some_and(|before| cpu_micros >= before.cpu_micros);
        if !keep_first {
            last.insert(id.to_owned(), Reading { at: now, cpu_micros, percent });
        }
        percent
    }

    pub fn forget(&self, id: &str) {
        self.last.lock().remove(id);
    }
}

/// What a sandbox uses, with the processor's rate since the last reading.
#[utoipa::path(
    get, path = "/v1/sandboxes/{sandbox}/stats", tag = "Sandboxes",
    responses((status = 200, description = "The use", body = Stats, example = json!({
        "cpuMicros": 120000, "cpuPercent": 1.5, "memoryBytes": 9437184, "processes": 2,
        "networkRxBytes": 0, "networkTxBytes": 0,
    }))),
    extensions(("x-errors" = json!([SandboxNotRunning, AgentUnreachable, EngineUnavailable]))),
)]
pub async fn stats(State(gateway): State<Gateway>, Id(id): Id) -> Answer<Json<Stats>> {
    let mut stats = gateway.roster.owner(&id).await?.stats(&id).await?;
    if stats.cpu_percent.is_none() {
        stats.cpu_percent = gateway.readings.rate(&id, stats.cpu_micros, Instant::now());
    }
    Ok(Json(stats))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_between_two_readings() {
        let readings = Readings::default();
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(readings.rate("a", 1_000, at(0)), None);
        assert_eq!(readings.rate("a", 501_000, at(1000)), Some(50.0));
        assert_eq!(readings.rate("a", 502_000, at(1001)), Some(50.0), "too near: the last rate");
        assert_eq!(readings.rate("a", 2_501_000, at(2000)), Some(200.0), "two cores");
    }

    #[test]
    fn two_early_readings_wait_for_a_third() {
        let readings = Readings::default();
        let start = Instant::now();
        assert_eq!(readings.rate("a", 0, start), None);
        assert_eq!(readings.rate("a", 1_000, start + Duration::from_millis(1)), None);
        assert_eq!(readings.rate("a", 250_000, start + Duration::from_millis(1000)), Some(25.0));
    }

    #[test]
    fn a_sandbox_that_started_anew_has_no_rate_at_first() {
        let readings = Readings::default();
        let start = Instant::now();
        readings.rate("a", 9_000_000, start);
        assert_eq!(readings.rate("a", 10, start + Duration::from_secs(1)), None);
    }
}
