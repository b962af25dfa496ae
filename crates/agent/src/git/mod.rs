//! `POST /api/git/checkout`: a repository cloned by the sandbox's own git.
//!
//! What is asked for never becomes an option or a command: arguments are separate, and `--` comes
//! before the address.

mod failure;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use sandpit_api::answer::Success;
use sandpit_api::{ApiError, ErrorCode, ErrorCode::*};
use serde::{Deserialize, Serialize};
use tokio::process::Command;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::file::name;
use crate::reap;
use crate::server::reply::{self, Json, Reply, Result};
use crate::server::{Routes, State};

/// The longest address, bytes (reference §7).
const LONGEST: usize = 2048;
/// A clone that takes longer is ended, unless the request says otherwise (reference §7).
const PATIENCE: Duration = Duration::from_secs(600);
/// What a clone that is asked to end may take to tidy up.
const TIDY: Duration = Duration::from_secs(5);
/// A transfer slower than 1 KiB/s for 30 s is broken off (reference §7).
const SLOW: [&str; 4] = ["-c", "http.lowSpeedLimit=1024", "-c", "http.lowSpeedTime=30"];

/// The routes of this module.
pub fn routes() -> Routes {
    crate::routes![checkout]
}

/// Body of `POST /api/git/checkout`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Checkout {
    /// `https`, `http`, `ssh`, `git`, `file`, `user@host:path`, or a path.
    repo_url: String,
    /// The repository's own choice when absent.
    branch: Option<String>,
    /// The end of the address when absent.
    target_dir: Option<String>,
    /// How many commits; all when absent.
    #[schema(minimum = 1)]
    depth: Option<u32>,
    /// 600 000 when absent.
    timeout_ms: Option<u64>,
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
#[utoipa::path(
    post, path = "/api/git/checkout", tag = "Git",
    request_body(content = Checkout, example = json!({ "repoUrl": "https://example.org/demo.git", "depth": 1 })),
    responses((status = 200, description = "It is there", body = Success<CheckedOut>, example = json!({
        "success": true, "repoUrl": "https://example.org/demo.git", "branch": "main",
        "targetDir": "/workspace/demo", "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!([
        InvalidGitUrl, GitAuthFailed, GitRepositoryNotFound, GitBranchNotFound, CommandNotFound, FileExists,
        NameTooLong, NoSpace, GitCloneFailed, GitOperationFailed, GitNetworkError,
    ]))),
)]
async fn checkout(agent: State, Json(body): Json<Checkout>) -> Reply {
    check(&body)?;
    let target = target(&agent, &body)?;
    let mut command = git(&agent);
    command.args(SLOW).args(["clone", "--filter=blob:none"]);
    if let Some(branch) = &body.branch {
        command.arg(format!("--branch={branch}"));
    }
    if let Some(depth) = body.depth {
        command.arg(format!("--depth={depth}"));
    }
    command.arg("--").arg(&body.repo_url).arg(&target);
    let limit = body.timeout_ms.map_or(PATIENCE, Duration::from_millis);
    run(command, limit).await.map_err(|failed| failed.told(&body.repo_url))?;
    let branch = match body.branch {
        Some(branch) => branch,
        None => current_branch(&agent, &target).await,
    };
    let target_dir = name::encode(target.as_os_str()).into_owned();
    reply::success(&CheckedOut { repo_url: body.repo_url, branch, target_dir })
}

fn check(body: &Checkout) -> Result<()> {
    let url = &body.repo_url;
    let bad = url.is_empty() || url.len() > LONGEST || url.contains('\0') || url.starts_with('-');
    if bad || !has_known_transport(url) {
        let message = "repoUrl is not the address of a repository (https, http, ssh, git, file, user@host:path, or a path)";
        return Err(ApiError::new(ErrorCode::InvalidGitUrl, message).with("field", "repoUrl").into());
    }
    if body
        .branch
        .as_ref()
        .is_some_and(|name| name.is_empty() || name.starts_with('-') || name.contains('\0'))
    {
        return Err(ApiError::invalid("branch", "branch is not the name of a branch").into());
    }
    if body.depth == Some(0) {
        return Err(ApiError::invalid("depth", "depth must be at least 1").into());
    }
    Ok(())
}

/// git itself would run a helper for any other scheme, and a command for `ext::`.
fn has_known_transport(url: &str) -> bool {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            matches!(scheme, "https" | "http" | "ssh" | "git" | "file")
                && !rest.is_empty()
                && !rest.starts_with('-')
        }
        None => !url.contains("::"),
    }
}

fn target(agent: &State, body: &Checkout) -> Result<PathBuf> {
    let named = match &body.target_dir {
        Some(folder) => folder.clone(),
        None => repository_name(&body.repo_url).ok_or_else(|| {
            ApiError::invalid("targetDir", "repoUrl names no folder, so targetDir is needed")
        })?,
    };
    Ok(name::resolve(agent.workspace(), "targetDir", &named)?)
}

/// The last part of an address, without `.git`.
fn repository_name(url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let last = path.rsplit(['/', ':']).next().unwrap_or_default();
    let plain = last.strip_suffix(".git").unwrap_or(last);
    (!matches!(plain, "" | "." | "..")).then(|| plain.to_owned())
}

