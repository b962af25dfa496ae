//! What the engine found on this host, looked up once: programs, control groups, the stage, the filters.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use parking_lot::Mutex;
use sandpit_engine::record::{Records, UNFINISHED};

use crate::{
    bubblewrap::Sources, cgroup::Cgroups, config::Config, folder::Folder, probe, seccomp, stage::Stage,
};

/// Begins the name of a folder that is being removed. It is no valid id.
const GONE: &str = ".gone-";

pub struct Host {
    pub config: Config,
    pub records: Records,
    /// The system call filters, compiled.
    pub filters: Vec<Vec<u8>>,
    /// Run by root: sandboxes then get uids of their own.
    pub is_root: bool,
    pub last_attempt: probe::Last,
    sandboxes: PathBuf,
    cgroups: OnceLock<Cgroups>,
    stage: Mutex<Option<Arc<Stage>>>,
}

impl Host {
    pub fn new(config: Config) -> io::Result<Self> {
        let data = std::path::absolute(&config.data)?;
        let config = Config {
            runtime: std::path::absolute(&config.runtime)?,
            agent: std::path::absolute(&config.agent)?,
            ..config
        };
        let sandboxes = data.join("sandboxes");
        let records = Records::open(&sandboxes)?;
        let is_root = rustix::process::geteuid().is_root();
        set_mode(&sandboxes, if is_root { 0o711 } else { 0o700 })?;
        Ok(Self {
            config,
            records,
            filters: seccomp::programs().map_err(io::Error::other)?,
            is_root,
            last_attempt: probe::Last::default(),
            sandboxes,
            cgroups: OnceLock::new(),
            stage: Mutex::default(),
        })
    }

    pub fn cgroups(&self) -> &Cgroups {
        self.cgroups.get_or_init(Cgroups::probe)
    }

    pub fn folder(&self, id: &str) -> Folder {
        Folder::new(self.records.folder(id))
    }

    /// Removes the folder of `id`, which is no sandbox's from the first moment on. What cannot be removed now is
    /// removed by [`Host::remove_gone`].
    pub fn discard(&self, id: &str) -> io::Result<()> {
        let gone = self.sandboxes.join(format!("{GONE}{:032x}", rand::random::<u128>()));
        std::fs::rename(self.folder(id).path(), &gone)?;
        if let Err(error) = Folder::new(gone).remove() {
            tracing::warn!(id, %error, "files of a deleted sandbox cannot be removed yet");
        }
        Ok(())
    }

    /// Removes what an earlier run had no time to make or to remove.
    pub fn remove_leftovers(&self) {
        self.remove_beginning_with(UNFINISHED);
        self.remove_gone();
    }

    /// Removes what is left of deleted sandboxes.
    pub fn remove_gone(&self) {
        self.remove_beginning_with(GONE);
    }

    fn remove_beginning_with(&self, prefix: &str) {
        for entry in std::fs::read_dir(&self.sandboxes).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(prefix) {
                let _ = Folder::new(entry.path()).remove();
            }
        }
    }

    /// Cuts logs that have become too long.
    pub fn trim_logs(&self) {
        for entry in std::fs::read_dir(&self.sandboxes).into_iter().flatten().flatten() {
            let _ = Folder::new(entry.path()).trim_log();
        }
    }

    /// The code runtime, if it is there.
    pub fn runtime(&self) -> Option<&Path> {
        Some(self.config.runtime.as_path()).filter(|runtime| runtime.join("bin").is_dir())
    }

    pub fn sources(&self) -> Sources {
        Sources {
            sandboxes: self.sandboxes.clone(),
            agent: self.config.agent.clone(),
            runtime: self.runtime().map(Path::to_owned),
        }
    }

    /// Where sandboxes are started from when root runs the engine.
    pub fn stage(&self) -> io::Result<Option<Arc<Stage>>> {
        if !self.is_root {
            return Ok(None);
        }
        let mut stage = self.stage.lock();
        *stage = Some(Stage::of(&self.sources(), stage.take())?);
        Ok(stage.clone())
    }
}

fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}
