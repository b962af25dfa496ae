//! `POST /api/git/checkout`: a repository cloned by the sandbox's own git.
//!
//! What is asked for never becomes an option or a command: arguments are separate, and `--` comes
//! before the address.

mod address;
mod failure;
mod run;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sandpit_api::answer::Success;
use sandpit_api::session::DEFAULT_SESSION;
use sandpit_api::{ApiError, ErrorCode::*};
use serde::{Deserialize, Serialize};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use crate::file::{Arrival, blocking, fault, name};
use crate::server::reply::{self, Json, Reply, Result};
use crate::server::{Routes, State};
use crate::session::Place;
use run::run;

/// What a failure happened during.
const OPERATION: &str = "git.checkout";
/// A clone that takes longer is ended, unless the request says otherwise (reference §7).
const PATIENCE: Duration = Duration::from_secs(600);
/// A local command that takes longer is stuck.
const LOCAL: Duration = Duration::from_secs(10);
/// git takes no larger number of commits.
const DEEPEST: u32 = i32::MAX as u32;
/// A transfer slower than 1 KiB/s for 30 s is broken off (reference §7).
const SLOW: [&str; 4] = ["-c", "http.lowSpeedLimit=1024", "-c", "http.lowSpeedTime=30"];

/// The routes of this module.
pub fn routes() -> Routes {
    crate::routes![checkout]
}

/// Body of `POST /api/git/checkout`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Checkout {
    /// `https`, `http`, `ssh`, `git`, `file`, `user@host:path`, or a path.
    repo_url: String,
    /// The repository's own choice when absent.
    branch: Option<String>,
    /// Nothing yet, or an empty folder. The end of the address when absent.
    target_dir: Option<String>,
    /// How many commits; all when absent.
    #[schema(minimum = 1, maximum = 2147483647)]
    depth: Option<u32>,
    /// 600 000 when absent.
    #[schema(minimum = 1)]
    timeout_ms: Option<u64>,
    /// Whose environment git has: proxies, keys, credential helpers.
    session_id: Option<String>,
}

/// Answer of `POST /api/git/checkout`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CheckedOut {
    repo_url: String,
    /// `HEAD` when none is checked out.
    branch: String,
    target_dir: String,
}

/// Clones a repository with the sandbox's own git.
///
/// It appears whole or not at all. Closing the request ends the clone.
#[utoipa::path(
    post, path = "/api/git/checkout", tag = "Git",
    request_body(content = Checkout, example = json!({ "repoUrl": "https://example.org/demo.git", "depth": 1 })),
    responses((status = 200, description = "It is there", body = Success<CheckedOut>, example = json!({
        "success": true, "repoUrl": "https://example.org/demo.git", "branch": "main",
        "targetDir": "/workspace/demo", "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!([
        InvalidGitUrl, GitAuthFailed, GitRepositoryNotFound, GitBranchNotFound, CommandNotFound, FileExists,
        PermissionDenied, NotDirectory, NameTooLong, NoSpace, OperationInterrupted, GitCloneFailed, GitOperationFailed, GitNetworkError,
    ]))),
)]
async fn checkout(agent: State, Json(body): Json<Checkout>) -> Reply {
    check(&body)?;
    let target = target(&agent, &body)?;
    let place = agent.place(body.session_id.as_deref().unwrap_or(DEFAULT_SESSION));
    let cancel = CancellationToken::new();
    let _stop = cancel.clone().drop_guard();
    // In a task of its own, which tidies up when this request is closed.
    let clone = tokio::spawn(clone(body, target, git(agent.workspace(), &place), cancel));
    reply::success(&clone.await.map_err(reply::internal)??)
}

