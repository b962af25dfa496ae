//! Where the embedded engine finds what it needs: its data folder, the agent, the code runtime.

use std::{
    env,
    path::{Path, PathBuf},
};

/// What an [`EmbeddedEngine`] works with.
///
/// [`EmbeddedEngine`]: crate::EmbeddedEngine
#[derive(Debug, Clone)]
pub struct Config {
    /// Folder of the sandboxes' records and files.
    pub data: PathBuf,
    /// The agent's binary, or where it was looked for.
    pub agent: PathBuf,
    /// The prepared code runtime, seen in sandboxes as `/opt/sandpit`. It may not exist.
    pub runtime: PathBuf,
    /// `bwrap`, if it was found.
    pub bwrap: Option<PathBuf>,
    /// `pasta`, if it was found.
    pub pasta: Option<PathBuf>,
}

impl Config {
    /// Everything from the environment, with sandboxes under `data`.
    pub fn from_env(data: impl Into<PathBuf>) -> Self {
        let data = data.into();
        let runtime = env::var_os("SANDPIT_RUNTIME").map_or_else(|| data.join("runtime"), PathBuf::from);
        Self {
            agent: find_agent(),
            runtime,
            bwrap: find_program("bwrap"),
            pasta: find_program("pasta"),
            data,
        }
    }
}

/// `$SANDPIT_AGENT`, else beside the running executable, else where `make agent` leaves it.
fn find_agent() -> PathBuf {
    if let Some(path) = env::var_os("SANDPIT_AGENT") {
        return path.into();
    }
    let folder = env::current_exe().ok().and_then(|exe| Some(exe.parent()?.to_owned())).unwrap_or_default();
    let beside = folder.join("sandpit-agent");
    let cross = folder.join("../x86_64-unknown-linux-gnu/agent/sandpit-agent");
    if !beside.exists() && cross.exists() { cross } else { beside }
}

/// The first executable `name` on the search path.
fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
