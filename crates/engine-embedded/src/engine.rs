//! The embedded engine: the contract of `sandpit-engine`, kept with bubblewrap and nothing that stays resident.
//!
//! The truth is on disk and in the kernel. This process holds only locks and watches, so that another one, later, finds
//! every sandbox as it is.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use parking_lot::Mutex;
use sandpit_api::{
    ApiError, ErrorCode,
    sandbox::{CreateSandbox, PatchSandbox, Sandbox, SandboxState},
    stats::Stats,
};
use sandpit_engine::{ByteStream, Change, Engine, Result, id, record::Record, refuse};
use tokio::sync::{OwnedMutexGuard, broadcast};

use crate::{
    config::Config,
    death,
    host::Host,
    launch::{self, Private},
    probe, request, stage,
    usage::{self, Reading},
};

/// Time from SIGTERM to SIGKILL.
const GRACE: Duration = Duration::from_millis(250);

/// Image of every sandbox of this engine: the host's own system directories.
pub const IMAGE: &str = "host";

/// The engine `embedded`.
#[derive(Clone)]
pub struct EmbeddedEngine(Arc<Inner>);

struct Inner {
    host: Arc<Host>,
    changes: broadcast::Sender<Change>,
    /// One change of a sandbox at a time.
    locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    readings: Mutex<HashMap<String, Reading>>,
}

impl EmbeddedEngine {
    /// The engine over what `config` names. Sandboxes that run are found again; those that died are marked.
    /// Needs a tokio runtime.
    pub async fn open(config: Config) -> io::Result<Self> {
        let host = Arc::new(blocking(move || Host::new(config)).await?);
        let (changes, _) = broadcast::channel(1024);
        let engine =
            Self(Arc::new(Inner { host, changes, locks: Mutex::default(), readings: Mutex::default() }));
        let host = engine.host();
        let records = blocking(move || {
            host.remove_leftovers();
            host.records.load()
        });
        for record in records.await? {
            engine.find_again(record).await;
        }
        engine.warm_up();
        engine.keep_logs_short();
        Ok(engine)
    }

    /// The process number of the agent of `id`, on the host.
    pub async fn agent_pid(&self, id: &str) -> Option<i32> {
        Some(Private::of(&self.load(id).await.ok()?).agent?.pid)
    }

    fn host(&self) -> Arc<Host> {
        self.0.host.clone()
    }

    /// Looks up what the first sandbox would have to wait for.
    fn warm_up(&self) {
        let host = self.host();
        tokio::task::spawn_blocking(move || {
            host.cgroups();
            let _ = host.stage();
        });
    }

