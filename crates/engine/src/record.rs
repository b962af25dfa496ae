//! What an engine remembers of a sandbox, on disk: whole or absent, and readable by older and newer versions.
//!
//! It knows no engine: what only one engine needs to remember is `private`, which it alone reads.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use sandpit_api::sandbox::{CreateSandbox, Failure, FailureKind, Limits, Network, Sandbox, SandboxState};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

const FILE: &str = "record.json";

/// Begins the name of a folder that is not yet a sandbox's. It is no valid id.
pub const UNFINISHED: &str = ".new-";

/// One sandbox as saved. Every field may be missing in a file, and unknown ones are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Record {
    pub id: String,
    pub name: String,
    pub image: String,
    pub state: SandboxState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Failure>,
    /// RFC 3339, UTC.
    pub created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    pub env: BTreeMap<String, String>,
    pub limits: Limits,
    pub network: Network,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleep_after: Option<u64>,
    pub keep_alive: bool,
    pub labels: BTreeMap<String, String>,
    /// What only the engine that wrote it understands.
    pub private: Value,
    /// Fields of a version that is not this one.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            id: String::new(),
            name: String::new(),
            image: String::new(),
            state: SandboxState::Stopped,
            reason: None,
            created_at: jiff::Timestamp::UNIX_EPOCH.to_string(),
            started_at: None,
            env: BTreeMap::new(),
            limits: Limits::default(),
            network: Network::default(),
            sleep_after: None,
            keep_alive: false,
            labels: BTreeMap::new(),
            private: Value::Null,
            other: Map::new(),
        }
    }
}

impl Record {
    /// The record of a new sandbox, in state `creating`.
    pub fn new(id: &str, image: &str, request: CreateSandbox) -> Self {
        Self {
            id: id.to_owned(),
            name: request.name.unwrap_or_else(|| id.to_owned()),
            image: request.image.unwrap_or_else(|| image.to_owned()),
            state: SandboxState::Creating,
            created_at: now(),
            env: request.env,
            limits: request.limits,
            network: request.network,
            sleep_after: request.sleep_after.and_then(|idle| idle.seconds()),
            keep_alive: request.keep_alive,
            labels: request.labels,
            ..Self::default()
        }
    }

    /// Changes what `patch` names.
    pub fn patch(&mut self, patch: sandpit_api::sandbox::PatchSandbox) {
        self.name = patch.name.unwrap_or_else(|| self.name.clone());
        self.keep_alive = patch.keep_alive.unwrap_or(self.keep_alive);
        self.sleep_after = patch.sleep_after.map_or(self.sleep_after, |idle| idle.seconds());
        if let Some(env) = patch.env {
            self.env = env;
        }
        if let Some(limits) = patch.limits {
            self.limits = limits;
        }
        if let Some(labels) = patch.labels {
            self.labels = labels;
        }
    }

    /// It runs from now on.
    pub fn running(&mut self) {
        self.state = SandboxState::Running;
        self.started_at = Some(now());
        self.reason = None;
    }

    /// It does not run any more, because somebody asked for it.
    pub fn stopped(&mut self) {
        self.state = SandboxState::Stopped;
        self.started_at = None;
        self.reason = None;
    }

    /// It does not run, although nobody asked it to stop.
    pub fn failed(&mut self, reason: Failure) {
        self.state = SandboxState::Failed;
        self.started_at = None;
        self.reason = Some(reason);
    }

    /// The wire's view of it, as sandbox of the engine `engine`.
    pub fn sandbox(&self, engine: &str) -> Sandbox {
        Sandbox {
            id: self.id.clone(),
            name: self.name.clone(),
            engine: engine.to_owned(),
            image: self.image.clone(),
            state: self.state,
            reason: self.reason.clone(),
            created_at: self.created_at.clone(),
            started_at: self.started_at.clone(),
            env: self.env.clone(),
            limits: self.limits.clone(),
            network: self.network.clone(),
            sleep_after: self.sleep_after,
            keep_alive: self.keep_alive,
            labels: self.labels.clone(),
            ports: Vec::new(),
        }
    }
}

fn now() -> String {
    jiff::Timestamp::now().to_string()
}

/// The folder that has one folder for each sandbox, named by its id, with `record.json` in it.
#[derive(Debug, Clone)]
pub struct Records {
    root: PathBuf,
}

