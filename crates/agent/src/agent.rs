//! What every route shares: where the sandbox's files are, its environment, and its live things.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::Semaphore;

use crate::{
    context::Contexts,
    exec::Turns,
    process::Processes,
    session::{Place, Sessions},
    stats::Meter,
    terminal::Terminals,
    watch::Checks,
};

/// How an agent is set up. The environment is the sandbox's: what commands inherit.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder that relative paths start from.
    pub workspace: PathBuf,
    pub env: BTreeMap<OsString, OsString>,
}

impl Config {
    /// A configuration with the environment this process was started with.
    pub fn inherited(workspace: impl Into<PathBuf>) -> Self {
        Self { workspace: workspace.into(), env: std::env::vars_os().collect() }
    }
}

/// The state of one agent. Held in an [`Arc`] as the state of every route.
pub struct Agent {
    config: Config,
    contexts: Contexts,
    meter: Meter,
    /// Files of the agent's own (shell start-up files, pipes), gone with it.
    state_dir: tempfile::TempDir,
    pub checks: Checks,
    pub processes: Processes,
    pub sessions: Sessions,
    pub terminals: Terminals,
    /// Of commands without a session.
    pub turns: Turns,
    /// A place for each tunnel that may be open.
    pub tunnels: Arc<Semaphore>,
}

impl Agent {
    /// An agent for `config`.
    ///
    /// # Errors
    /// When its private folder cannot be made in the temporary folder.
    pub fn new(config: Config) -> io::Result<Arc<Self>> {
        let state_dir = private_folder()?;
        let first = Place { cwd: config.workspace.clone(), env: config.env.clone() };
        Ok(Arc::new(Self {
            contexts: Contexts::default(),
            meter: Meter::default(),
            checks: Checks::default(),
            processes: Processes::default(),
            sessions: Sessions::new(first, state_dir.path().to_owned()),
            terminals: Terminals::default(),
            turns: Turns::default(),
            tunnels: crate::port::places(),
            config,
            state_dir,
        }))
    }

    /// The folder that relative paths of requests start from.
    pub fn workspace(&self) -> &Path {
        &self.config.workspace
    }

    /// The sandbox's environment: what every command starts from.
    pub fn env(&self) -> &BTreeMap<OsString, OsString> {
        &self.config.env
    }

    /// Where a command of `session` would run now.
    pub fn place(&self, session: &str) -> Place {
        self.sessions.place(session)
    }

    /// The code contexts.
    pub fn contexts(&self) -> &Contexts {
        &self.contexts
    }

    /// What the sandbox uses.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// A folder for files of the agent's own, mode 0700.
    pub fn state_dir(&self) -> &Path {
        self.state_dir.path()
    }

    /// `path` of a request: absolute as it is, else beneath the workspace. Not resolved further.
    pub fn resolve(&self, path: impl AsRef<Path>) -> PathBuf {
        self.config.workspace.join(path)
    }
}

/// In memory where that can be had: each command makes pipes there, and a disk's journal is slow.
fn private_folder() -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".sandpit-agent-");
    builder.tempdir_in("/dev/shm").or_else(|_| builder.tempdir())
}