    fn keep_logs_short(&self) {
        let inner = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(30)).await;
                let Some(inner) = inner.upgrade() else { return };
                let host = inner.host.clone();
                let _ = tokio::task::spawn_blocking(move || host.trim_logs()).await;
            }
        });
    }

    async fn find_again(&self, record: Record) {
        let _lock = self.lock(&record.id).await;
        let Ok(mut record) = self.load(&record.id).await else { return };
        match record.state {
            SandboxState::Creating => {
                death::clean_up_after_a_crash(&self.0.host, &mut record).await;
                let _ = self.save(&record).await;
            }
            SandboxState::Running | SandboxState::Paused => self.watch_or_bury(record).await,
            SandboxState::Stopped | SandboxState::Failed => {}
        }
    }

    async fn watch_or_bury(&self, record: Record) {
        match Private::of(&record).agent.and_then(|agent| agent.open().ok()) {
            Some(_) => self.watch(&record),
            None => self.bury(record).await,
        }
    }

    /// Waits for the end of its agent, for as long as this engine lives.
    fn watch(&self, record: &Record) {
        let private = Private::of(record);
        let (Some(agent), id, inner) = (private.agent, record.id.clone(), Arc::downgrade(&self.0)) else {
            return;
        };
        tokio::spawn(async move {
            if let Ok(handle) = agent.open() {
                handle.ended().await;
            }
            let Some(engine) = Weak::upgrade(&inner).map(Self) else { return };
            let _lock = engine.lock(&id).await;
            let Ok(record) = engine.load(&id).await else { return };
            if Private::of(&record).agent.as_ref() == Some(&agent) {
                engine.bury(record).await;
            }
        });
    }

    /// Records the death of a sandbox that nobody asked to stop. Its lock is held.
    async fn bury(&self, mut record: Record) {
        let reason = death::reason(&self.0.host, &record).await;
        let mut private = Private::of(&record);
        launch::end(&self.0.host, &mut private, Duration::ZERO, false).await;
        private.save_in(&mut record);
        record.failed(reason);
        let _ = self.keep(&record).await;
    }

    async fn lock(&self, id: &str) -> OwnedMutexGuard<()> {
        let lock = self.0.locks.lock().entry(id.to_owned()).or_default().clone();
        lock.lock_owned().await
    }

    async fn load(&self, id: &str) -> Result<Record> {
        let (host, wanted) = (self.host(), id.to_owned());
        let found = blocking(move || Ok(host.records.get(&wanted))).await.map_err(failure)?;
        found.ok_or_else(|| refuse::not_found(id))
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let (host, record) = (self.host(), record.clone());
        blocking(move || host.records.save(&record)).await.map_err(failure)
    }

    /// Saves `record` and tells of it.
    async fn keep(&self, record: &Record) -> Result<Sandbox> {
        self.save(record).await?;
        let sandbox = record.sandbox(self.id());
        let _ = self.0.changes.send(Change::Sandbox(Box::new(sandbox.clone())));
        Ok(sandbox)
    }

    /// Starts what `record` describes. Its lock is held, and it is saved as `creating`.
    async fn launch(&self, record: &mut Record) -> Result<Sandbox> {
        let host = self.host();
        let mut private = Private::of(record);
        if host.is_root && private.uid.is_none() {
            private.uid = Some(stage::new_uid());
        }
        let started = async {
            private.group = new_group(&host, record).await?;
            private.save_in(record);
            record.state = SandboxState::Creating;
            self.save(record).await?;
            let (host, copy) = (self.host(), record.clone());
            let (started, kept) = tokio::task::spawn_blocking(move || {
                let started = launch::start(&host, &copy, &mut private);
                (started, private)
            })
            .await
            .map_err(|error| failure(io::Error::other(error)))?;
            kept.save_in(record);
            self.arrived(record, started).await
        };
        if let Err(error) = started.await {
            let mut private = Private::of(record);
            launch::end(&host, &mut private, Duration::ZERO, false).await;
            private.save_in(record);
            return Err(error);
        }
        record.running();
        let sandbox = self.keep(record).await?;
        self.watch(record);
        Ok(sandbox)
    }

    async fn arrived(&self, record: &Record, started: io::Result<()>) -> Result<()> {
        let folder = self.0.host.folder(&record.id);
        let answered = match (started, Private::of(record).agent) {
            (Ok(()), Some(agent)) => launch::answered(&folder, &agent).await,
            (Err(error), _) => Err(format!("{error}: {}", folder.last_words())),
            (Ok(()), None) => Err("it has no first process".to_owned()),
        };
        answered.map_err(|why| start_failed(&record.id, &why))
    }

    /// Starts what exists already; what does not start is `failed` and keeps its files.
    async fn relaunch(&self, mut record: Record) -> Result<Sandbox> {
        let mut left = death::still_there(&self.0.host, &record);
        launch::end(&self.0.host, &mut left, Duration::ZERO, false).await;
        left.save_in(&mut record);
        let launched = self.launch(&mut record).await;
        if let Err(error) = &launched {
            record.failed(death::start_failure(error));
            self.keep(&record).await?;
        }
        launched
    }

    async fn set_frozen(&self, id: &str, frozen: bool) -> Result<Sandbox> {
        let _lock = self.lock(id).await;
        let mut record = self.load(id).await?;
        refuse::unless_alive(id, record.state)?;
        let target = if frozen { SandboxState::Paused } else { SandboxState::Running };
        if record.state != target {
            let (host, before) = (self.host(), record.clone());
            let private =
                blocking(move || usage::set_frozen(&host, &before, frozen)).await.map_err(failure)?;
            private.save_in(&mut record);
            record.state = target;
            return self.keep(&record).await;
        }
        Ok(record.sandbox(self.id()))
    }
}

#[async_trait]
impl Engine for EmbeddedEngine {
    fn id(&self) -> &str {
        "embedded"
    }

    async fn describe(&self) -> sandpit_api::engine::Engine {
        probe::describe(self.id(), self.host()).await
    }

