//! The engines, which sandbox belongs to which, and the last record seen of each sandbox.

use std::{collections::HashMap, io, path::Path, sync::Arc};

use axum::{Json, extract::State};
use futures::future::join_all;
use parking_lot::RwLock;
use sandpit_api::{
    ApiError, ErrorCode,
    engine::{Engine as Described, EngineState},
    event::EventKind,
    port::ExposedPort,
    sandbox::{Sandbox, SandboxState},
};
use sandpit_engine::{ByteStream, Engine, Result, refuse};
use sandpit_engine_embedded::{self as embedded, EmbeddedEngine};

use crate::gateway::Gateway;

/// Every engine that this build has, kept under `data_dir`. Sandboxes that run are found again.
pub async fn installed(data_dir: &Path) -> io::Result<Vec<Arc<dyn Engine>>> {
    let embedded = EmbeddedEngine::open(embedded::Config::from_env(data_dir)).await?;
    Ok(vec![Arc::new(embedded)])
}

/// Engines, and the records last seen.
pub struct Roster {
    engines: Vec<Arc<dyn Engine>>,
    records: RwLock<HashMap<String, Sandbox>>,
    described: RwLock<HashMap<String, Described>>,
}

impl Roster {
    pub fn new(engines: Vec<Arc<dyn Engine>>) -> Self {
        Self { engines, records: RwLock::default(), described: RwLock::default() }
    }

    pub fn engines(&self) -> impl Iterator<Item = &Arc<dyn Engine>> {
        self.engines.iter()
    }

    /// `ENGINE_NOT_FOUND`.
    pub fn engine(&self, id: &str) -> Result<&Arc<dyn Engine>> {
        self.engines.iter().find(|engine| engine.id() == id).ok_or_else(|| {
            let ids: Vec<_> = self.engines.iter().map(|engine| engine.id()).collect();
            ApiError::new(ErrorCode::EngineNotFound, format!("There is no engine {id}."))
                .with("engine", id)
                .with("engines", ids)
        })
    }

    /// The engine of a sandbox that names none: the first that is available, else the first.
    pub async fn preferred(&self) -> Result<&Arc<dyn Engine>> {
        let none = || ApiError::new(ErrorCode::EngineNotFound, "This gateway has no engine.");
        let first = self.engines.first().ok_or_else(none)?;
        if self.engines.len() == 1 {
            return Ok(first);
        }
        for engine in &self.engines {
            if engine.describe().await.state == EngineState::Available {
                return Ok(engine);
            }
        }
        Ok(first)
    }

    /// The engine that a sandbox belongs to; `SANDBOX_NOT_FOUND`.
    pub async fn owner(&self, id: &str) -> Result<Arc<dyn Engine>> {
        if sandpit_engine::id::validate(id).is_err() {
            return Err(refuse::not_found(id));
        }
        let known = self.records.read().get(id).map(|record| record.engine.clone());
        if let Some(engine) = known {
            return self.engine(&engine).cloned();
        }
        for engine in &self.engines {
            if engine.inspect(id).await.is_ok() {
                return Ok(engine.clone());
            }
        }
        Err(refuse::not_found(id))
    }

    /// A new connection to a sandbox's agent.
    pub async fn dial(&self, id: &str) -> Result<Box<dyn ByteStream>> {
        self.owner(id).await?.dial(id).await
    }

    pub fn state(&self, id: &str) -> Option<SandboxState> {
        self.records.read().get(id).map(|record| record.state)
    }

    pub fn all(&self) -> Vec<Sandbox> {
        self.records.read().values().cloned().collect()
    }

    pub fn ids_of(&self, engine: &str) -> Vec<String> {
        let records = self.records.read();
        records.values().filter(|record| record.engine == engine).map(|record| record.id.clone()).collect()
    }

    /// Keeps a record, its ports filled in by `ports`, and calls `changed` when it is another one than
    /// before, in the order in which records are kept. Also tells whether it has just begun to run.
    pub fn keep(
        &self,
        mut record: Sandbox,
        ports: impl FnOnce() -> Vec<ExposedPort>,
        changed: impl FnOnce(&Sandbox),
    ) -> (Sandbox, bool) {
        let mut records = self.records.write();
        record.ports = ports();
        let before = records.get(&record.id);
        let ran = before.is_some_and(|before| before.state == SandboxState::Running);
        if before != Some(&record) {
            records.insert(record.id.clone(), record.clone());
            changed(&record);
        }
        let started = !ran && record.state == SandboxState::Running;
        (record, started)
    }

    /// Fills in the ports of a known record anew.
    pub fn refill(&self, id: &str, ports: impl FnOnce() -> Vec<ExposedPort>, changed: impl FnOnce(&Sandbox)) {
        let mut records = self.records.write();
        if let Some(record) = records.get_mut(id) {
            let ports = ports();
            if record.ports != ports {
                record.ports = ports;
                changed(record);
            }
        }
    }

    /// Drops a record and calls `removed` when there was one.
    pub fn remove(&self, id: &str, removed: impl FnOnce()) {
        let mut records = self.records.write();
        if records.remove(id).is_some() {
            removed();
        }
    }
}

/// Answer of `GET /v1/engines`.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct Engines {
    engines: Vec<Described>,
}

/// The engines, each looked up afresh. A change is also an event.
#[utoipa::path(
    get, path = "/v1/engines", tag = "Gateway",
    responses((status = 200, description = "The engines", body = Engines, example = json!({ "engines": [] }))),
)]
pub async fn engines(State(gateway): State<Gateway>) -> Json<Engines> {
    let engines = join_all(gateway.roster.engines().map(|engine| engine.describe())).await;
    let mut described = gateway.roster.described.write();
    for engine in &engines {
        let before = described.insert(engine.id.clone(), engine.clone());
        if before.is_some_and(|before| &before != engine) {
            gateway.events.publish(EventKind::Engine { engine: engine.clone() });
        }
    }
    drop(described);
    Json(Engines { engines })
}
