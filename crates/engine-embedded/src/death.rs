//! Why a sandbox is not running although nobody asked it to stop.

use std::{
    fs,
    time::{Duration, Instant},
};

use sandpit_api::{
    ApiError,
    sandbox::{Failure, FailureKind, SandboxState},
};
use sandpit_engine::record::Record;
use serde::Deserialize;

use crate::{
    host::Host,
    launch::{self, Private},
    process::Identity,
};

/// 128 and SIGKILL, as shells and bubblewrap count.
const KILLED: i32 = 137;

/// Longest time to wait for what is killed.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is known of the end of `record`'s agent.
pub async fn reason(host: &Host, record: &Record) -> Failure {
    let private = Private::of(record);
    if let Some(Ok(monitor)) = private.monitor.as_ref().map(Identity::open) {
        // It writes the exit code down and ends.
        monitor.ends_within(Duration::from_millis(500)).await;
    }
    let ran_out = private.group.as_ref().is_some_and(|name| host.cgroups().group(name).oom_kills() > 0);
    let exit_code = host.folder(&record.id).exit_code();
    let (kind, message) = match exit_code {
        Some(KILLED) if ran_out => {
            (FailureKind::OutOfMemory, "It used more memory than it may, and was ended.".to_owned())
        }
        Some(KILLED) => (FailureKind::Killed, "Its first process was killed.".to_owned()),
        Some(code) => {
            (FailureKind::Exited, format!("Its first process ended by itself, with exit code {code}."))
        }
        None => (
            FailureKind::EngineGone,
            "It ended while Sandpit was not looking, for example with the machine.".to_owned(),
        ),
    };
    Failure { kind, message, exit_code }
}

/// The reason of a start that did not succeed.
pub fn start_failure(error: &ApiError) -> Failure {
    Failure { kind: FailureKind::StartFailed, message: error.message.clone(), exit_code: None }
}

/// The app ended while it started this sandbox: what it left is ended, and the sandbox is `failed`.
pub async fn clean_up_after_a_crash(host: &Host, record: &mut Record) {
    end_all(host, record).await.save_in(record);
    let message = "Sandpit ended while it was starting this sandbox.".to_owned();
    record.failed(Failure { kind: FailureKind::StartFailed, message, exit_code: None });
}

/// Ends at once whatever runs for `record`, written down there or not. Gives what is to be remembered of it.
pub async fn end_all(host: &Host, record: &Record) -> Private {
    let mut private = Private::of(record);
    private.agent = private.agent.or_else(|| told_by_bubblewrap(host, &record.id));
    launch::end(host, &mut private, Duration::ZERO, record.state == SandboxState::Paused).await;
    if matches!(record.state, SandboxState::Creating | SandboxState::Failed) {
        end_what_it_started(host, &record.id).await;
    }
    private
}

/// A start that is cut off leaves processes that nobody wrote down, and that may start others yet; so does a record
/// that is spoilt.
async fn end_what_it_started(host: &Host, id: &str) {
    let end = Instant::now() + PATIENCE;
    loop {
        let folder = host.folder(id);
        let found = tokio::task::spawn_blocking(move || folder.started()).await.unwrap_or_default();
        if found.is_empty() || Instant::now() > end {
            return;
        }
        for process in found {
            process.kill(PATIENCE).await;
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Told {
    child_pid: i32,
    pid_namespace: u64,
}

/// The first process, as bubblewrap wrote it down: told apart from a later one of that number by its namespace.
fn told_by_bubblewrap(host: &Host, id: &str) -> Option<Identity> {
    let text = fs::read_to_string(host.folder(id).path().join("status.json")).ok()?;
    let told: Told = serde_json::Deserializer::from_str(&text).into_iter().next()?.ok()?;
    let namespace = fs::read_link(format!("/proc/{}/ns/pid", told.child_pid)).ok()?;
    let same = namespace.to_string_lossy() == format!("pid:[{}]", told.pid_namespace);
    same.then(|| Identity::of(told.child_pid).ok()).flatten()
}
