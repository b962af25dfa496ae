//! The records of sandboxes as this engine knows them: those on disk, but for what could not be saved yet.
//!
//! What has happened is so even when the disk is full: a sandbox that was stopped is stopped. Such a record is kept
//! here, is what everyone sees, and is saved as soon as that can be.

use std::{collections::HashMap, io, sync::Arc, time::Duration};

use parking_lot::Mutex;
use sandpit_api::{ApiError, ErrorCode};
use sandpit_engine::{Result, record::Record, refuse};

use crate::host::Host;

/// Time between two attempts to read.
const PAUSE: Duration = Duration::from_millis(200);

pub struct Kept {
    host: Arc<Host>,
    unsaved: Mutex<HashMap<String, Record>>,
}

impl Kept {
    pub fn new(host: Arc<Host>) -> Self {
        Self { host, unsaved: Mutex::default() }
    }

    /// The record of `id`; `SANDBOX_NOT_FOUND`, or another error when it cannot be read now.
    pub async fn load(&self, id: &str) -> Result<Record> {
        if let Some(record) = self.unsaved.lock().get(id) {
            return Ok(record.clone());
        }
        let (host, wanted) = (self.host.clone(), id.to_owned());
        let found = blocking(move || host.records.get(&wanted)).await.map_err(failure)?;
        found.ok_or_else(|| refuse::not_found(id))
    }

    /// The record of `id` as soon as it can be read; none when there is none.
    pub async fn load_at_last(&self, id: &str) -> Option<Record> {
        loop {
            match self.load(id).await {
                Ok(record) => return Some(record),
                Err(error) if error.code == ErrorCode::SandboxNotFound => return None,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    pub async fn all(&self) -> Result<Vec<Record>> {
        let host = self.host.clone();
        let records = blocking(move || host.records.load()).await.map_err(failure)?;
        let unsaved = self.unsaved.lock();
        Ok(records.into_iter().map(|record| unsaved.get(&record.id).cloned().unwrap_or(record)).collect())
    }

    /// Saves `record`, or changes nothing.
    pub async fn save(&self, record: &Record) -> Result<()> {
        let (host, saved) = (self.host.clone(), record.clone());
        blocking(move || host.records.save(&saved)).await.map_err(failure)?;
        self.forget(&record.id);
        Ok(())
    }

    /// Keeps `record`, which says what has happened already: on disk if that can be.
    pub async fn keep(&self, record: &Record) {
        if let Err(error) = self.save(record).await {
            tracing::warn!(id = record.id, %error, "a record cannot be saved yet");
            self.unsaved.lock().insert(record.id.clone(), record.clone());
        }
    }

    /// Whose records are not on disk.
    pub fn unsaved(&self) -> Vec<String> {
        self.unsaved.lock().keys().cloned().collect()
    }

    /// Tries once more to save what is not on disk of `id`.
    pub async fn save_again(&self, id: &str) {
        let record = self.unsaved.lock().get(id).cloned();
        if let Some(record) = record {
            // It stays here until an attempt succeeds.
            let _ = self.save(&record).await;
        }
    }

    /// Drops what is not on disk of `id`.
    pub fn forget(&self, id: &str) {
        self.unsaved.lock().remove(id);
    }
}

/// A failure of the host as an answer.
pub fn failure(error: io::Error) -> ApiError {
    let code =
        if error.kind() == io::ErrorKind::StorageFull { ErrorCode::NoSpace } else { ErrorCode::EngineError };
    ApiError::new(code, format!("The embedded engine failed: {error}"))
}

/// Runs `work` where it may block.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
