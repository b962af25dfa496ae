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
    kept::{Kept, blocking, failure},
    launch::{self, Private},
    probe, request, stage,
    usage::{self, Reading},
};

/// Time from SIGTERM to SIGKILL.
const GRACE: Duration = Duration::from_millis(250);

/// Time between two rounds of looking after what could not be done at once, and after logs.
const HOUSEKEEPING: Duration = Duration::from_secs(10);

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
    kept: Kept,
}

impl EmbeddedEngine {
    /// The engine over what `config` names. Sandboxes that run are found again; those that died are marked.
    /// Needs a tokio runtime.
    pub async fn open(config: Config) -> io::Result<Self> {
        let host = Arc::new(blocking(move || Host::new(config)).await?);
        let (changes, _) = broadcast::channel(1024);
        let engine = Self(Arc::new(Inner {
            kept: Kept::new(host.clone()),
            host,
            changes,
            locks: Mutex::default(),
            readings: Mutex::default(),
        }));
        let host = engine.host();
        let records = blocking(move || {
            host.remove_leftovers();
            host.records.load()
        });
        for record in records.await? {
            engine.find_again(record).await;
        }
        engine.warm_up();
        engine.keep_house();
        Ok(engine)
    }

    /// The process number of the agent of `id`, on the host.
    pub async fn agent_pid(&self, id: &str) -> Option<i32> {
        Some(Private::of(&self.0.kept.load(id).await.ok()?).agent?.pid)
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

    fn keep_house(&self) {
        let inner = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(HOUSEKEEPING).await;
                let Some(engine) = inner.upgrade().map(Self) else { return };
                engine.save_the_unsaved().await;
                let host = engine.host();
                let _ = tokio::task::spawn_blocking(move || {
                    host.trim_logs();
                    host.remove_gone();
                })
                .await;
            }
        });
    }

    async fn find_again(&self, record: Record) {
        let _lock = self.lock(&record.id).await;
        let Ok(mut record) = self.0.kept.load(&record.id).await else { return };
        match record.state {
            SandboxState::Creating => {
                death::clean_up_after_a_crash(&self.0.host, &mut record).await;
                self.0.kept.keep(&record).await;
            }
            SandboxState::Running | SandboxState::Paused => self.watch_or_bury(record).await,
            SandboxState::Stopped | SandboxState::Failed => {}
        }
    }

    async fn watch_or_bury(&self, record: Record) {
        let alive = match Private::of(&record).agent {
            Some(agent) => agent.held().await.is_some(),
            None => false,
        };
        if alive { self.watch(&record) } else { self.bury(record).await }
    }

    /// Waits for the end of its agent, for as long as this engine lives.
    fn watch(&self, record: &Record) {
        let private = Private::of(record);
        let (Some(agent), id, inner) = (private.agent, record.id.clone(), Arc::downgrade(&self.0)) else {
            return;
        };
        tokio::spawn(async move {
            if let Some(handle) = agent.held().await {
                handle.ended().await;
            }
            let Some(engine) = Weak::upgrade(&inner).map(Self) else { return };
            let _lock = engine.lock(&id).await;
            let Some(record) = engine.0.kept.load_at_last(&id).await else { return };
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
        self.keep(&record).await;
    }

    async fn lock(&self, id: &str) -> OwnedMutexGuard<()> {
        let lock = self.0.locks.lock().entry(id.to_owned()).or_default().clone();
        lock.lock_owned().await
    }

    /// Keeps `record`, which says what has happened already, and tells of it.
    async fn keep(&self, record: &Record) -> Sandbox {
        self.0.kept.keep(record).await;
        self.tell(record)
    }

    fn tell(&self, record: &Record) -> Sandbox {
        let sandbox = record.sandbox(self.id());
        let _ = self.0.changes.send(Change::Sandbox(Box::new(sandbox.clone())));
        sandbox
    }

    /// Saves what could not be saved when it happened.
    async fn save_the_unsaved(&self) {
        for id in self.0.kept.unsaved() {
            let _lock = self.lock(&id).await;
            self.0.kept.save_again(&id).await;
        }
    }

    /// The record of a sandbox to be, and the lock of its id: the one asked for, or one made up that is nobody's.
    async fn claim(&self, request: &CreateSandbox) -> Result<(Record, OwnedMutexGuard<()>)> {
        loop {
            let id = match &request.id {
                Some(id) => id::validate(id).map(|()| id.clone())?,
                None => id::make(|id| self.0.host.folder(id).path().exists()),
            };
            let lock = self.lock(&id).await;
            let record = Record::new(&id, IMAGE, request.clone());
            let (host, claimed) = (self.host(), record.clone());
            match blocking(move || host.records.claim(&claimed)).await {
                Ok(()) => return Ok((record, lock)),
                // An id that was made up for two requests at once: the later one gets another.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && request.id.is_none() => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    return Err(refuse::exists(&id));
                }
                Err(error) => return Err(failure(error)),
            }
        }
    }

    /// Starts what `record` describes. Its lock is held, and it is saved as `creating`.
    async fn launch(&self, record: &mut Record) -> Result<Sandbox> {
        let host = self.host();
        let mut private = Private::of(record);
        if host.is_root && private.uid.is_none() {
            private.uid = Some(stage::new_uid());
        }
        let started = async {
            private.group = group_name(&host, record).await?;
            private.save_in(record);
            record.state = SandboxState::Creating;
            // What is made from here on is found by what is saved, whenever this process ends.
            self.0.kept.save(record).await?;
            make_group(&host, record, private.group.clone()).await?;
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
        let sandbox = self.keep(record).await;
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
        death::end_all(&self.0.host, &record).await.save_in(&mut record);
        let launched = self.launch(&mut record).await;
        if let Err(error) = &launched {
            record.failed(death::start_failure(error));
            self.keep(&record).await;
        }
        launched
    }

    async fn set_frozen(&self, id: &str, frozen: bool) -> Result<Sandbox> {
        let _lock = self.lock(id).await;
        let mut record = self.0.kept.load(id).await?;
        refuse::unless_alive(id, record.state)?;
        let target = if frozen { SandboxState::Paused } else { SandboxState::Running };
        if record.state != target {
            let (host, before) = (self.host(), record.clone());
            let private =
                blocking(move || usage::set_frozen(&host, &before, frozen)).await.map_err(failure)?;
            private.save_in(&mut record);
            record.state = target;
            return Ok(self.keep(&record).await);
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
        let (mut record, _lock) = self.claim(&request).await?;
        let launched = self.launch(&mut record).await;
        if launched.is_err() {
            let host = self.host();
            let _ = blocking(move || host.discard(&record.id)).await;
        }
        launched
    }

    async fn list(&self) -> Result<Vec<Sandbox>> {
        let records = self.0.kept.all().await?;
        Ok(records.iter().map(|record| record.sandbox(self.id())).collect())
    }

    async fn inspect(&self, id: &str) -> Result<Sandbox> {
        Ok(self.0.kept.load(id).await?.sandbox(self.id()))
    }

    async fn update(&self, id: &str, patch: PatchSandbox) -> Result<Sandbox> {
        let _lock = self.lock(id).await;
        let mut record = self.0.kept.load(id).await?;
        record.patch(patch);
        let (host, checked) = (self.host(), request::of(&record));
        blocking(move || Ok(request::check(&host, &checked))).await.map_err(failure)??;
        self.0.kept.save(&record).await?;
        Ok(self.tell(&record))
    }

    async fn start(&self, id: &str) -> Result<Sandbox> {
        let _lock = self.lock(id).await;
        let record = self.0.kept.load(id).await?;
        match record.state {
            SandboxState::Running | SandboxState::Paused => Ok(record.sandbox(self.id())),
            _ => self.relaunch(record).await,
        }
    }

    async fn stop(&self, id: &str) -> Result<Sandbox> {
        let _lock = self.lock(id).await;
        let mut record = self.0.kept.load(id).await?;
        if record.state == SandboxState::Stopped {
            return Ok(record.sandbox(self.id()));
        }
        let mut private = Private::of(&record);
        launch::end(&self.0.host, &mut private, GRACE, record.state == SandboxState::Paused).await;
        private.save_in(&mut record);
        record.stopped();
        Ok(self.keep(&record).await)
    }

    async fn pause(&self, id: &str) -> Result<Sandbox> {
        self.set_frozen(id, true).await
    }

    async fn resume(&self, id: &str) -> Result<Sandbox> {
        self.set_frozen(id, false).await
    }

    async fn destroy(&self, id: &str) -> Result<()> {
        let _lock = self.lock(id).await;
        let record = self.0.kept.load(id).await?;
        // Nothing is to be kept, so there is nothing to wait for.
        death::end_all(&self.0.host, &record).await;
        let (host, gone) = (self.host(), id.to_owned());
        blocking(move || host.discard(&gone)).await.map_err(failure)?;
        self.0.readings.lock().remove(id);
        self.0.kept.forget(id);
        let _ = self.0.changes.send(Change::Deleted(id.to_owned()));
        Ok(())
    }

    async fn stats(&self, id: &str) -> Result<Stats> {
        let record = self.0.kept.load(id).await?;
        refuse::unless_alive(id, record.state)?;
        let host = self.host();
        let mut stats = blocking(move || Ok(usage::stats(&host, &record))).await.map_err(failure)?;
        let now = Reading { at: Instant::now(), cpu_micros: stats.cpu_micros };
        let last = self.0.readings.lock().insert(id.to_owned(), now.clone());
        stats.cpu_percent = last.and_then(|last| now.percent_since(&last));
        Ok(stats)
    }

    async fn dial(&self, id: &str) -> Result<Box<dyn ByteStream>> {
        let record = self.0.kept.load(id).await?;
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

/// A name for a new control group, where `record` asks for limits. A sandbox without limits starts without one, since
/// moving a process into a group may take longer than all the rest: the kernel waits for every processor.
async fn group_name(host: &Arc<Host>, record: &Record) -> Result<Option<String>> {
    let limits = &record.limits;
    if limits.cpus.is_none() && limits.memory_mib.is_none() && limits.pids.is_none() {
        return Ok(None);
    }
    let (host, id) = (host.clone(), record.id.clone());
    blocking(move || Ok(host.cgroups().name_for(&id))).await.map_err(failure)
}

/// Makes the control group `name` with the limits of `record`.
async fn make_group(host: &Arc<Host>, record: &Record, name: Option<String>) -> Result<()> {
    let Some(name) = name else { return Ok(()) };
    let (host, limits) = (host.clone(), record.limits.clone());
    let made = blocking(move || host.cgroups().create(&name, &limits).map(drop));
    made.await.map_err(|error| start_failed(&record.id, &format!("its limits cannot be set: {error}")))
}

fn start_failed(id: &str, why: &str) -> ApiError {
    ApiError::new(ErrorCode::SandboxStartFailed, format!("The sandbox {id} does not start: {why}"))
        .with("sandboxId", id)
}
