//! The life of sandboxes: the routes that make, show, change and end them.
//!
//! What is begun is finished even when the client goes away, and the steps of one sandbox follow one
//! another; requests to its agent wait until a step has ended, and meet its outcome.

use std::{collections::HashMap, io, sync::Arc};

use axum::{Json, extract::State, response::IntoResponse};
use futures::future::join_all;
use http::StatusCode;
use parking_lot::Mutex;
use sandpit_api::{
    ApiError,
    ErrorCode::{self, *},
    sandbox::{CreateSandbox, PatchSandbox, Sandbox, SandboxState},
};
use sandpit_engine::{Engine, Result, id, refuse};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::{
    answer::{Answer, Id, Input},
    gateway::Gateway,
    validate,
};

/// Whose turn it is with each sandbox.
#[derive(Default)]
pub struct Turns {
    locks: Mutex<HashMap<String, Arc<RwLock<()>>>>,
}

impl Turns {
    /// Waits for every step and look of others, and keeps them out.
    pub async fn alone(&self, id: &str) -> OwnedRwLockWriteGuard<()> {
        let lock = self.locks.lock().entry(id.to_owned()).or_default().clone();
        lock.write_owned().await
    }

    /// Waits for a step that is being taken, if any.
    pub async fn settled(&self, id: &str) -> Option<OwnedRwLockReadGuard<()>> {
        let lock = self.locks.lock().get(id).cloned()?;
        Some(lock.read_owned().await)
    }

    /// Drops the locks that nobody holds or waits for.
    fn tidy(&self) {
        self.locks.lock().retain(|_, lock| Arc::strong_count(lock) > 1);
    }
}

/// A step that is asked for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Start,
    Stop,
    Pause,
    Resume,
    Restart,
}

impl Gateway {
    async fn create(self, mut request: CreateSandbox) -> Result<Sandbox> {
        validate::create(&request)?;
        let engine = match &request.engine {
            Some(id) => self.roster.engine(id)?,
            None => self.roster.preferred().await?,
        };
        let engine = engine.clone();
        request.engine = Some(engine.id().to_owned());
        let asked = request.id.take();
        loop {
            let id = asked.clone().unwrap_or_else(|| id::make(|id| self.roster.state(id).is_some()));
            let request = CreateSandbox { id: Some(id), ..request.clone() };
            match self.create_as(engine.as_ref(), request).await {
                // A name that was made up for two requests at once: the later one gets another.
                Err(error) if asked.is_none() && error.code == ErrorCode::SandboxExists => {}
                created => return created,
            }
        }
    }

    /// Makes the sandbox that `request` names.
    async fn create_as(&self, engine: &dyn Engine, request: CreateSandbox) -> Result<Sandbox> {
        let id = request.id.clone().unwrap_or_default();
        let _turn = self.turns.alone(&id).await;
        if self.roster.state(&id).is_some() {
            return Err(refuse::exists(&id));
        }
        let record = engine.create(request).await?;
        // Ports of an earlier sandbox of this name, deleted while no gateway ran, are not this one's.
        self.saved.forget(&id).await.map_err(unsaved)?;
        Ok(self.observe(record))
    }

    async fn update(self, id: String, patch: PatchSandbox) -> Result<Sandbox> {
        validate::patch(&patch)?;
        let _turn = self.turns.alone(&id).await;
        let engine = self.roster.owner(&id).await?;
        Ok(self.observe(engine.update(&id, patch).await?))
    }

    async fn destroy(self, id: String) -> Result<()> {
        let _turn = self.turns.alone(&id).await;
        self.roster.owner(&id).await?.destroy(&id).await?;
        self.forget(&id).await;
        Ok(())
    }

    pub(crate) async fn step(self, id: String, step: Step) -> Result<Sandbox> {
        let _turn = self.turns.alone(&id).await;
        let engine = self.roster.owner(&id).await?;
        self.set_asleep(&id, false).await?;
        self.take(engine.as_ref(), &id, step).await
    }

