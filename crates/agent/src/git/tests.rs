//! Cloning, from repositories on disk and from servers that misbehave.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode, Uri};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::server::testing::TestAgent;

const PATIENCE: Duration = Duration::from_secs(20);

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
async fn a_repository_goes_where_nothing_is_or_into_an_empty_folder() {
    let agent = TestAgent::start().await;
    let url = repository(&agent);
    std::fs::create_dir(agent.path("empty")).unwrap();
    std::fs::write(agent.path("file"), "mine").unwrap();
    let clone = async |target: &str| {
        let body = json!({ "repoUrl": url, "targetDir": target });
        let (status, answer) = agent.post("/api/git/checkout", body).await;
        (status, answer["code"].as_str().unwrap_or_default().to_owned())
    };
    for good in ["empty", "not/yet/there"] {
        assert_eq!(clone(good).await.0, StatusCode::OK);
        let mut git = std::process::Command::new("git");
        let diff = git.args(["diff", "--quiet", "HEAD"]).current_dir(agent.path(good)).status();
        assert!(diff.unwrap().success(), "{good} is whole");
    }
    for taken in ["empty", "file", "."] {
        assert_eq!(clone(taken).await, (StatusCode::CONFLICT, "FILE_EXISTS".to_owned()), "{taken}");
    }
    assert_eq!(clone("file/x").await, (StatusCode::BAD_REQUEST, "NOT_DIRECTORY".to_owned()));
    assert_eq!(clone("a\0b").await, (StatusCode::BAD_REQUEST, "VALIDATION_FAILED".to_owned()));
    assert_eq!(clone(&"x".repeat(5000)).await, (StatusCode::BAD_REQUEST, "NAME_TOO_LONG".to_owned()));
    assert_eq!(std::fs::read_to_string(agent.path("file")).unwrap(), "mine");
    assert_eq!(names(&agent), ["empty", "file", "not", "origin"]);
}

#[tokio::test]
async fn a_request_that_cannot_be_names_its_field() {
    let agent = TestAgent::start().await;
    for (field, body) in [
        ("repoUrl", json!({})),
        ("repoUrl", json!({ "repoUrl": "ext::sh -c touch% x" })),
        ("repoUrl", json!({ "repoUrl": "--upload-pack=touch x" })),
        ("branch", json!({ "repoUrl": "https://x/y", "branch": "--upload-pack=x" })),
        ("branch", json!({ "repoUrl": "https://x/y", "branch": "" })),
        ("branch", json!({ "repoUrl": "https://x/y", "branch": "a\nb" })),
        ("depth", json!({ "repoUrl": "https://x/y", "depth": 0 })),
        ("depth", json!({ "repoUrl": "https://x/y", "depth": -1 })),
        ("depth", json!({ "repoUrl": "https://x/y", "depth": 3_000_000_000u32 })),
        ("timeoutMs", json!({ "repoUrl": "https://x/y", "timeoutMs": 0 })),
        ("targetDir", json!({ "repoUrl": "https://x/.." })),
    ] {
        let (status, answer) = agent.post("/api/git/checkout", body).await;
        assert_eq!(
            (status, &answer["context"]["field"]),
            (StatusCode::BAD_REQUEST, &json!(field)),
            "{answer}"
        );
    }
    assert!(names(&agent).is_empty(), "nothing was run");
}

#[tokio::test]
async fn git_has_the_environment_of_the_session() {
    let agent = TestAgent::start().await;
    let url = repository(&agent);
    let export =
        "export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=clone.defaultRemoteName GIT_CONFIG_VALUE_0=upstream";
    agent.post("/api/execute", json!({ "command": export, "sessionId": "s" })).await;
    let body = json!({ "repoUrl": url, "targetDir": "x", "sessionId": "s" });
    assert_eq!(agent.post("/api/git/checkout", body).await.0, StatusCode::OK);
    let config = std::fs::read_to_string(agent.path("x/.git/config")).unwrap();
    assert!(config.contains("[remote \"upstream\"]"), "{config}");
}

/// A server that answers with the status its path names, and not at all on `/silent`.
async fn server() -> (String, Arc<Notify>, JoinHandle<()>) {
    let asked = Arc::new(Notify::new());
    let heard = asked.clone();
    let answer = async move |uri: Uri| {
        let name = uri.path().split('/').nth(1).unwrap_or_default().to_owned();
        if name == "silent" {
            heard.notify_one();
            std::future::pending::<()>().await;
        }
        let basic = [(http::header::WWW_AUTHENTICATE, "Basic realm=x")];
        (name.parse::<u16>().ok().and_then(|code| StatusCode::from_u16(code).ok()).unwrap(), basic, "")
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let app = Router::new().fallback(answer);
    (address, asked, tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }))
}

/// What is in the workspace, whatever its name.
fn names(agent: &TestAgent) -> Vec<String> {
    let entries = std::fs::read_dir(agent.path("")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_a_server_answers_has_a_code_and_repeats_no_password() {
    let agent = TestAgent::start().await;
    let (address, _, server) = server().await;
    for (path, code) in [
        ("401", "GIT_AUTH_FAILED"),
        ("403", "GIT_AUTH_FAILED"),
        ("404", "GIT_REPOSITORY_NOT_FOUND"),
        ("500", "GIT_NETWORK_ERROR"),
    ] {
        let url = format!("http://me:canary@{address}/{path}/x.git?token=canary");
        let (_, answer) = agent.post("/api/git/checkout", json!({ "repoUrl": url })).await;
        assert_eq!(answer["code"], code, "{answer}");
        assert!(!answer.to_string().contains("canary"), "{answer}");
    }
    assert!(names(&agent).is_empty(), "nothing is left");
    server.abort();
}

#[tokio::test]
async fn a_clone_that_takes_too_long_is_ended_and_leaves_nothing() {
    let agent = TestAgent::start().await;
    let (address, _, server) = server().await;
    let body = json!({ "repoUrl": format!("http://{address}/silent/x.git"), "timeoutMs": 300 });
    let (status, answer) = timeout(PATIENCE, agent.post("/api/git/checkout", body)).await.unwrap();
    assert_eq!((status, &answer["code"]), (StatusCode::BAD_GATEWAY, &json!("GIT_NETWORK_ERROR")));
    assert_eq!(answer["context"]["timeoutMs"], 300);
    assert!(names(&agent).is_empty(), "nothing is left");
    server.abort();
}

#[tokio::test]
async fn a_clone_ends_with_its_request_and_leaves_nothing() {
    let agent = TestAgent::start().await;
    let (address, asked, server) = server().await;
    let body = json!({ "repoUrl": format!("http://{address}/silent/x.git") });
    let request = Request::post("/api/git/checkout").header("host", "agent");
    let request = request.body(Body::from(body.to_string())).unwrap();
    tokio::select! {
        _ = agent.send(request) => panic!("no answer is due"),
        () = asked.notified() => {}
    }
    assert_eq!(names(&agent).len(), 1, "it has begun");
    let gone = async {
        while !names(&agent).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, gone).await.expect("what was begun is removed");
    let mine = |pid: &i32| {
        let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.contains(&address)
    };
    let left: Vec<i32> = crate::reap::processes().into_iter().map(|entry| entry.pid).filter(mine).collect();
    assert!(left.is_empty(), "{left:?} run on");
    server.abort();
}