impl Records {
    /// Records under `root`, which is made when it is missing.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root)?;
        Ok(Self { root })
    }

    /// The folder of the sandbox `id`. Valid ids have no `/` and are not `..`.
    pub fn folder(&self, id: &str) -> PathBuf {
        self.root.join(id)
    }

    /// Every sandbox there is. One whose file is spoilt is `failed` and says why; a folder that is no
    /// sandbox's is left alone.
    ///
    /// # Errors
    /// When this process cannot read now, for example for want of descriptors: that says nothing of a sandbox.
    pub fn load(&self) -> io::Result<Vec<Record>> {
        let mut records = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            let Ok(id) = entry?.file_name().into_string() else { continue };
            records.extend(self.get(&id)?);
        }
        records.sort_by(|a, b| a.created_at.cmp(&b.created_at).then_with(|| a.id.cmp(&b.id)));
        Ok(records)
    }

    /// The sandbox `id`, if there is one. It is `failed` when its file is spoilt.
    ///
    /// # Errors
    /// As [`Records::load`].
    pub fn get(&self, id: &str) -> io::Result<Option<Record>> {
        if crate::id::validate(id).is_err() || !is_folder(&self.folder(id))? {
            return Ok(None);
        }
        let record = read(&self.folder(id).join(FILE), id)?;
        // It may have been removed meanwhile, and its file is missing for that.
        Ok(is_folder(&self.folder(id))?.then_some(record))
    }

    /// Makes the folder of a new sandbox, its record in it: both at once, so that nobody ever sees half of it.
    ///
    /// # Errors
    /// `AlreadyExists` when there is one of that name.
    pub fn claim(&self, record: &Record) -> io::Result<()> {
        use std::os::unix::fs::DirBuilderExt;
        let place = self.folder(&record.id);
        if is_folder(&place)? {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let temporary = self.root.join(format!("{UNFINISHED}{}", uuid::Uuid::new_v4().simple()));
        let claimed = fs::DirBuilder::new().mode(0o700).create(&temporary).and_then(|()| {
            write_private(&temporary.join(FILE), record)?;
            fs::rename(&temporary, place)
        });
        claimed.map_err(|error| {
            let _ = fs::remove_dir_all(&temporary);
            // Another was quicker: a folder is never renamed over one that holds something.
            let taken = error.kind() == io::ErrorKind::DirectoryNotEmpty;
            if taken { io::ErrorKind::AlreadyExists.into() } else { error }
        })
    }

    /// Saves `record`, whole or not at all. Its folder must exist.
    pub fn save(&self, record: &Record) -> io::Result<()> {
        let folder = self.folder(&record.id);
        let temporary = folder.join(format!(".{FILE}.{}", uuid::Uuid::new_v4().simple()));
        let written =
            write_private(&temporary, record).and_then(|()| fs::rename(&temporary, folder.join(FILE)));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }
}

/// Only the owner reads it: an environment may hold secrets.
fn write_private(path: &Path, record: &Record) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    io::Write::write_all(&mut file, &serde_json::to_vec_pretty(record)?)
}

fn is_folder(path: &Path) -> io::Result<bool> {
    match path.symlink_metadata() {
        Ok(meta) => Ok(meta.is_dir()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether this process lacks something now (memory, descriptors here, descriptors anywhere), which says
/// nothing of what it asked about.
pub fn is_shortage(error: &io::Error) -> bool {
    // `ENOMEM`, `ENFILE`, `EMFILE`: the same numbers on every Linux.
    matches!(error.raw_os_error(), Some(12 | 23 | 24))
}

/// The record in the file at `path`. Only what is wrong with the file itself makes it unreadable.
fn read(path: &Path, id: &str) -> io::Result<Record> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if is_shortage(&error) => return Err(error),
        Err(error) => return Ok(unreadable(id, &error.to_string())),
    };
    Ok(match serde_json::from_slice(&bytes) {
        Ok(Value::Object(fields)) => Record { id: id.to_owned(), ..lenient(&fields) },
        Ok(_) => unreadable(id, "it is not a JSON object"),
        Err(error) => unreadable(id, &error.to_string()),
    })
}

fn unreadable(id: &str, why: &str) -> Record {
    let message = format!("The record of this sandbox cannot be read: {why}. Its files are still there.");
    let reason = Failure { kind: FailureKind::StartFailed, message, exit_code: None };
    let mut record = Record { id: id.to_owned(), name: id.to_owned(), ..Record::default() };
    record.failed(reason);
    record
}

/// `fields` as a `T`, where what another version writes differently costs only that field.
fn lenient<T: DeserializeOwned + Default>(fields: &Map<String, Value>) -> T {
    let whole = Value::Object(fields.clone());
    if let Ok(value) = serde_json::from_value(whole) {
        return value;
    }
    let mut kept = Map::new();
    for (key, value) in fields {
        if let Some(value) = keepable::<T>(key, value) {
            kept.insert(key.clone(), value);
        }
    }
    serde_json::from_value(Value::Object(kept)).unwrap_or_default()
}

/// `value` as far as `T` takes it under `key`: whole, or without the members it does not know.
fn keepable<T: DeserializeOwned>(key: &str, value: &Value) -> Option<Value> {
    let fits = |value: &Value| {
        serde_json::from_value::<T>(Value::Object([(key.to_owned(), value.clone())].into_iter().collect()))
            .is_ok()
    };
    if fits(value) {
        return Some(value.clone());
    }
    let known: Map<String, Value> = value
        .as_object()?
        .iter()
        .filter(|(name, member)| {
            fits(&Value::Object([((*name).clone(), (*member).clone())].into_iter().collect()))
        })
        .map(|(name, member)| (name.clone(), member.clone()))
        .collect();
    let known = Value::Object(known);
    fits(&known).then_some(known)
}

#[cfg(test)]
mod tests;
