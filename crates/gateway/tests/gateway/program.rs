//! `sandpitd` as a program: what it prints, keeps to itself, and ends with.

use std::{
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use http::{StatusCode, header};
use sandpit_engine::AgentClient;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

struct Served {
    child: Child,
    ready: Value,
    folder: TempDir,
}

fn sandpitd(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandpitd"));
    command.args(arguments).env("RUST_LOG", "trace").kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn serve(more: &[&str]) -> Served {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut command = sandpitd(&["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
    let mut child = command.arg(data).args(more).current_dir(folder.path()).spawn().expect("sandpitd");
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.as_mut().expect("its output"));
    let read = tokio::time::timeout(Duration::from_secs(20), out.read_line(&mut line)).await;
    read.expect("a line in time").expect("a line");
    Served { ready: serde_json::from_str(&line).expect("one JSON line"), child, folder }
}

impl Served {
    async fn status(&self, token: &str) -> StatusCode {
        let host = self.ready["url"].as_str().expect("a url").trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).await.expect("a connection");
        let mut client = AgentClient::over(Box::new(stream)).await.expect("a client");
        let request = http::Request::get("/v1/sandboxes").header(header::HOST, &host);
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        let request = request.body(axum::body::Body::empty()).expect("a request");
        client.send(request).await.expect("an answer").status()
    }

    /// Ends it as a system does, and gives what it wrote to standard error.
    async fn end(mut self) -> String {
        let pid = self.child.id().expect("it runs").to_string();
        let killed = Command::new("kill").args(["-TERM", &pid]).status().await.expect("kill");
        assert!(killed.success());
        let mut log = String::new();
        let read = self.child.stderr.take().expect("its log");
        BufReader::new(read).read_to_string(&mut log).await.expect("its log");
        let ended = tokio::time::timeout(Duration::from_secs(10), self.child.wait()).await;
        assert!(ended.expect("an end in time").expect("an end").success());
        log
    }
}

async fn output(mut command: Command) -> Output {
    command.output().await.expect("sandpitd")
}

fn mode(file: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&file.metadata().expect("a file").permissions()) & 0o777
}

#[tokio::test]
async fn it_says_where_it_serves_with_a_token_that_no_log_holds_and_ends_cleanly() {
    let served = serve(&[]).await;
    let token = served.ready["token"].as_str().expect("a token").to_owned();
    let url = served.ready["url"].as_str().expect("a url").to_owned();
    assert!(url.starts_with("http://127.0.0.1:") && !url.ends_with(":0"), "{url}");
    assert_eq!(served.ready["open"], format!("{url}/#token={token}"));
    assert_eq!(served.status(&token).await, StatusCode::OK);
    assert_eq!(served.status("canary-of-a-wrong-token").await, StatusCode::UNAUTHORIZED);
    let log = served.end().await;
    assert!(!log.contains(&token) && !log.contains("canary"), "{log}");
}

#[tokio::test]
async fn a_token_file_is_made_for_its_owner_and_not_printed() {
    let served = serve(&["--token-file", "token"]).await;
    assert!(served.ready.get("token").is_none() && served.ready.get("open").is_none(), "{}", served.ready);
    let file = served.folder.path().join("token");
    assert_eq!(mode(&file), 0o600);
    let token = std::fs::read_to_string(&file).expect("a token");
    assert_eq!(served.status(token.trim()).await, StatusCode::OK);
    let log = served.end().await;
    assert!(!log.contains(token.trim()), "{log}");
}

#[tokio::test]
async fn what_it_cannot_do_it_says_and_ends_with_a_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_str().expect("a path");
    for wrong in [
        &["serve", "--data-dir", data, "--engine", "none"][..],
        &["serve", "--data-dir", data, "--tls-cert", "c", "--tls-key", "k"],
        &["serve", "--data-dir", data, "--listen", "here"],
        &["serve", "--data-dir", "/proc/none", "--listen", "127.0.0.1:0"],
        &["fly"],
    ] {
        let output = output(sandpitd(wrong)).await;
        assert!(!output.status.success(), "{wrong:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{wrong:?}");
    }
}

#[tokio::test]
async fn the_doctor_ends_with_one_where_no_engine_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = sandpitd(&["doctor", "--json", "--data-dir"]);
    command.arg(folder.path()).env("PATH", folder.path());
    let output = output(command).await;
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report["engines"][0]["state"], "unavailable");
    assert!(report["engines"][0]["fixIt"].is_string(), "{report}");
}