    async fn take(&self, engine: &dyn Engine, id: &str, step: Step) -> Result<Sandbox> {
        let record = match step {
            Step::Start => engine.start(id).await?,
            Step::Stop => engine.stop(id).await?,
            Step::Pause => engine.pause(id).await?,
            Step::Resume => engine.resume(id).await?,
            Step::Restart => {
                self.observe(engine.stop(id).await?);
                engine.start(id).await?
            }
        };
        Ok(self.observe(record))
    }

    /// Looks a sandbox up afresh.
    pub(crate) async fn inspect(&self, id: &str) -> Result<Sandbox> {
        let engine = self.roster.owner(id).await?;
        match engine.inspect(id).await {
            Ok(record) => Ok(self.observe(record)),
            Err(error) => {
                if error.code == ErrorCode::SandboxNotFound {
                    self.forget(id).await;
                }
                Err(error)
            }
        }
    }

    /// Returns once the sandbox runs: one that was stopped for idleness is started.
    /// `SANDBOX_NOT_FOUND`, `SANDBOX_NOT_RUNNING` with `context.state`.
    pub(crate) async fn awake(&self, id: &str) -> Result<()> {
        let turn = self.turns.settled(id).await;
        if self.roster.state(id) == Some(SandboxState::Running) {
            return Ok(());
        }
        let state = self.inspect(id).await?.state;
        drop(turn);
        match state {
            SandboxState::Running => Ok(()),
            SandboxState::Stopped if self.saved.fresh(id).asleep => {
                self.whole(|gateway| gateway.step(id.to_owned(), Step::Start)).await.map(drop)
            }
            state => Err(refuse::not_running(id, state)),
        }
    }

    /// Stops it for idleness if nothing uses it; true when it did.
    pub(crate) async fn sleep(self, id: String, unused: impl FnOnce() -> bool) -> Result<bool> {
        let _turn = self.turns.alone(&id).await;
        if self.roster.state(&id) != Some(SandboxState::Running) || !unused() {
            return Ok(false);
        }
        self.set_asleep(&id, true).await?;
        let engine = self.roster.owner(&id).await?;
        self.take(engine.as_ref(), &id, Step::Stop).await.map(|_| true)
    }

    async fn set_asleep(&self, id: &str, asleep: bool) -> Result<()> {
        let change = self.saved.change(id, |kept| {
            kept.asleep = asleep;
            Ok::<_, io::Error>(())
        });
        change.await.map_err(unsaved)
    }

    /// Runs to its end even when nobody waits any more.
    pub(crate) async fn whole<T, F>(&self, begin: impl FnOnce(Self) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let ended = tokio::spawn(begin(self.clone())).await;
        self.turns.tidy();
        ended.unwrap_or_else(|panic| Err(ApiError::new(ErrorCode::InternalError, panic.to_string())))
    }
}

/// What is saved cannot be written.
pub fn unsaved(error: io::Error) -> ApiError {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let code = if full { ErrorCode::NoSpace } else { ErrorCode::InternalError };
    ApiError::new(code, format!("Sandpit's data folder cannot be written: {error}."))
        .suggest("Look at the folder's space and permissions.")
}

/// Answer of `GET /v1/sandboxes`.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct Sandboxes {
    sandboxes: Vec<Sandbox>,
}