/// Clones to where nobody looks, then brings the repository to its place.
async fn clone(
    body: Checkout,
    target: PathBuf,
    git: impl Fn() -> Command,
    cancel: CancellationToken,
) -> Result<CheckedOut> {
    let wanted = target.clone();
    let arrival = blocking(move || begin(&wanted)).await.map_err(|error| error.during(OPERATION))?;
    let limit = body.timeout_ms.map_or(PATIENCE, Duration::from_millis);
    let cloned = run(command(&git, &body, arrival.folder()), limit, &cancel).await;
    let branch = match (&cloned, body.branch) {
        (Ok(_), None) => current_branch(git(), arrival.folder(), &cancel).await,
        (_, branch) => branch.unwrap_or_default(),
    };
    let url = body.repo_url.clone();
    // Without success it is thrown away, which takes a while too.
    let arrived = blocking(move || match cloned {
        Ok(_) => arrival.finish(false, &[]).map_err(|error| error.during(OPERATION).into()),
        Err(failed) => Err(failed.told(&url).into()),
    });
    arrived.await?;
    Ok(CheckedOut { repo_url: body.repo_url, branch, target_dir: name::encode(target.as_os_str()).into() })
}

/// A place for the repository, if `target` is free for one.
fn begin(target: &Path) -> Result<Arrival, Box<ApiError>> {
    let taken = match fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_some(),
        // What is wrong with it, if anything, is told by the arrival.
        Err(_) => fs::metadata(target).is_ok_and(|metadata| !metadata.is_dir()),
    };
    if taken {
        return Err(fault(OPERATION, target, rustix::io::Errno::EXIST));
    }
    Arrival::begin(target)
}

fn command(git: impl Fn() -> Command, body: &Checkout, folder: &Path) -> Command {
    let mut command = git();
    command.args(SLOW).args(["clone", "--filter=blob:none"]);
    if let Some(branch) = &body.branch {
        command.arg(format!("--branch={branch}"));
    }
    if let Some(depth) = body.depth {
        command.arg(format!("--depth={depth}"));
    }
    command.arg("--").arg(&body.repo_url).arg(folder);
    command
}

fn check(body: &Checkout) -> Result<(), ApiError> {
    address::check(&body.repo_url)?;
    let bad = |name: &String| name.is_empty() || name.starts_with('-') || name.contains(char::is_control);
    if body.branch.as_ref().is_some_and(bad) {
        return Err(ApiError::invalid("branch", "branch is not the name of a branch"));
    }
    if body.depth.is_some_and(|depth| !(1..=DEEPEST).contains(&depth)) {
        return Err(ApiError::invalid("depth", format!("depth is from 1 to {DEEPEST}")));
    }
    if body.timeout_ms == Some(0) {
        return Err(ApiError::invalid("timeoutMs", "timeoutMs is at least 1"));
    }
    Ok(())
}

fn target(agent: &State, body: &Checkout) -> Result<PathBuf> {
    let named = match &body.target_dir {
        Some(folder) => folder.clone(),
        None => address::repository_name(&body.repo_url).ok_or_else(|| {
            ApiError::invalid("targetDir", "repoUrl names no folder, so targetDir is needed")
        })?,
    };
    Ok(name::resolve(agent.workspace(), "targetDir", &named)?)
}

/// Makes git commands with the environment of `place`.
fn git(workspace: &Path, place: &Place) -> impl Fn() -> Command + Send + use<> {
    let (workspace, env) = (workspace.to_owned(), place.env.clone());
    move || {
        let mut command = Command::new("git");
        // A session may have its own; what comes after is not for choosing.
        command.env_clear().env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes").envs(&env).current_dir(&workspace);
        // Nobody is there to answer a question, and messages are read by their English words.
        command.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
        command.env("GIT_ALLOW_PROTOCOL", address::PROTOCOLS.join(":"));
        for elsewhere in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            command.env_remove(elsewhere);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        command
    }
}

/// `HEAD` for a repository without a branch checked out.
async fn current_branch(mut git: Command, folder: &Path, cancel: &CancellationToken) -> String {
    git.arg("-C").arg(folder).args(["symbolic-ref", "--short", "HEAD"]);
    let name = run(git, LOCAL, cancel).await.unwrap_or_default();
    let name = String::from_utf8_lossy(&name).trim().to_owned();
    if name.is_empty() { "HEAD".to_owned() } else { name }
}
