//! Limits and freezing by control groups, v1, hybrid or v2, as far as this host grants them.
//!
//! What it grants is found by trying, since neither mount options nor permissions tell it reliably.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use cgroups_rs::{
    CgroupPid,
    fs::{
        Cgroup, Controllers, MaxValue,
        cpu::CpuController,
        freezer::FreezerController,
        hierarchies::{UNIFIED_MOUNTPOINT, V1, auto, is_cgroup2_unified_mode},
        memory::MemController,
        pid::PidController,
    },
};
use sandpit_api::sandbox::Limits;

use crate::process::Identity;

const PERIOD: u64 = 100_000;

/// Which controllers can be had here, and where.
#[derive(Debug, Clone, Default)]
pub struct Cgroups {
    controllers: Vec<String>,
    /// Of v2: the part of the tree that is ours, without a slash in front.
    base: PathBuf,
    v2: bool,
}

/// The group of one sandbox.
pub struct Group {
    cgroup: Cgroup,
    files: Option<PathBuf>,
}

impl Cgroups {
    /// Finds out by making a group and moving a process into it.
    pub fn probe() -> Self {
        let v2 = is_cgroup2_unified_mode();
        let base = if v2 { delegated().unwrap_or_default() } else { PathBuf::new() };
        let mut found = Self { controllers: Vec::new(), base, v2 };
        let Ok(mut child) = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn() else {
            return found;
        };
        for controller in ["memory", "cpu", "cpuacct", "pids", "freezer"] {
            let attempt = Self { controllers: vec![controller.to_owned()], ..found.clone() };
            if attempt.works_for(child.id()) {
                found.controllers.push(controller.to_owned());
            }
        }
        drop(child.stdin.take());
        let _ = child.wait();
        found
    }

    fn works_for(&self, pid: u32) -> bool {
        let name = format!("sandpit-probe-{:08x}", rand::random::<u32>());
        let Ok(group) = self.create(&name, &Limits::default()) else { return false };
        let attached = group.attach(pid as i32).is_ok();
        if attached {
            let _ = group.cgroup.remove_task_by_tgid(CgroupPid::from(u64::from(pid)));
        }
        group.remove();
        attached
    }

    /// Whether a limit of `controller` holds.
    pub fn has(&self, controller: &str) -> bool {
        self.controllers.iter().any(|own| own == controller)
    }

    /// Makes the group `name` with `limits`.
    pub fn create(&self, name: &str, limits: &Limits) -> io::Result<Group> {
        let group = self.group(name);
        let specified = self.controllers.iter().filter(|c| !self.v2 || Self::is_v2(c)).cloned().collect();
        Cgroup::new_with_specified_controllers(auto(), self.base.join(name), Some(specified))
            .map_err(io::Error::other)?;
        group.limit(limits).inspect_err(|_| group.remove())?;
        Ok(group)
    }

    /// A new name for a group of the sandbox `id`; none where this host grants no group.
    pub fn name_for(&self, id: &str) -> Option<String> {
        (!self.controllers.is_empty()).then(|| format!("sandpit-{id}-{:08x}", rand::random::<u32>()))
    }

    /// The group `name`, made earlier.
    pub fn group(&self, name: &str) -> Group {
        let path = self.base.join(name);
        let files = match self.v2 {
            true => Some(Path::new(UNIFIED_MOUNTPOINT).join(&path)),
            false => V1::new().get_mount_point(Controllers::Mem).map(|(point, _)| point.join(&path)),
        };
        let cgroup = Cgroup::load_with_specified_controllers(auto(), path, self.controllers.clone());
        Group { cgroup, files }
    }

    /// Freezing and accounting are no controllers of v2: every group has them.
    fn is_v2(controller: &str) -> bool {
        !matches!(controller, "freezer" | "cpuacct")
    }
}

/// The topmost group above our own that belongs to our user, without a slash in front. Root's is the root.
fn delegated() -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let uid = rustix::process::getuid().as_raw();
    let text = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = Path::new(text.lines().find_map(|line| line.strip_prefix("0::/"))?).to_owned();
    let is_ours = |path: &&Path| {
        Path::new(UNIFIED_MOUNTPOINT).join(path).metadata().is_ok_and(|meta| meta.uid() == uid)
    };
    own.ancestors().filter(is_ours).last().map(Path::to_owned)
}