    async fn create(&self, request: CreateSandbox) -> Result<Sandbox> {
        let host = self.host();
        let checked = request.clone();
        blocking(move || Ok(request::check(&host, &checked))).await.map_err(failure)??;
        let id = match &request.id {
            Some(id) => id::validate(id).map(|()| id.clone())?,
            None => id::make(|id| self.0.host.folder(id).path().exists()),
        };
        let _lock = self.lock(&id).await;
        let folder = self.0.host.folder(&id);
        folder.create().map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => refuse::exists(&id),
            _ => failure(error),
        })?;
        let mut record = Record::new(&id, IMAGE, request);
        let launched = self.launch(&mut record).await;
        if launched.is_err() {
            let _ = blocking(move || folder.remove()).await;
        }
        launched
    }

    async fn list(&self) -> Result<Vec<Sandbox>> {
        let host = self.host();
        let records = blocking(move || host.records.load()).await.map_err(failure)?;
        Ok(records.iter().map(|record| record.sandbox(self.id())).collect())
    }

    async fn inspect(&self, id: &str) -> Result<Sandbox> {
        Ok(self.load(id).await?.sandbox(self.id()))
    }

    async fn update(&self, id: &str, patch: PatchSandbox) -> Result<Sandbox> {
        let _lock = self.lock(id).await;
        let mut record = self.load(id).await?;
        record.patch(patch);
        let (host, checked) = (self.host(), request::of(&record));
        blocking(move || Ok(request::check(&host, &checked))).await.map_err(failure)??;
        self.keep(&record).await
    }

    async fn start(&self, id: &str) -> Result<Sandbox> {
        let _lock = self.lock(id).await;
        let record = self.load(id).await?;
        match record.state {
            SandboxState::Running | SandboxState::Paused => Ok(record.sandbox(self.id())),
            _ => self.relaunch(record).await,
        }
    }

    async fn stop(&self, id: &str) -> Result<Sandbox> {
        let _lock = self.lock(id).await;
        let mut record = self.load(id).await?;
        if record.state == SandboxState::Stopped {
            return Ok(record.sandbox(self.id()));
        }
        let mut private = Private::of(&record);
        launch::end(&self.0.host, &mut private, GRACE, record.state == SandboxState::Paused).await;
        private.save_in(&mut record);
        record.stopped();
        self.keep(&record).await
    }

    async fn pause(&self, id: &str) -> Result<Sandbox> {
        self.set_frozen(id, true).await
    }

    async fn resume(&self, id: &str) -> Result<Sandbox> {
        self.set_frozen(id, false).await
    }

    async fn destroy(&self, id: &str) -> Result<()> {
        let _lock = self.lock(id).await;
        let record = self.load(id).await?;
        // Nothing is to be kept, so there is nothing to wait for.
        let mut private = death::still_there(&self.0.host, &record);
        launch::end(&self.0.host, &mut private, Duration::ZERO, record.state == SandboxState::Paused).await;
        let (host, gone) = (self.host(), id.to_owned());
        blocking(move || host.discard(&gone)).await.map_err(failure)?;
        self.0.readings.lock().remove(id);
        let _ = self.0.changes.send(Change::Deleted(id.to_owned()));
        Ok(())
    }

    async fn stats(&self, id: &str) -> Result<Stats> {
        let record = self.load(id).await?;
        refuse::unless_alive(id, record.state)?;
        let host = self.host();
        let mut stats = blocking(move || Ok(usage::stats(&host, &record))).await.map_err(failure)?;
        let now = Reading { at: Instant::now(), cpu_micros: stats.cpu_micros };
        let last = self.0.readings.lock().insert(id.to_owned(), now.clone());
        stats.cpu_percent = last.and_then(|last| now.percent_since(&last));
        Ok(stats)
    }

    async fn dial(&self, id: &str) -> Result<Box<dyn ByteStream>> {
        let record = self.load(id).await?;
        if record.state != SandboxState::Running {
            return Err(refuse::not_running(id, record.state));
        }
        let stream = self.0.host.folder(id).connect().await.map_err(|error| {
            ApiError::new(
                ErrorCode::AgentUnreachable,
                format!("The agent of {id} cannot be reached: {error}"),
            )
            .with("sandboxId", id)
        })?;
        Ok(Box::new(stream))
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.0.changes.subscribe()
    }
}

/// The name of a new control group with the limits that `record` asks for. A sandbox without limits starts without one,
/// since moving a process into a group may take longer than all the rest: the kernel waits for every processor.
async fn new_group(host: &Arc<Host>, record: &Record) -> Result<Option<String>> {
    let limits = &record.limits;
    if limits.cpus.is_none() && limits.memory_mib.is_none() && limits.pids.is_none() {
        return Ok(None);
    }
    let (host, id, limits) = (host.clone(), record.id.clone(), limits.clone());
    let made = blocking(move || host.cgroups().create_for(&id, &limits));
    made.await.map_err(|error| start_failed(&record.id, &format!("its limits cannot be set: {error}")))
}

fn start_failed(id: &str, why: &str) -> ApiError {
    ApiError::new(ErrorCode::SandboxStartFailed, format!("The sandbox {id} does not start: {why}"))
        .with("sandboxId", id)
}

fn failure(error: io::Error) -> ApiError {
    let code =
        if error.kind() == io::ErrorKind::StorageFull { ErrorCode::NoSpace } else { ErrorCode::EngineError };
    ApiError::new(code, format!("The embedded engine failed: {error}"))
}

/// Runs `work` where it may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
