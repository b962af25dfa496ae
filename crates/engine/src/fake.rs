//! An engine in memory, for tests of what stands on engines: it keeps the contract and runs no process.
//!
//! Its agents answer `/api/ping`, `/api/write`, `/api/read`, echo everything else, and echo the bytes after an
//! upgrade. [`FakeEngine::with_agent`] puts any other server in their place.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use sandpit_api::{
    ApiError, ErrorCode,
    engine::{Capabilities, Capability, EngineKind, EngineState},
    sandbox::{CreateSandbox, Failure, FailureKind, PatchSandbox, Sandbox, SandboxState},
    stats::Stats,
};
use tokio::sync::{broadcast, watch};

use crate::{ByteStream, Change, Engine, Result, id, record::Record, refuse};

mod agent;

/// The body of a fake agent's answer.
pub type Answer = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

type Agent = Arc<dyn Fn(String, Request<Incoming>) -> BoxFuture<'static, Response<Answer>> + Send + Sync>;

struct Entry {
    record: Record,
    /// Dropping it cuts every connection to the agent.
    alive: Option<watch::Sender<()>>,
}

struct World {
    sandboxes: Mutex<BTreeMap<String, Entry>>,
    changes: broadcast::Sender<Change>,
    agent: Agent,
    available: AtomicBool,
}

/// The engine `fake`. Its clones, like two runs of the app, see the same sandboxes.
#[derive(Clone)]
pub struct FakeEngine(Arc<World>);

impl Default for FakeEngine {
    fn default() -> Self {
        let files = agent::Files::default();
        Self::with_agent(move |id, request| agent::answer(files.clone(), id, request))
    }
}

impl FakeEngine {
    /// Sandboxes whose agent is `agent`: it gets the sandbox's id and each request.
    pub fn with_agent<F, Fut, B>(agent: F) -> Self
    where
        F: Fn(String, Request<Incoming>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Response<B>> + Send + 'static,
        B: http_body_util::BodyExt + hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let agent: Agent = Arc::new(move |id, request| {
            let answer = agent(id, request);
            Box::pin(async move { answer.await.map(|body| body.map_err(Into::into).boxed_unsync()) })
        });
        let (changes, _) = broadcast::channel(256);
        let sandboxes = Mutex::default();
        Self(Arc::new(World { sandboxes, changes, agent, available: AtomicBool::new(true) }))
    }

    /// As if the agent of `id` had been killed from outside.
    pub fn kill_agent(&self, id: &str) {
        let message = "The sandbox's first process was killed.".to_owned();
        let reason = Failure { kind: FailureKind::Killed, message, exit_code: Some(137) };
        let _ = self.change(id, |entry| {
            entry.alive = None;
            entry.record.failed(reason);
        });
    }

    /// Makes `describe` tell that it cannot be used, or can again.
    pub fn set_available(&self, available: bool) {
        self.0.available.store(available, Ordering::Relaxed);
    }

    fn change(&self, id: &str, act: impl FnOnce(&mut Entry)) -> Result<Sandbox> {
        let mut sandboxes = self.0.sandboxes.lock();
        let entry = sandboxes.get_mut(id).ok_or_else(|| refuse::not_found(id))?;
        let before = entry.record.clone();
        act(entry);
        let sandbox = entry.record.sandbox(self.id());
        if before != entry.record {
            self.tell(Change::Sandbox(Box::new(sandbox.clone())));
        }
        Ok(sandbox)
    }

    fn tell(&self, change: Change) {
        let _ = self.0.changes.send(change);
    }

    /// Gives `record` a state that needs it to run, or says why not.
    fn frozen(&self, id: &str, frozen: bool) -> Result<Sandbox> {
        let mut refusal = None;
        let (from, to) = match frozen {
            true => (SandboxState::Running, SandboxState::Paused),
            false => (SandboxState::Paused, SandboxState::Running),
        };
        let sandbox = self.change(id, |entry| match entry.record.state {
            state if state == from || state == to => entry.record.state = to,
            state => refusal = Some(refuse::not_running(id, state)),
        })?;
        refusal.map_or(Ok(sandbox), Err)
    }
}

#[async_trait]
impl Engine for FakeEngine {
    fn id(&self) -> &str {
        "fake"
    }