impl Group {
    fn limit(&self, limits: &Limits) -> io::Result<()> {
        if let (Some(mib), Some(memory)) = (limits.memory_mib, self.cgroup.controller_of::<MemController>()) {
            let bytes = i64::try_from(mib.saturating_mul(1 << 20)).unwrap_or(i64::MAX);
            memory.set_limit(bytes).map_err(io::Error::other)?;
            // Hosts without swap accounting have no such file. On v1 it counts memory and swap, on v2 swap alone.
            let _ = memory.set_memswap_limit(if self.cgroup.v2() { 0 } else { bytes });
        }
        if let (Some(cpus), Some(cpu)) = (limits.cpus, self.cgroup.controller_of::<CpuController>()) {
            let quota = (cpus * PERIOD as f64).max(1000.0) as i64;
            cpu.set_cfs_quota_and_period(Some(quota), Some(PERIOD)).map_err(io::Error::other)?;
        }
        if let (Some(most), Some(pids)) = (limits.pids, self.cgroup.controller_of::<PidController>()) {
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            pids.set_pid_max(MaxValue::Value(most)).map_err(io::Error::other)?;
        }
        Ok(())
    }

    /// Moves the process `pid` into it.
    pub fn attach(&self, pid: i32) -> io::Result<()> {
        self.cgroup.add_task_by_tgid(CgroupPid::from(u64::from(pid.unsigned_abs()))).map_err(io::Error::other)
    }

    /// Moves `agent` and all that descend from it into it. Who forks meanwhile is found in the next round.
    pub fn attach_tree(&self, agent: &Identity) {
        for _ in 0..32 {
            let inside: BTreeSet<i32> = self.cgroup.procs().iter().map(|pid| pid.pid as i32).collect();
            let outside: Vec<i32> =
                agent.tree().iter().map(|stat| stat.pid).filter(|pid| !inside.contains(pid)).collect();
            if outside.is_empty() {
                return;
            }
            // One that cannot be moved has ended.
            outside.into_iter().for_each(|pid| drop(self.attach(pid)));
        }
    }

    /// Freezes every process in it; false where this host has no freezer.
    pub fn freeze(&self) -> bool {
        let Some(freezer) = self.cgroup.controller_of::<FreezerController>() else { return false };
        let end = Instant::now() + Duration::from_secs(2);
        let mut frozen = freezer.freeze().is_ok();
        while frozen && !self.is_frozen(freezer) {
            // v1 freezes when it is asked whether it has.
            std::thread::sleep(Duration::from_millis(1));
            frozen = Instant::now() < end && freezer.freeze().is_ok();
        }
        if !frozen {
            let _ = freezer.thaw();
        }
        frozen
    }

    fn is_frozen(&self, freezer: &FreezerController) -> bool {
        use cgroups_rs::FreezerState;
        freezer.state().is_ok_and(|state| matches!(state, FreezerState::Frozen))
    }

    pub fn thaw(&self) -> bool {
        self.cgroup.controller_of::<FreezerController>().is_some_and(|freezer| freezer.thaw().is_ok())
    }

    /// How many of its processes were killed because memory ran out.
    pub fn oom_kills(&self) -> u64 {
        let Some(files) = &self.files else { return 0 };
        let text = |name| fs::read_to_string(files.join(name));
        let text = text("memory.events").or_else(|_| text("memory.oom_control")).unwrap_or_default();
        let told = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        told.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
    }

    /// Bytes of memory in use, without the page cache that is given back when it is needed.
    pub fn memory_bytes(&self) -> Option<u64> {
        let files = self.files.as_ref()?;
        let number = |name| fs::read_to_string(files.join(name)).ok()?.trim().parse::<u64>().ok();
        let used = number("memory.current").or_else(|| number("memory.usage_in_bytes"))?;
        let stat = fs::read_to_string(files.join("memory.stat")).unwrap_or_default();
        let line =
            |name: &str| stat.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
        Some(
            used.saturating_sub(line("total_inactive_file ").or_else(|| line("inactive_file ")).unwrap_or(0)),
        )
    }

    /// Removes it, once its processes are gone.
    pub fn remove(&self) {
        if let Err(error) = self.cgroup.delete() {
            tracing::warn!(path = self.cgroup.path(), %error, "a control group stays behind");
        }
    }
}
