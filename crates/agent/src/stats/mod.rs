//! What the sandbox uses: processor, memory, processes, network. Read from `/proc` when asked.

use std::time::Duration;

use parking_lot::Mutex;
use procfs::net::DeviceStatus;
use procfs::process::{Process, all_processes};
use sandpit_api::stats::Stats;

use crate::file::blocking;
use crate::server::reply::{self, Reply};
use crate::server::{Routes, State};

/// The routes of this module.
pub fn routes() -> Routes {
    crate::routes![stats]
}

/// What all processes of the sandbox use.
#[utoipa::path(
    get, path = "/api/stats", tag = "About",
    responses((status = 200, description = "The use", body = Stats, example = json!({
        "cpuMicros": 120000, "memoryBytes": 9437184, "processes": 2, "networkRxBytes": 0, "networkTxBytes": 0,
    }))),
)]
async fn stats(agent: State) -> Reply {
    let stats = blocking(move || Ok(agent.meter().read())).await?;
    reply::ok(stats)
}

/// Reads the use, and keeps the processor's time from running backwards: what a process used is
/// forgotten by the kernel when its parent does not care how it ended.
#[derive(Default)]
pub struct Meter(Mutex<Cpu>);

#[derive(Default)]
struct Cpu {
    seen: u64,
    told: u64,
}

impl Meter {
    fn read(&self) -> Stats {
        let stats = read();
        let mut cpu = self.0.lock();
        Stats { cpu_micros: cpu.tell(stats.cpu_micros), ..stats }
    }
}

impl Cpu {
    fn tell(&mut self, seen: u64) -> u64 {
        self.told += seen.saturating_sub(self.seen);
        self.seen = seen;
        self.told
    }
}

/// The use of all processes that can be seen, which in a sandbox are those of the sandbox.
fn read() -> Stats {
    let mut stats = Stats::default();
    for process in all_processes().into_iter().flatten().flatten() {
        // A process that ends meanwhile counts by what its parent inherited.
        if let Ok(cpu) = cpu(&process) {
            stats.processes += 1;
            stats.cpu_micros += u64::try_from(cpu.as_micros()).unwrap_or(0);
            stats.memory_bytes += memory(&process);
        }
    }
    let (received, sent) = network();
    Stats { network_rx_bytes: received, network_tx_bytes: sent, ..stats }
}

/// Time used by a process and by its children that have ended; the sum over all processes holds
/// the ended ones too, since orphans are inherited by the first.
fn cpu(process: &Process) -> procfs::ProcResult<Duration> {
    let stat = process.stat()?;
    let ended = u64::try_from(stat.cutime + stat.cstime).unwrap_or(0);
    let ticks = stat.utime + stat.stime + ended;
    Ok(Duration::from_micros(ticks * 1_000_000 / procfs::ticks_per_second()))
}

/// Memory that a process has for itself. Pages of files are left out: they are shared, and given back
/// when somebody needs them. (A fair share of them, `smaps_rollup`, costs milliseconds for each process.)
fn memory(process: &Process) -> u64 {
    let status = process.status().ok();
    let own = status.and_then(|status| Some(status.rssanon? + status.rssshmem?));
    own.unwrap_or(0) * 1024
}

/// Bytes received and sent beyond the loopback.
fn network() -> (u64, u64) {
    let devices = procfs::net::dev_status().unwrap_or_default();
    let outside = devices.values().filter(|device: &&DeviceStatus| device.name != "lo");
    outside.fold((0, 0), |(received, sent), device| (received + device.recv_bytes, sent + device.sent_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::testing::TestAgent;

    #[test]
    fn what_a_process_used_counts_also_when_it_has_ended() {
        let own = Process::myself().unwrap();
        let before = cpu(&own).unwrap();
        let burn = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
        assert!(std::process::Command::new("/bin/sh").args(["-c", burn]).status().unwrap().success());
        assert!(cpu(&own).unwrap() >= before + Duration::from_millis(50));
    }

    #[test]
    fn the_processors_time_never_runs_backwards() {
        let mut meter = Cpu::default();
        assert_eq!([100, 40, 70].map(|seen| meter.tell(seen)), [100, 100, 130]);
    }

    #[tokio::test]
    async fn the_use_is_told() {
        let agent = TestAgent::start().await;
        let (_, stats) = agent.get("/api/stats").await;
        assert!(stats["memoryBytes"].as_u64().unwrap() > 1_000_000);
        assert!(stats["processes"].as_u64().unwrap() >= 1);
    }
}