fn git(agent: &State) -> Command {
    let mut command = Command::new("git");
    command.env_clear().envs(agent.env()).current_dir(agent.workspace());
    // Nobody is there to answer a question, and messages are read by their English words.
    command.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C").env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0).kill_on_drop(true);
    command
}

/// Runs git; what it wrote to its standard output, or how it failed.
async fn run(mut command: Command, limit: Duration) -> std::result::Result<Vec<u8>, failure::Failed> {
    let child = reap::own(|| command.spawn()).map_err(failure::Failed::NotStarted)?;
    let group = child.id().and_then(|id| Pid::from_raw(id as i32));
    let output = child.wait_with_output();
    tokio::pin!(output);
    let output = match timeout(limit, &mut output).await {
        Ok(output) => output.map_err(failure::Failed::NotStarted)?,
        Err(_) => {
            end(group, Signal::TERM);
            if timeout(TIDY, &mut output).await.is_err() {
                end(group, Signal::KILL);
            }
            return Err(failure::Failed::TimedOut(limit));
        }
    };
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(failure::Failed::Refused(String::from_utf8_lossy(&output.stderr).into_owned()))
}

fn end(group: Option<Pid>, signal: Signal) {
    if let Some(group) = group {
        // A group that is gone has ended, as was wanted.
        let _ = kill_process_group(group, signal);
    }
}

/// `HEAD` for a repository without a branch checked out.
async fn current_branch(agent: &State, target: &Path) -> String {
    let mut command = git(agent);
    command.arg("-C").arg(target).args(["symbolic-ref", "--short", "HEAD"]);
    let name = run(command, TIDY).await.unwrap_or_default();
    let name = String::from_utf8_lossy(&name).trim().to_owned();
    if name.is_empty() { "HEAD".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::testing::TestAgent;
    use http::StatusCode;
    use serde_json::json;

    fn repository(agent: &TestAgent) -> String {
        let path = agent.path("origin");
        let script = "git init -q -b trunk . && echo hi > f && git add f && \
                      git -c user.name=x -c user.email=x@x commit -q -m one && git branch side";
        std::fs::create_dir(&path).unwrap();
        let status = std::process::Command::new("/bin/sh").args(["-c", script]).current_dir(&path).status();
        assert!(status.unwrap().success(), "git is needed");
        format!("file://{}", path.display())
    }

    #[tokio::test]
    async fn a_repository_is_cloned_beside_others_under_its_name() {
        let agent = TestAgent::start().await;
        let url = repository(&agent);
        let body = json!({ "repoUrl": url, "targetDir": "a b", "depth": 1 });
        let (status, answer) = agent.post("/api/git/checkout", body).await;
        assert_eq!((status, &answer["branch"]), (StatusCode::OK, &json!("trunk")), "{answer}");
        assert_eq!(std::fs::read_to_string(agent.path("a b/f")).unwrap(), "hi\n");
        let body = json!({ "repoUrl": url, "targetDir": "side", "branch": "side" });
        let (_, answer) = agent.post("/api/git/checkout", body).await;
        assert_eq!(answer["branch"], "side");
        let (status, answer) = agent.post("/api/git/checkout", json!({ "repoUrl": url })).await;
        assert_eq!((status, &answer["code"]), (StatusCode::CONFLICT, &json!("FILE_EXISTS")));
    }

    #[tokio::test]
    async fn what_git_says_has_a_code() {
        let agent = TestAgent::start().await;
        let url = repository(&agent);
        let code = async |body| agent.post("/api/git/checkout", body).await.1["code"].clone();
        let gone = json!({ "repoUrl": "file:///no/such/repository" });
        assert_eq!(code(gone).await, "GIT_REPOSITORY_NOT_FOUND");
        let branch = json!({ "repoUrl": url, "targetDir": "x", "branch": "none" });
        assert_eq!(code(branch).await, "GIT_BRANCH_NOT_FOUND");
        let refused = json!({ "repoUrl": "http://127.0.0.1:9/x.git" });
        assert_eq!(code(refused).await, "GIT_NETWORK_ERROR");
        assert!(!agent.path("x").exists(), "nothing is left");
    }

    #[tokio::test]
    async fn options_commands_and_nonsense_are_no_address() {
        let agent = TestAgent::start().await;
        for bad in [
            "",
            "--upload-pack=touch x",
            "ext::sh -c touch% x",
            "fd::7",
            "javascript://x",
            "ssh://-oProxyCommand=x/y",
        ] {
            let (status, answer) = agent.post("/api/git/checkout", json!({ "repoUrl": bad })).await;
            assert_eq!(
                (status, &answer["code"]),
                (StatusCode::BAD_REQUEST, &json!("INVALID_GIT_URL")),
                "{bad}"
            );
        }
        let body = json!({ "repoUrl": "https://x/y", "branch": "--upload-pack=x" });
        let (_, answer) = agent.post("/api/git/checkout", body).await;
        assert_eq!(answer["context"]["field"], "branch");
    }

    #[test]
    fn a_repository_is_named_by_the_end_of_its_address() {
        let name = |url| repository_name(url).unwrap_or_default();
        assert_eq!(name("https://h/a/b.git"), "b");
        assert_eq!(name("git@h:a/b.git/"), "b");
        assert_eq!(name("https://h/b?x=/y#z"), "b");
        assert_eq!(repository_name("https://h/.."), None);
    }
}
