//! What the gateway keeps for each sandbox across its own restarts: exposed ports, and whether it sleeps.
//!
//! One file for each sandbox under `<data>/gateway/sandboxes`, written whole or not at all, readable by
//! its owner only, since the tokens of preview URLs are in it. Fields that a newer version wrote are kept.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    net::Ipv4Addr,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Duration,
};

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::net::TcpListener;

/// One exposed port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exposure {
    pub token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Exposure {
    pub fn new(token: String, name: Option<String>) -> Self {
        Self { token, name, rest: Map::new() }
    }
}

/// What is kept for one sandbox.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    pub ports: BTreeMap<u16, Exposure>,
    /// It was stopped for idleness, and starts again when it is used.
    pub asleep: bool,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Everything kept, in memory and on disk.
pub struct Saved {
    folder: PathBuf,
    kept: RwLock<HashMap<String, Kept>>,
    /// One writer at a time, so that memory and disk take changes in the same order.
    writing: tokio::sync::Mutex<()>,
}

impl Saved {
    /// Reads `<data>/gateway`, and opens the preview listener on the port noted there.
    pub async fn open(data_dir: &Path) -> io::Result<(Self, TcpListener)> {
        let own = data_dir.join("gateway");
        let folder = own.join("sandboxes");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let kept = RwLock::new(read_all(&folder)?);
        let listener = preview_listener(&own.join("preview-port")).await?;
        Ok((Self { folder, kept, writing: tokio::sync::Mutex::default() }, listener))
    }

    pub fn get(&self, id: &str) -> Kept {
        self.kept.read().get(id).cloned().unwrap_or_default()
    }

    /// As it is on disk now: another gateway over the same folder may have changed it.
    pub fn fresh(&self, id: &str) -> Kept {
        let read = fs::read(self.file(id)).ok().and_then(|text| serde_json::from_slice(&text).ok());
        read.unwrap_or_else(|| self.get(id))
    }

    /// Notes that the sandbox is in use now, for other gateways over the same folder.
    pub async fn note_use(&self, id: &str) {
        if let Err(error) = tokio::fs::write(self.used(id), "").await {
            tracing::warn!(id, %error, "the use of a sandbox cannot be noted");
        }
    }

    /// How long ago any gateway noted a use.
    pub fn since_use(&self, id: &str) -> Option<Duration> {
        fs::metadata(self.used(id)).ok()?.modified().ok()?.elapsed().ok()
    }

    /// Reads without copying; `None` when nothing is kept.
    pub fn with<R>(&self, id: &str, read: impl FnOnce(&Kept) -> R) -> Option<R> {
        self.kept.read().get(id).map(read)
    }

    /// Changes what is kept. Nothing is changed when `change` or the disk fails.
    pub async fn change<R, E: From<io::Error>>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Kept) -> Result<R, E>,
    ) -> Result<R, E> {
        let _writing = self.writing.lock().await;
        let before = self.fresh(id);
        let mut after = before.clone();
        let result = change(&mut after)?;
        if after != before {
            write(self.file(id), serde_json::to_vec_pretty(&after).map_err(io::Error::from)?).await?;
        }
        self.kept.write().insert(id.to_owned(), after);
        Ok(result)
    }

    pub async fn forget(&self, id: &str) -> io::Result<()> {
        let _writing = self.writing.lock().await;
        self.kept.write().remove(id);
        for file in [self.file(id), self.used(id)] {
            match tokio::fs::remove_file(file).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn file(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    fn used(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.used"))
    }
}

fn read_all(folder: &Path) -> io::Result<HashMap<String, Kept>> {
    let mut all = HashMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(id) =
            path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".json"))
        else {
            continue;
        };
        match serde_json::from_slice(&fs::read(&path)?) {
            Ok(kept) => drop(all.insert(id.to_owned(), kept)),
            Err(error) => {
                tracing::error!(id, %error, "what was saved cannot be read; it is put aside");
                fs::rename(&path, path.with_extension("broken"))?;
            }
        }
    }
    Ok(all)
}

