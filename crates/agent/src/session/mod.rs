//! Sessions: a persistent bash each, whose directory and environment outlive a command.
//!
//! A session's commands run one after the other, in the order they came; those of different
//! sessions run side by side. Its shell is started by its first command.

mod declared;
mod ear;
mod place;
mod routes;
mod script;
mod shared;
mod shell;

use std::{collections::BTreeMap, io, path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use futures::FutureExt;
use parking_lot::Mutex;
use sandpit_api::{
    ApiError, ErrorCode,
    session::{CreateSession, DISABLE_SESSION, Session as Record},
};
use tokio::sync::{OwnedMutexGuard, mpsc};
use tokio_util::sync::CancellationToken;

use crate::{
    exec::Chunk,
    reap::Tree,
    server::{extract::limit, reply},
};
use shared::Shared;
use shell::{GRACE, Shell};

pub use ear::{Ear, Told, What};
pub use place::{EnvChange, Place, check_env};
pub use routes::routes;
pub use script::{lasting, quote};
pub use shared::Member;
pub use shell::{Ended, Task, bash};

/// The most sessions of one sandbox.
const LIMIT: usize = 1024;
/// The longest id, bytes.
const ID_LENGTH: usize = 256;

/// The wait for a place in the queue of a session.
pub type Turn = Pin<Box<dyn Future<Output = OwnedMutexGuard<Option<Shell>>> + Send>>;

/// One session.
pub struct Session {
    pub id: String,
    name: Option<String>,
    created_at: String,
    /// Where a fresh shell starts.
    first: Place,
    /// Where the session is: its shell after its last command, or a terminal of it.
    shared: Mutex<Shared>,
    pub timeout: Option<Duration>,
    folder: PathBuf,
    /// What shells left that were stopped with their command.
    left: Mutex<Vec<Tree>>,
    /// The queue of commands: the lock is fair.
    shell: Arc<tokio::sync::Mutex<Option<Shell>>>,
    /// Cancelled when the session is deleted.
    pub deleted: CancellationToken,
}

/// The sessions of an agent.
pub struct Sessions {
    all: Mutex<BTreeMap<String, Arc<Session>>>,
    first: Place,
    folder: PathBuf,
}

impl Sessions {
    /// No sessions yet; they will start at `first` and keep their files in `folder`.
    pub fn new(first: Place, folder: PathBuf) -> Self {
        Self { all: Mutex::default(), first, folder }
    }

    /// Where a command without a session runs.
    pub fn first(&self) -> &Place {
        &self.first
    }

    /// The session `id`, made now if there is none (reference §2.1).
    ///
    /// # Errors
    /// `VALIDATION_FAILED` when that is no id, `RESOURCE_BUSY` when there are too many.
    pub fn get(&self, id: &str) -> Result<Arc<Session>, ApiError> {
        check_id("sessionId", id)?;
        let mut all = self.all.lock();
        if let Some(session) = all.get(id) {
            return Ok(session.clone());
        }
        self.insert(&mut all, id, &CreateSession::default())
    }

    /// The session `id`, if there is one.
    pub fn find(&self, id: &str) -> Option<Arc<Session>> {
        self.all.lock().get(id).cloned()
    }

    /// Where a command of session `id` would run now.
    pub fn place(&self, id: &str) -> Place {
        self.find(id).map_or_else(|| self.first.clone(), |session| session.shared.lock().place().clone())
    }

    fn create(&self, request: &CreateSession) -> Result<Arc<Session>, ApiError> {
        if let Some(id) = &request.id {
            check_id("id", id)?;
        }
        let cwd = self.first.clone().at(request.cwd.as_deref()).cwd;
        if !cwd.is_dir() {
            return Err(ApiError::invalid("cwd", format!("no such folder: {}", cwd.display())));
        }
        let id = request.id.clone().unwrap_or_else(|| format!("session-{}", uuid::Uuid::now_v7().simple()));
        let mut all = self.all.lock();
        if all.contains_key(&id) {
            let message = format!("a session {id} exists already");
            return Err(ApiError::new(ErrorCode::SessionExists, message).with("sessionId", id));
        }
        self.insert(&mut all, &id, request)
    }

    fn insert(
        &self,
        all: &mut BTreeMap<String, Arc<Session>>,
        id: &str,
        request: &CreateSession,
    ) -> Result<Arc<Session>, ApiError> {
        if all.len() >= LIMIT {
            let message = format!("a sandbox has at most {LIMIT} sessions");
            return Err(ApiError::new(ErrorCode::ResourceBusy, message).with("limit", LIMIT));
        }
        let first = self.first.clone().at(request.cwd.as_deref()).with_env(request.env.as_ref());
        let session = Arc::new(Session {
            id: id.to_owned(),
            name: request.name.clone(),
            created_at: reply::now(),
            shared: Mutex::new(Shared::new(first.clone())),
            first,
            timeout: limit(request.command_timeout_ms),
            folder: self.folder.clone(),
            left: Mutex::default(),
            shell: Arc::default(),
            deleted: CancellationToken::new(),
        });
        all.insert(id.to_owned(), session.clone());
        Ok(session)
    }

    fn remove(&self, id: &str) -> Result<Arc<Session>, ApiError> {
        self.all.lock().remove(id).ok_or_else(|| not_found(id))
    }

    /// Whether `session` is still the one of its name.
    pub fn is_current(&self, session: &Arc<Session>) -> bool {
        self.all.lock().get(&session.id).is_some_and(|current| Arc::ptr_eq(current, session))
    }

    fn ids(&self) -> Vec<String> {
        self.all.lock().keys().cloned().collect()
    }
}

fn not_found(id: &str) -> ApiError {
    ApiError::new(ErrorCode::SessionNotFound, format!("no session {id}")).with("sessionId", id)
}

/// Whether a session may have this id.
///
/// # Errors
/// `VALIDATION_FAILED` of `field`.
pub fn check_id(field: &str, id: &str) -> Result<(), ApiError> {
    if id.is_empty() || id.len() > ID_LENGTH || id.contains('\0') || id == DISABLE_SESSION {
        let message =
            format!("a session's id has 1 to {ID_LENGTH} bytes, no NUL, and is not {DISABLE_SESSION}");
        return Err(ApiError::invalid(field, message));
    }
    Ok(())
}

impl Session {
    /// What the wire says of it.
    pub fn record(&self) -> Record {
        Record {
            id: self.id.clone(),
            name: self.name.clone(),
            cwd: self.shared.lock().place().cwd.to_string_lossy().into_owned(),
            created_at: self.created_at.clone(),
        }
    }

    /// A place in the queue, taken now.
    pub fn turn(&self) -> Turn {
        let mut turn = Box::pin(self.shell.clone().lock_owned());
        match turn.as_mut().now_or_never() {
            Some(slot) => Box::pin(std::future::ready(slot)),
            None => turn,
        }
    }

    /// Runs `task` when those before it have ended; what it writes goes to `output`. It
    /// does not start if it was `given_up` by then; `stop` is asked from when it starts. The last
    /// output is sent when the session is free again.
    ///
    /// # Errors
    /// When the shell cannot be started, or cannot be told of the command.
    pub async fn run(
        &self,
        turn: Turn,
        task: &Task,
        output: &mpsc::Sender<Chunk>,
        given_up: impl Future<Output = ()>,
        stop: impl Future<Output = ()>,
    ) -> io::Result<Ended> {
        let mut slot = tokio::select! {
            biased;
            () = given_up => return Ok(Ended::Stopped),
            slot = turn => slot,
        };
        let alive = slot.take().and_then(|mut shell| shell.is_alive().then_some(shell));
        let mut shell = alive.map_or_else(|| self.start(), Ok)?;
        let change = self.shared.lock().take(&mut shell.member);
        let (ended, rest) = shell.run(&change, task, output, stop).await?;
        match &ended {
            Ended::Done { place, .. } => {
                self.shared.lock().tell(&mut shell.member, place.clone());
                *slot = Some(shell);
            }
            Ended::Exited(_) => self.shared.lock().reset(self.first.clone()),
            // The next shell starts where this one was before the command.
            Ended::Stopped => self.remember(shell.left()),
        }
        drop(slot);
        for chunk in rest.into_iter().filter(|chunk| !chunk.bytes.is_empty()) {
            // Nobody may listen any more.
            let _ = output.send(chunk).await;
        }
        Ok(ended)
    }

    /// Keeps what a shell left that is gone, to be ended with the session.
    fn remember(&self, left: Tree) {
        let mut all = self.left.lock();
        all.push(left);
        all.retain(|left| !left.members().is_empty());
    }

    fn start(&self) -> io::Result<Shell> {
        let member = self.shared.lock().join();
        Shell::start(member, &self.id, &self.folder)
    }

    /// A terminal's shell that starts now.
    pub fn join(&self) -> Member {
        self.shared.lock().join_terminal()
    }

    /// What is shared, to look at and to change.
    pub fn shared(&self) -> parking_lot::MutexGuard<'_, Shared> {
        self.shared.lock()
    }

    /// Ends the present command, the shell, and everything it started.
    pub async fn close(&self) {
        self.deleted.cancel();
        if let Some(shell) = self.shell.lock().await.take() {
            shell.end().await;
        }
        let all = std::mem::take(&mut *self.left.lock());
        for left in all {
            left.end(GRACE).await;
        }
    }
}