/// Makes a sandbox and starts it; `{}` makes a working one.
#[utoipa::path(
    post, path = "/v1/sandboxes", tag = "Sandboxes",
    request_body(content = Option<CreateSandbox>, example = json!({ "name": "Demo", "env": { "GREETING": "hello" } })),
    responses((status = 201, description = "It runs", body = Sandbox, example = json!({
        "id": "demo", "name": "demo", "engine": "embedded", "image": "host", "state": "running",
        "createdAt": "2026-01-01T00:00:00Z", "env": {}, "limits": {}, "network": { "mode": "off" },
        "keepAlive": false, "labels": {}, "ports": [],
    }))),
    extensions(("x-errors" = json!([
        EngineNotFound, SandboxExists, NotSupported, SandboxStartFailed, EngineError, NoSpace, EngineUnavailable,
    ]))),
)]
pub async fn create(
    State(gateway): State<Gateway>,
    Input(request): Input<CreateSandbox>,
) -> Answer<impl IntoResponse> {
    let record = gateway.whole(|gateway| gateway.create(request)).await?;
    Ok((StatusCode::CREATED, Json(record)))
}

/// All sandboxes, oldest first. An engine that cannot be asked shows what was last known of it.
#[utoipa::path(
    get, path = "/v1/sandboxes", tag = "Sandboxes",
    responses((status = 200, description = "The sandboxes", body = Sandboxes, example = json!({ "sandboxes": [] }))),
)]
pub async fn list(State(gateway): State<Gateway>) -> Json<Sandboxes> {
    let engines = gateway.roster.engines();
    let lists = join_all(engines.map(async |engine| (engine, gateway.list_of(engine.as_ref()).await))).await;
    let mut sandboxes = Vec::new();
    for (engine, list) in lists {
        match list {
            Ok(records) => sandboxes.extend(records),
            Err(error) => {
                tracing::warn!(engine = engine.id(), %error, "the sandboxes cannot be listed");
                sandboxes
                    .extend(gateway.roster.all().into_iter().filter(|record| record.engine == engine.id()));
            }
        }
    }
    sandboxes.sort_by(|a, b| (&a.created_at, &a.id).cmp(&(&b.created_at, &b.id)));
    Json(Sandboxes { sandboxes })
}

/// One sandbox.
#[utoipa::path(
    get, path = "/v1/sandboxes/{sandbox}", tag = "Sandboxes",
    responses((status = 200, description = "The sandbox", body = Sandbox, example = json!({
        "id": "demo", "name": "demo", "engine": "embedded", "image": "host", "state": "running",
        "createdAt": "2026-01-01T00:00:00Z", "env": {}, "limits": {}, "network": { "mode": "off" },
        "keepAlive": false, "labels": {}, "ports": [],
    }))),
)]
pub async fn show(State(gateway): State<Gateway>, Id(id): Id) -> Answer<Json<Sandbox>> {
    Ok(Json(gateway.inspect(&id).await?))
}

/// Changes what is named; `env` and `limits` count from the next start.
#[utoipa::path(
    patch, path = "/v1/sandboxes/{sandbox}", tag = "Sandboxes",
    request_body(content = PatchSandbox, example = json!({ "name": "Demo" })),
    responses((status = 200, description = "The sandbox", body = Sandbox, example = json!({
        "id": "demo", "name": "demo", "engine": "embedded", "image": "host", "state": "running",
        "createdAt": "2026-01-01T00:00:00Z", "env": {}, "limits": {}, "network": { "mode": "off" },
        "keepAlive": false, "labels": {}, "ports": [],
    }))),
    extensions(("x-errors" = json!([NotSupported, NoSpace, EngineUnavailable]))),
)]
pub async fn patch(
    State(gateway): State<Gateway>,
    Id(id): Id,
    Input(patch): Input<PatchSandbox>,
) -> Answer<Json<Sandbox>> {
    Ok(Json(gateway.whole(|gateway| gateway.update(id, patch)).await?))
}

/// Ends a sandbox and removes all that was in it.
#[utoipa::path(
    delete, path = "/v1/sandboxes/{sandbox}", tag = "Sandboxes",
    responses((status = 204, description = "It is gone")),
    extensions(("x-errors" = json!([EngineUnavailable]))),
)]
pub async fn delete(State(gateway): State<Gateway>, Id(id): Id) -> Answer<StatusCode> {
    gateway.whole(|gateway| gateway.destroy(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