async fn write(path: PathBuf, bytes: Vec<u8>) -> io::Result<()> {
    let written = tokio::task::spawn_blocking(move || write_whole(&path, &bytes));
    written.await.map_err(io::Error::other)?
}

/// Writes beside the file and renames over it; the new file is its owner's only.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    io::Write::write_all(&mut file, bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Preview URLs hold the proxy's port, so it is kept: the first one that was free, and the same ever
/// after. While another program (or another Sandpit) has it, a free one is used and not noted.
async fn preview_listener(note: &Path) -> io::Result<TcpListener> {
    let noted = fs::read_to_string(note).ok().and_then(|text| text.trim().parse::<u16>().ok());
    if let Some(port) = noted
        && let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
    {
        return Ok(listener);
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    if noted.is_none() {
        write_whole(note, listener.local_addr()?.port().to_string().as_bytes())?;
    }
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    async fn opened(folder: &Path) -> Saved {
        Saved::open(folder).await.expect("an open folder").0
    }

    async fn expose(saved: &Saved, id: &str, port: u16) {
        let exposed = saved.change(id, |kept| {
            kept.ports.insert(port, Exposure::new("token".into(), None));
            Ok::<_, io::Error>(())
        });
        exposed.await.expect("a saved port");
    }

    #[tokio::test]
    async fn what_is_saved_is_there_after_a_restart_and_private() {
        let folder = tempfile::tempdir().expect("a folder");
        expose(&opened(folder.path()).await, "demo", 8080).await;
        let again = opened(folder.path()).await;
        assert_eq!(again.get("demo").ports[&8080].token, "token");
        let mode = fs::metadata(again.file("demo")).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[tokio::test]
    async fn two_gateways_over_one_folder_lose_nothing_of_each_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, two) = (opened(folder.path()).await, opened(folder.path()).await);
        expose(&one, "demo", 8080).await;
        expose(&two, "demo", 9090).await;
        expose(&one, "demo", 7070).await;
        assert_eq!(one.get("demo").ports.into_keys().collect::<Vec<_>>(), [7070, 8080, 9090]);
        assert!(two.since_use("demo").is_none());
        one.note_use("demo").await;
        assert!(two.since_use("demo").is_some_and(|since| since < Duration::from_secs(60)));
    }

    #[tokio::test]
    async fn a_change_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let saved = opened(folder.path()).await;
        let failed = saved.change("demo", |kept| {
            kept.asleep = true;
            Err::<(), _>(io::Error::other("no"))
        });
        assert!(failed.await.is_err());
        assert!(!saved.get("demo").asleep);
    }

    #[tokio::test]
    async fn a_broken_file_is_put_aside_and_fields_of_a_newer_version_are_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = folder.path().join("gateway/sandboxes");
        fs::create_dir_all(&files).expect("a folder");
        fs::write(files.join("torn.json"), r#"{"ports": {"80"#).expect("a file");
        fs::write(files.join("new.json"), r#"{"asleep": true, "colour": "red"}"#).expect("a file");
        let saved = opened(folder.path()).await;
        assert_eq!(saved.get("torn"), Kept::default());
        assert!(files.join("torn.broken").exists());
        expose(&saved, "new", 3000).await;
        let text = fs::read_to_string(files.join("new.json")).expect("a file");
        assert!(text.contains("red") && text.contains("3000"), "{text}");
    }

    #[tokio::test]
    async fn a_forgotten_sandbox_leaves_no_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let saved = opened(folder.path()).await;
        expose(&saved, "demo", 8080).await;
        saved.forget("demo").await.expect("forgotten");
        saved.forget("demo").await.expect("forgotten twice");
        assert!(!saved.file("demo").exists());
    }

    #[tokio::test]
    async fn previews_come_back_on_the_same_port_and_on_another_while_it_is_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let (_, first) = Saved::open(folder.path()).await.expect("an open folder");
        let port = first.local_addr().expect("an address").port();
        let (_, second) = Saved::open(folder.path()).await.expect("an open folder");
        assert_ne!(second.local_addr().expect("an address").port(), port);
        drop(first);
        let (_, third) = Saved::open(folder.path()).await.expect("an open folder");
        assert_eq!(third.local_addr().expect("an address").port(), port);
    }
}