    async fn describe(&self) -> sandpit_api::engine::Engine {
        let available = self.0.available.load(Ordering::Relaxed);
        let no = || Capability::no("the fake engine runs nothing", None);
        let capabilities = Capabilities {
            pause: Capability::yes(),
            cpu_limit: no(),
            memory_limit: no(),
            pids_limit: no(),
            disk_limit: no(),
            network_on: no(),
            network_allow: no(),
            code_runtime: no(),
        };
        sandpit_api::engine::Engine {
            id: self.id().to_owned(),
            kind: EngineKind::Fake,
            state: if available { EngineState::Available } else { EngineState::Unavailable },
            version: Some("fake".to_owned()),
            capabilities,
            reason: (!available).then(|| "it was told to be".to_owned()),
            fix_it: None,
        }
    }

    async fn create(&self, request: CreateSandbox) -> Result<Sandbox> {
        let mut sandboxes = self.0.sandboxes.lock();
        let id = match request.id.clone() {
            Some(id) => id,
            None => id::make(|id| sandboxes.contains_key(id)),
        };
        id::validate(&id)?;
        if sandboxes.contains_key(&id) {
            return Err(refuse::exists(&id));
        }
        let mut record = Record::new(&id, "fake", request);
        record.running();
        let sandbox = record.sandbox(self.id());
        sandboxes.insert(id, Entry { record, alive: Some(watch::channel(()).0) });
        self.tell(Change::Sandbox(Box::new(sandbox.clone())));
        Ok(sandbox)
    }

    async fn list(&self) -> Result<Vec<Sandbox>> {
        Ok(self.0.sandboxes.lock().values().map(|entry| entry.record.sandbox(self.id())).collect())
    }

    async fn inspect(&self, id: &str) -> Result<Sandbox> {
        self.change(id, |_| {})
    }

    async fn update(&self, id: &str, patch: PatchSandbox) -> Result<Sandbox> {
        self.change(id, |entry| entry.record.patch(patch))
    }

    async fn start(&self, id: &str) -> Result<Sandbox> {
        self.change(id, |entry| {
            if !matches!(entry.record.state, SandboxState::Running | SandboxState::Paused) {
                entry.alive = Some(watch::channel(()).0);
                entry.record.running();
            }
        })
    }

    async fn stop(&self, id: &str) -> Result<Sandbox> {
        self.change(id, |entry| {
            entry.alive = None;
            entry.record.stopped();
        })
    }

    async fn pause(&self, id: &str) -> Result<Sandbox> {
        self.frozen(id, true)
    }

    async fn resume(&self, id: &str) -> Result<Sandbox> {
        self.frozen(id, false)
    }

    async fn destroy(&self, id: &str) -> Result<()> {
        self.0.sandboxes.lock().remove(id).ok_or_else(|| refuse::not_found(id))?;
        self.tell(Change::Deleted(id.to_owned()));
        Ok(())
    }

    async fn stats(&self, id: &str) -> Result<Stats> {
        let sandbox = self.inspect(id).await?;
        refuse::unless_alive(id, sandbox.state)?;
        Ok(Stats { processes: 1, ..Stats::default() })
    }

    async fn dial(&self, id: &str) -> Result<Box<dyn ByteStream>> {
        let sandboxes = self.0.sandboxes.lock();
        let entry = sandboxes.get(id).ok_or_else(|| refuse::not_found(id))?;
        if entry.record.state != SandboxState::Running {
            return Err(refuse::not_running(id, entry.record.state));
        }
        let mut alive = match &entry.alive {
            Some(alive) => alive.subscribe(),
            None => return Err(ApiError::new(ErrorCode::AgentUnreachable, "the agent is gone")),
        };
        let (near, far) = tokio::io::duplex(256 << 10);
        let (agent, id) = (self.0.agent.clone(), id.to_owned());
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answer = agent(id.clone(), request);
                async move { Ok::<_, std::convert::Infallible>(answer.await) }
            });
            let served = http1::Builder::new().serve_connection(TokioIo::new(far), service).with_upgrades();
            tokio::select! { _ = served => {}, _ = alive.changed() => {} }
        });
        Ok(Box::new(near))
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.0.changes.subscribe()
    }
}
