//! The program itself: how it listens, what it gives up, and how it ends.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(20);

struct Program {
    child: Child,
    folder: tempfile::TempDir,
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // Asked, not killed, so that it removes its files.
            let _ = Command::new("kill").arg(self.child.id().to_string()).status();
            let _ = self.child.wait();
        }
    }
}

fn until<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = ready() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn start(folder: &Path, more: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandpit-agent"));
    command.args(["--listen-unix", "socket", "--workspace"]).arg(folder).args(more);
    command.env("TMPDIR", folder).current_dir(folder).spawn().unwrap()
}

impl Program {
    fn start(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { child: start(folder.path(), more), folder }
    }

    fn call(&self, path: &str, body: &Value) -> Value {
        let socket = self.folder.path().join("socket");
        let mut stream = until("it listens", || UnixStream::connect(&socket).ok());
        let body = body.to_string();
        let length = body.len();
        write!(stream, "POST {path} HTTP/1.1\r\nhost: agent\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    fn run(&self, command: &str) -> String {
        let body = self.call("/api/execute", &json!({ "command": command }));
        body["stdout"].as_str().unwrap().to_owned()
    }
}

#[test]
fn what_a_killed_agent_left_unfinished_is_gone_after_the_next_start() {
    let mut program = Program::start(&[]);
    assert_eq!(program.run("mkdir -p .sandpit-part-1/half kept && echo made"), "made\n");
    program.child.kill().unwrap();
    program.child.wait().unwrap();
    std::fs::remove_file(program.folder.path().join("socket")).unwrap();
    program.child = start(program.folder.path(), &[]);
    until("it is gone", || program.run("ls -d .sandpit-part-*").is_empty().then_some(()));
    assert_eq!(program.run("ls -d kept"), "kept\n");
}

#[test]
fn commands_have_no_new_privileges_no_core_files_and_a_limit_of_processes() {
    let program = Program::start(&["--pids-limit", "4321"]);
    let told = program.run("grep NoNewPrivs /proc/self/status; ulimit -c; ulimit -u");
    assert_eq!(told, "NoNewPrivs:\t1\n0\n4321\n");
}

#[test]
fn commands_inherit_no_descriptor_of_the_agent() {
    let program = Program::start(&[]);
    assert_eq!(program.run("ls /proc/self/fd | tr '\\n' ' '"), "0 1 2 3 ", "3 is the folder that ls reads");
}

#[test]
fn asked_to_end_it_ends_everything_it_started_and_leaves_no_file() {
    let mut program = Program::start(&[]);
    program.call("/api/terminals", &json!({}));
    let pid = program.run("(setsid sleep 81 & echo $!) 2>/dev/null");
    let files = program.run("echo /dev/shm/.sandpit-agent-*/$SANDPIT_SHELL");
    assert!(std::path::Path::new(files.trim()).is_dir(), "{files}");
    let started = Instant::now();
    assert!(Command::new("kill").arg(program.child.id().to_string()).status().unwrap().success());
    let status = until("it ends", || program.child.try_wait().unwrap());
    assert!(status.success() && started.elapsed() < Duration::from_millis(2900));
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
    assert!(!std::path::Path::new(files.trim()).exists());
    let left: Vec<_> =
        std::fs::read_dir(program.folder.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(left, ["socket"]);
}
