//! Attempts to get out of a sandbox, each made live from inside, by whoever runs the tests: root or an ordinary user.
//! Needs the agent's binary (`SANDPIT_AGENT`), bubblewrap and python3.

#[path = "../common/mod.rs"]
mod common;

mod files;
mod kernel;
mod limits;
mod network;
mod processes;

use common::Embedded;
use sandpit_api::{exec::Executed, sandbox::CreateSandbox};
use sandpit_engine::{AgentClient, Engine};
use sandpit_engine_embedded::EmbeddedEngine;

/// A sandbox to attack from within.
pub struct Cell {
    pub embedded: Embedded,
    pub engine: EmbeddedEngine,
    pub id: String,
}

impl Cell {
    pub async fn new() -> Self {
        Self::with(CreateSandbox::default()).await
    }

    pub async fn with(request: CreateSandbox) -> Self {
        let embedded = Embedded::new();
        let engine = embedded.open().await;
        let id = engine.create(request).await.expect("create").id;
        Self { embedded, engine, id }
    }

    /// Runs `command` in a shell of the sandbox.
    pub async fn run(&self, command: &str) -> Executed {
        run_in(&self.engine, &self.id, command).await
    }

    /// What `command`, which must succeed, prints.
    pub async fn prints(&self, command: &str) -> String {
        let done = self.run(command).await;
        assert_eq!(done.exit_code, 0, "{command}\n{}{}", done.stdout, done.stderr);
        done.stdout.trim().to_owned()
    }

    /// `command` must fail.
    pub async fn refuses(&self, command: &str) {
        let done = self.run(command).await;
        assert_ne!(done.exit_code, 0, "{command}\n{}{}", done.stdout, done.stderr);
    }

    /// What a Python program prints. `syscall(number, ...)` in it gives the result, or minus the errno.
    pub async fn python(&self, program: &str) -> String {
        let prelude = "import ctypes, os, socket, errno, sys\n\
            libc = ctypes.CDLL(None, use_errno=True)\n\
            def syscall(*args):\n    \
                r = libc.syscall(*[ctypes.c_long(a) if isinstance(a, int) else a for a in args])\n    \
                return -ctypes.get_errno() if r == -1 else r\n";
        let marker = "SANDPIT_END_OF_PROGRAM";
        self.prints(&format!("/usr/bin/python3 - <<'{marker}'\n{prelude}{program}\n{marker}")).await
    }

    /// Number of its first process on the host.
    pub async fn agent(&self) -> i32 {
        self.engine.agent_pid(&self.id).await.expect("its agent runs")
    }
}

pub async fn run_in(engine: &EmbeddedEngine, id: &str, command: &str) -> Executed {
    let mut agent: AgentClient = AgentClient::dial(engine, id).await.expect("dial");
    agent.post("/api/execute", &serde_json::json!({ "command": command })).await.expect("execute")
}
