//! What this host lets the engine do, found by trying, and what would mend what it does not.

use std::{
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use rustix::fs::Access;
use sandpit_api::engine::{Capabilities, Capability, Engine, EngineKind, EngineState};

use crate::{host::Host, stage};

/// How long an answer counts. What a person mends is seen after this time.
const FRESH: Duration = Duration::from_secs(5);

pub type Attempt = Result<(), Trouble>;

/// Why it cannot be done, and what a person can do about it.
#[derive(Debug, Clone)]
pub struct Trouble {
    reason: String,
    fix_it: Option<String>,
}

/// The last attempt to make a sandbox, and when it was made.
pub type Last = Mutex<Option<(Instant, Attempt)>>;

/// The engine as data, looked up afresh.
pub async fn describe(id: &str, host: Arc<Host>) -> Engine {
    let id = id.to_owned();
    let looked = tokio::task::spawn_blocking(move || look(id, &host));
    looked.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

fn look(id: String, host: &Host) -> Engine {
    let works = works(host);
    let trouble = works.err();
    Engine {
        id,
        kind: EngineKind::Embedded,
        state: if trouble.is_none() { EngineState::Available } else { EngineState::Unavailable },
        version: version(host),
        capabilities: capabilities(host),
        reason: trouble.as_ref().map(|trouble| trouble.reason.clone()),
        fix_it: trouble.and_then(|trouble| trouble.fix_it),
    }
}

/// What it can do beside running sandboxes.
pub fn capabilities(host: &Host) -> Capabilities {
    let limit = |controller: &str| match host.cgroups().has(controller) {
        true => Capability::yes(),
        false => Capability::no(
            format!("no control group with the {controller} controller may be made here"),
            Some("Run Sandpit in a systemd user session (cgroup v2), or as root.".to_owned()),
        ),
    };
    let code_runtime = match host.runtime() {
        Some(_) => Capability::yes(),
        None => Capability::no(
            format!("there is no code runtime at {}", host.config.runtime.display()),
            Some("Run `make runtime`.".to_owned()),
        ),
    };
    Capabilities {
        pause: Capability::yes(),
        cpu_limit: limit("cpu"),
        memory_limit: limit("memory"),
        pids_limit: Capability::yes(),
        disk_limit: Capability::no("files are kept in a plain folder, which has no quota", None),
        network_on: network_on(host),
        network_allow: Capability::no("there is no filtering proxy yet", None),
        code_runtime,
    }
}

fn network_on(host: &Host) -> Capability {
    if host.config.pasta.is_none() {
        return Capability::no("pasta is not installed", Some("Install the package passt.".to_owned()));
    }
    let tun = "/dev/net/tun";
    // Asked, not opened: closing a tunnel device waits for every processor, and each create looks here.
    match rustix::fs::access(tun, Access::READ_OK | Access::WRITE_OK) {
        Ok(_) => Capability::yes(),
        Err(error) => {
            let fix_it = format!("Run `sudo modprobe tun` and `sudo chmod 0666 {tun}`.");
            Capability::no(format!("{tun} cannot be used: {error}"), Some(fix_it))
        }
    }
}

fn version(host: &Host) -> Option<String> {
    let output = Command::new(host.config.bwrap.as_ref()?).arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()).filter(|version| !version.is_empty())
}

fn works(host: &Host) -> Attempt {
    let last = host.last_attempt.lock().clone();
    if let Some((_, attempt)) = last.filter(|(at, _)| at.elapsed() < FRESH) {
        return attempt;
    }
    let attempt = attempt(host);
    *host.last_attempt.lock() = Some((Instant::now(), attempt.clone()));
    attempt
}

fn attempt(host: &Host) -> Attempt {
    let trouble = |reason: String, fix_it: &str| Trouble { reason, fix_it: Some(fix_it.to_owned()) };
    let Some(bwrap) = &host.config.bwrap else {
        return Err(trouble("bubblewrap is not installed".to_owned(), "Install the package bubblewrap."));
    };
    if !host.config.agent.is_file() {
        let reason = format!("the agent's program is missing: {}", host.config.agent.display());
        return Err(trouble(reason, "Run `make build`, or set SANDPIT_AGENT to its path."));
    }
    let stage = host.stage().map_err(|error| {
        trouble(format!("no mount namespace can be made: {error}"), "Run Sandpit as an ordinary user.")
    })?;
    let mut words = stage.map(|stage| stage.enter(stage::new_uid())).unwrap_or_default();
    words.push(bwrap.to_string_lossy().into_owned());
    let isolation = "--unshare-user --unshare-pid --unshare-net --unshare-uts --unshare-ipc --unshare-cgroup \
                     --disable-userns --ro-bind / / --proc /proc --dev /dev -- /bin/true";
    words.extend(isolation.split_whitespace().map(str::to_owned));
    let output = Command::new(&words[0]).args(&words[1..]).output();
    let output = output
        .map_err(|error| Trouble { reason: format!("{} does not run: {error}", words[0]), fix_it: None })?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Trouble { fix_it: Some(mend(&told)), reason: format!("bubblewrap cannot make a sandbox: {told}") })
}

/// What a person can do about what bubblewrap said.
fn mend(told: &str) -> String {
    let sysctl = |name: &str| std::fs::read_to_string(format!("/proc/sys/{name}")).unwrap_or_default();
    let is = |name: &str, value: &str| sysctl(name).trim() == value;
    if is("kernel/apparmor_restrict_unprivileged_userns", "1") {
        return "AppArmor restricts user namespaces: install the package apparmor-profiles and load its profile \
                bwrap-userns-restrict, or run `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`."
            .to_owned();
    }
    if is("kernel/unprivileged_userns_clone", "0") {
        return "User namespaces are off: run `sudo sysctl kernel.unprivileged_userns_clone=1`.".to_owned();
    }
    if is("user/max_user_namespaces", "0") {
        return "User namespaces are off: run `sudo sysctl user.max_user_namespaces=15000`.".to_owned();
    }
    if told.contains("/proc") || told.contains("proc on") {
        return "Inside a container, /proc must not be masked: start it with --security-opt systempaths=unconfined.".to_owned();
    }
    "Try `bwrap --unshare-all --ro-bind / / true` in a terminal: it must succeed.".to_owned()
}
