//! The contexts of a sandbox, by id, and how one is made.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sandpit_api::context::{Context, CreateContext, KernelState};
use sandpit_api::{ApiError, ErrorCode};
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};

use super::actor::{Actor, Command};
use super::hidden::HiddenPorts;
use super::launch::Launch;
use super::pool::Pool;
use super::ring::{Reader, Ring};
use super::run::{Execute, Terms};
use super::spec::{self, Spec};
use super::start::Start;
use super::{Shared, check};
use crate::Agent;
use crate::file::name;
use crate::server::extract;
use crate::session::{EnvChange, Place};

/// Commands that wait for a context.
const COMMANDS: usize = 256;
/// A spare is made when the first runs of a new context are likely over.
const LATER: Duration = Duration::from_secs(2);

/// All contexts.
#[derive(Default)]
pub struct Contexts {
    all: Mutex<HashMap<String, Arc<Handle>>>,
    /// The context of each language that runs code which names none.
    defaults: AsyncMutex<HashMap<String, String>>,
    pool: Pool,
    /// Ports that kernels listen on, kept from `GET /api/ports`.
    pub hidden: HiddenPorts,
}

/// One context.
pub struct Handle {
    pub shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
}

impl Contexts {
    /// Starts a context; returns when its kernel answers.
    pub async fn create(&self, agent: &Agent, body: CreateContext) -> Result<Arc<Handle>, ApiError> {
        let asked = body.language.as_deref().unwrap_or("python");
        let spec = spec::choose(spec::find_all(agent.env()).await, asked)?;
        let cwd = check::folder(agent, body.cwd.as_deref())?;
        let environment = body.env_vars.unwrap_or_default();
        check::environment(&environment)?;
        let variables = body.variables.unwrap_or_default();
        check::variables(&variables, &spec)?;
        let limit = extract::limit(body.timeout_ms);
        let plain = self.launch(agent, &spec);
        let launch = own(&plain, cwd, &environment);
        let start = Start { launch, plain, environment, variables, limit, pool: self.pool.clone() };
        self.add(start).await
    }

    async fn add(&self, start: Start) -> Result<Arc<Handle>, ApiError> {
        let kernel = start.kernel().await?;
        self.warm_later(start.plain.clone());
        let shared = Arc::new(Shared::new(&start.launch));
        let (commands, received) = mpsc::channel(COMMANDS);
        tokio::spawn(Actor::new(shared.clone(), start, kernel).live(received));
        let handle = Arc::new(Handle { shared, commands });
        self.all.lock().insert(handle.shared.id.clone(), handle.clone());
        Ok(handle)
    }

    /// The context with `id`.
    pub fn get(&self, id: &str) -> Result<Arc<Handle>, ApiError> {
        self.all.lock().get(id).cloned().ok_or_else(|| not_found(id))
    }

    /// The context that runs `language` for those who name none.
    pub async fn default_for(
        &self,
        agent: &Agent,
        language: Option<String>,
    ) -> Result<Arc<Handle>, ApiError> {
        let key = spec::meaning(language.as_deref().unwrap_or("python"));
        let mut defaults = self.defaults.lock().await;
        if let Some(handle) = defaults.get(&key).and_then(|id| self.get(id).ok()) {
            return Ok(handle);
        }
        let handle = self.create(agent, CreateContext { language, ..CreateContext::default() }).await?;
        defaults.insert(key, handle.shared.id.clone());
        Ok(handle)
    }

    pub fn list(&self) -> Vec<Context> {
        let mut all: Vec<_> = self.all.lock().values().map(|handle| handle.shared.context()).collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// Ends a context and its kernel.
    pub async fn delete(&self, id: &str) -> Result<(), ApiError> {
        let handle = self.all.lock().remove(id).ok_or_else(|| not_found(id))?;
        // One that has ended already is as gone as was asked for.
        let _ = handle.commands.send(Command::End).await;
        Ok(())
    }

    /// Makes a spare of `language` unless there is one.
    pub async fn warm(&self, agent: &Agent, language: &str) -> Result<(), ApiError> {
        let spec = spec::choose(spec::find_all(agent.env()).await, language)?;
        self.pool.warm(self.launch(agent, &spec));
        Ok(())
    }

    fn warm_later(&self, launch: Launch) {
        let pool = self.pool.clone();
        tokio::spawn(async move {
            tokio::time::sleep(LATER).await;
            pool.warm(launch);
        });
    }

    fn launch(&self, agent: &Agent, spec: &Spec) -> Launch {
        Launch {
            spec: spec.clone(),
            cwd: agent.workspace().to_owned(),
            env: agent.env().clone(),
            runtime_dir: agent.state_dir().join("k"),
            hidden: self.hidden.clone(),
        }
    }
}

impl Handle {
    /// Queues code; its outputs come to the readers under `request_id`.
    pub async fn execute(
        &self,
        request_id: &str,
        code: String,
        stop_on_error: bool,
        terms: Terms,
    ) -> Result<(), ApiError> {
        let execute = Execute { request_id: request_id.into(), code, stop_on_error, terms };
        self.send(Command::Execute(execute)).await
    }

    /// Answers the question with `input_id`, unless somebody else did.
    pub async fn answer(&self, input_id: String, value: String) -> Result<(), ApiError> {
        self.send(Command::Answer(input_id, value)).await
    }

    pub async fn interrupt(&self) -> Result<(), ApiError> {
        self.send(Command::Interrupt).await
    }

    /// Replaces the kernel; returns when the new one answers.
    pub async fn restart(&self) -> Result<(), ApiError> {
        let (answer, outcome) = oneshot::channel();
        self.send(Command::Restart(answer)).await?;
        outcome.await.map_err(|_| not_found(&self.shared.id))?
    }

    pub fn ring(&self) -> &Arc<Ring> {
        &self.shared.ring
    }

    /// Reads from now on.
    pub fn live(&self) -> Reader {
        self.ring().after(self.ring().last())
    }

    async fn send(&self, command: Command) -> Result<(), ApiError> {
        self.commands.send(command).await.map_err(|_| not_found(&self.shared.id))
    }
}

impl Shared {
    fn new(launch: &Launch) -> Self {
        Self {
            id: uuid::Uuid::now_v7().to_string(),
            spec: launch.spec.clone(),
            cwd: name::encode(launch.cwd.as_os_str()).into_owned(),
            created_at: crate::server::reply::now(),
            state: Mutex::new(KernelState::Idle),
            ring: Ring::new(),
        }
    }

    /// The context as it is told.
    pub fn context(&self) -> Context {
        Context {
            id: self.id.clone(),
            language: self.spec.language.clone(),
            cwd: self.cwd.clone(),
            state: *self.state.lock(),
            display_name: self.spec.display_name.clone(),
            created_at: self.created_at.clone(),
        }
    }
}

/// `plain` in another directory and with more variables.
fn own(plain: &Launch, cwd: PathBuf, variables: &EnvChange) -> Launch {
    let Place { cwd, env } = Place { cwd, env: plain.env.clone() }.with_env(Some(variables));
    Launch { cwd, env, ..plain.clone() }
}

fn not_found(id: &str) -> ApiError {
    ApiError::new(ErrorCode::ContextNotFound, format!("no code context {id:?}")).with("contextId", id)
}
