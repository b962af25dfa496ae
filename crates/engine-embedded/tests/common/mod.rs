//! An engine over a folder of its own, and what only its tests may do to it.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::{path::PathBuf, sync::Arc, time::Duration};

use sandpit_api::sandbox::{CreateSandbox, Network, NetworkMode};
use sandpit_engine::{Engine, contract::Subject};
use sandpit_engine_embedded::{Config, EmbeddedEngine};

/// What asks for a sandbox with a network.
pub fn networked() -> CreateSandbox {
    CreateSandbox {
        network: Network { mode: NetworkMode::On, allow: Vec::new() },
        ..CreateSandbox::default()
    }
}

/// Waits until the process `pid` has ended.
pub async fn ends(pid: i32) {
    for _ in 0..500 {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        if status.is_empty() || status.contains("State:\tZ") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("process {pid} runs on");
}

/// Removed with all its sandboxes when it is dropped, also when the test failed.
pub struct Embedded {
    data: tempfile::TempDir,
}

impl Embedded {
    pub fn new() -> Self {
        Self { data: tempfile::Builder::new().prefix("sandpit-test-").tempdir().expect("a temporary folder") }
    }

    pub fn config(&self) -> Config {
        let config = Config::from_env(self.data.path());
        assert!(
            config.agent.is_file(),
            "set SANDPIT_AGENT to the agent's binary: {}",
            config.agent.display()
        );
        config
    }

    pub async fn open(&self) -> EmbeddedEngine {
        EmbeddedEngine::open(self.config()).await.expect("the engine opens")
    }

    pub fn folder(&self, id: &str) -> PathBuf {
        self.data.path().join("sandboxes").join(id)
    }

    /// Numbers of the sandboxes' first processes, whatever the engine thinks of them.
    fn agents(&self) -> Vec<i32> {
        let folders = std::fs::read_dir(self.data.path().join("sandboxes")).into_iter().flatten().flatten();
        let texts =
            folders.filter_map(|folder| std::fs::read_to_string(folder.path().join("record.json")).ok());
        let records = texts.filter_map(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
        records.filter_map(|record| Some(record["private"]["agent"]["pid"].as_i64()? as i32)).collect()
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        let config = Config::from_env(self.data.path());
        // A thread with a runtime of its own: the test's may be the one that unwinds.
        let removed = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let engine = EmbeddedEngine::open(config).await.expect("the engine opens");
                for sandbox in engine.list().await.expect("list") {
                    engine.destroy(&sandbox.id).await.expect("destroy");
                }
            });
        });
        let _ = removed.join();
    }
}

fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).expect("a process number");
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
}

#[async_trait::async_trait]
impl Subject for Embedded {
    async fn engine(&self) -> Arc<dyn Engine> {
        Arc::new(self.open().await)
    }

    async fn kill_agent(&self, id: &str) {
        kill(self.open().await.agent_pid(id).await.expect("its agent runs"));
    }

    /// Its folder, processes of its namespace, mounts and control groups with its name.
    async fn leftovers(&self, id: &str) -> Vec<String> {
        let mut left = Vec::new();
        if self.folder(id).exists() {
            left.push(self.folder(id).display().to_string());
        }
        let folder = self.data.path().display().to_string();
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("mounts");
        left.extend(mounts.lines().filter(|line| line.contains(&folder)).map(str::to_owned));
        for entry in walk("/sys/fs/cgroup".into(), 4) {
            if entry.to_string_lossy().contains(&format!("sandpit-{id}-")) {
                left.push(entry.display().to_string());
            }
        }
        left.extend(self.agents().into_iter().map(|pid| format!("process {pid}")));
        left
    }
}

fn walk(folder: PathBuf, depth: u32) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.push(entry.path());
            if depth > 0 {
                found.extend(walk(entry.path(), depth - 1));
            }
        }
    }
    found
}
