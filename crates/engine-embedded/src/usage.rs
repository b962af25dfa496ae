//! What a sandbox uses, told from outside: it need not answer, and may be frozen.

use std::{io, time::Instant};

use procfs::process::Process;
use sandpit_api::{sandbox::Limits, stats::Stats};
use sandpit_engine::record::Record;

use crate::{host::Host, launch::Private};

/// A reading of the processor time, to make a rate with the next.
#[derive(Debug, Clone)]
pub struct Reading {
    pub at: Instant,
    pub cpu_micros: u64,
}

impl Reading {
    /// Percent of one core since `last`; none when too little time passed to tell.
    pub fn percent_since(&self, last: &Self) -> Option<f64> {
        let micros = self.at.duration_since(last.at).as_micros() as f64;
        (micros > 50_000.0).then(|| self.cpu_micros.saturating_sub(last.cpu_micros) as f64 * 100.0 / micros)
    }
}

/// Processor time and processes are summed over the tree of the first process; memory is the control group's, where
/// there is one.
pub fn stats(host: &Host, record: &Record) -> Stats {
    let private = Private::of(record);
    let Some(agent) = &private.agent else { return Stats::default() };
    let tree = agent.tree();
    let ticks: u64 = tree
        .iter()
        .map(|stat| stat.utime + stat.stime + stat.cutime.max(0) as u64 + stat.cstime.max(0) as u64)
        .sum();
    let resident: u64 = tree.iter().map(|stat| stat.rss * procfs::page_size()).sum();
    let grouped = private.group.and_then(|name| host.cgroups().group(&name).memory_bytes());
    let (network_rx_bytes, network_tx_bytes) = traffic(agent.pid);
    Stats {
        cpu_micros: ticks * 1_000_000 / procfs::ticks_per_second().max(1),
        memory_bytes: grouped.unwrap_or(resident),
        memory_limit_bytes: record.limits.memory_mib.map(|mib| mib << 20),
        processes: tree.len() as u64,
        network_rx_bytes,
        network_tx_bytes,
        ..Stats::default()
    }
}

/// Bytes in and out over everything but the loopback.
fn traffic(pid: i32) -> (u64, u64) {
    let devices = Process::new(pid).and_then(|process| process.dev_status()).unwrap_or_default();
    let outside = devices.values().filter(|device| device.name != "lo");
    outside.fold((0, 0), |(rx, tx), device| (rx + device.recv_bytes, tx + device.sent_bytes))
}

/// Freezes or thaws every process: by a control group where there is a freezer, made now if need be, else by signals.
/// Gives what is to be remembered of it.
pub fn set_frozen(host: &Host, record: &Record, frozen: bool) -> io::Result<Private> {
    let mut private = Private::of(record);
    let Some(agent) = private.agent.clone() else { return Ok(private) };
    if frozen && private.group.is_none() && host.cgroups().has("freezer") {
        private.group = host.cgroups().name_for(&record.id);
        if let Some(name) = &private.group {
            host.cgroups().create(name, &Limits::default())?.attach_tree(&agent);
        }
    }
    let group = private.group.as_ref().map(|name| host.cgroups().group(name));
    if frozen {
        if !group.is_some_and(|group| group.freeze()) {
            agent.freeze();
        }
    } else {
        group.map(|group| group.thaw());
        agent.thaw();
    }
    Ok(private)
}
