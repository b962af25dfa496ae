//! A disk that is full, has no room for names, or may not be written to: a small tmpfs in a mount
//! namespace of the agent's own, so that the host sees nothing of it.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    process::{Child, Command},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(20);
const MIB: usize = 1 << 20;

/// An agent whose workspace is a file system of its own.
struct Agent {
    child: Child,
    folder: tempfile::TempDir,
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

impl Agent {
    /// With a workspace that is a tmpfs of these options.
    fn start(options: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("workspace")).unwrap();
        let script = "mount -t tmpfs -o \"$1\" tmpfs workspace && exec \"$2\" --listen-unix socket --workspace \"$PWD/workspace\"";
        let child = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "--", "/bin/sh", "-c", script, "sh", options])
            .arg(env!("CARGO_BIN_EXE_sandpit-agent"))
            .env("TMPDIR", folder.path())
            .current_dir(folder.path())
            .spawn()
            .unwrap();
        Self { child, folder }
    }

    fn dial(&self) -> UnixStream {
        let started = Instant::now();
        loop {
            if let Ok(stream) = UnixStream::connect(self.folder.path().join("socket")) {
                return stream;
            }
            assert!(started.elapsed() < PATIENCE, "it listens");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Status and body of an answer.
    fn send(&self, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
        let mut stream = self.dial();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: agent\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap())
    }

    fn call(&self, path: &str, body: Value) -> (u16, Value) {
        self.send("POST", path, body.to_string().as_bytes())
    }

    /// What a shell in the sandbox says.
    fn run(&self, command: &str) -> String {
        let (_, body) = self.call("/api/execute", json!({ "command": command }));
        body["stdout"].as_str().unwrap().to_owned()
    }

    /// All of the workspace: names, sizes, and how full it is.
    fn state(&self) -> String {
        let state = self.run("ls -AlR --time-style=+ . && df --output=used,iused .");
        assert!(state.contains("IUsed"), "{state}");
        state
    }
}

fn no_space(answer: (u16, Value), what: &str) {
    assert_eq!((answer.0, &answer.1["code"]), (500, &json!("NO_SPACE")), "{what}: {}", answer.1);
}

fn archive(names: impl Iterator<Item = String>, content: &[u8]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for name in names {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, content).unwrap();
    }
    archive.into_inner().unwrap()
}

#[test]
fn a_full_disk_refuses_each_way_of_writing_and_keeps_what_was_there() {
    let agent = Agent::start("size=4m");
    assert_eq!(agent.call("/api/write", json!({ "path": "old", "content": "whole" })).0, 200);
    agent.call("/api/mkdir", json!({ "path": "folder" }));
    let before = agent.state();
    let large = vec![7; 6 * MIB];
    no_space(agent.send("PUT", "/api/files/raw?path=old", &large), "raw over a file");
    no_space(agent.send("PUT", "/api/files/raw?path=new/deep/f", &large), "raw in a new folder");
    let content = BASE64.encode(&large);
    no_space(
        agent.call("/api/write", json!({ "path": "old", "content": content, "encoding": "base64" })),
        "write",
    );
    no_space(
        agent.send("PUT", "/api/files/archive?path=folder", &archive(["a".into()].into_iter(), &large)),
        "one",
    );
    let many = archive((0..6).map(|n| format!("{n}")), &vec![7; MIB]);
    no_space(agent.send("PUT", "/api/files/archive?path=folder", &many), "an archive of several");
    no_space(agent.send("PUT", "/api/files/archive?path=fresh", &many), "an archive into nothing");
    assert_eq!(agent.state(), before);
    assert_eq!(agent.run("cat old"), "whole");
}

#[test]
fn a_copy_that_does_not_fit_leaves_nothing() {
    let agent = Agent::start("size=4m");
    agent.run("head -c 3000000 /dev/zero > large");
    let before = agent.state();
    no_space(agent.call("/api/copy", json!({ "sourcePath": "large", "destinationPath": "copy" })), "copy");
    assert_eq!(agent.state(), before);
}

#[test]
fn where_no_more_names_fit_nothing_is_left_behind() {
    let agent = Agent::start("size=4m,nr_inodes=12");
    for n in 0..5 {
        agent.call("/api/write", json!({ "path": format!("f{n}"), "content": "x" }));
    }
    let before = agent.state();
    no_space(agent.call("/api/write", json!({ "path": "a/b/c/d/e/f/g/h", "content": "x" })), "write");
    let many = archive((0..20).map(|n| format!("{n}")), b"x");
    no_space(agent.send("PUT", "/api/files/archive?path=.", &many), "archive");
    assert_eq!(agent.state(), before);
}

#[test]
fn a_disk_that_may_not_be_written_to_says_so() {
    let agent = Agent::start("size=4m,ro");
    let writes = [
        ("/api/write", json!({ "path": "f", "content": "x" })),
        ("/api/mkdir", json!({ "path": "d" })),
        ("/api/mkdir", json!({ "path": "d/e", "recursive": true })),
        ("/api/copy", json!({ "sourcePath": "/etc/hosts", "destinationPath": "f" })),
        ("/api/move", json!({ "sourcePath": "/etc/hosts", "destinationPath": "f" })),
    ];
    for (route, body) in writes {
        let (status, answer) = agent.call(route, body);
        assert_eq!((status, &answer["code"]), (403, &json!("READ_ONLY")), "{route}: {answer}");
    }
    for route in ["raw?path=f", "archive?path=.", "archive?path=new"] {
        let body = archive(["f".into()].into_iter(), b"x");
        let (status, answer) = agent.send("PUT", &format!("/api/files/{route}"), &body);
        assert_eq!((status, &answer["code"]), (403, &json!("READ_ONLY")), "{route}: {answer}");
    }
    assert_eq!(agent.run("ls -A"), "");
}
