//! What an engine is: the life of sandboxes and a way to reach the agent in each.
//!
//! An engine knows nothing of exec, files, terminals or code: those are routes of the agent, reached
//! through [`Engine::dial`]. What an engine cannot do is said in its [`Capabilities`], as data.
//!
//! [`Capabilities`]: sandpit_api::engine::Capabilities

pub mod client;
pub mod contract;
pub mod fake;
pub mod id;
pub mod record;
pub mod refuse;

use async_trait::async_trait;
use sandpit_api::{
    ApiError,
    sandbox::{CreateSandbox, PatchSandbox, Sandbox},
    stats::Stats,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::broadcast,
};

pub use client::AgentClient;

/// A connection to an agent: HTTP/1.1 is spoken over it.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// The result of every engine operation. Errors are wire errors, so that they pass through unchanged.
pub type Result<T> = std::result::Result<T, ApiError>;

/// What happened to a sandbox without, or because of, a request.
#[derive(Debug, Clone)]
pub enum Change {
    /// Its record is now this one (its `ports` are the gateway's to fill).
    Sandbox(Box<Sandbox>),
    /// The sandbox with this id is gone.
    Deleted(String),
}

/// Life and dialling. Every lifecycle method is idempotent: asking for the state it is in succeeds.
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// Id in routes and records, for example `embedded`.
    fn id(&self) -> &str;

    /// Kind, state, version and capabilities, looked up afresh.
    async fn describe(&self) -> sandpit_api::engine::Engine;

    /// Makes a sandbox and starts it. `request.id` is already valid and unused when present.
    /// `SANDBOX_ALREADY_EXISTS`, `NOT_SUPPORTED` for a limit or network mode it cannot enforce,
    /// `SANDBOX_START_FAILED`.
    async fn create(&self, request: CreateSandbox) -> Result<Sandbox>;

    /// Every sandbox of this engine, also those made before this process started.
    async fn list(&self) -> Result<Vec<Sandbox>>;

    /// One record; `SANDBOX_NOT_FOUND`.
    async fn inspect(&self, id: &str) -> Result<Sandbox>;

    /// Changes what `patch` names.
    async fn update(&self, id: &str, patch: PatchSandbox) -> Result<Sandbox>;

    /// Starts a stopped or failed sandbox; its files are those it had.
    async fn start(&self, id: &str) -> Result<Sandbox>;

    /// Ends every process of it and keeps its files.
    async fn stop(&self, id: &str) -> Result<Sandbox>;

    /// Freezes every process of it.
    async fn pause(&self, id: &str) -> Result<Sandbox>;

    /// Thaws a paused sandbox.
    async fn resume(&self, id: &str) -> Result<Sandbox>;

    /// Ends it and removes everything of it: processes, mounts, cgroups, files.
    async fn destroy(&self, id: &str) -> Result<()>;

    /// What it uses now.
    async fn stats(&self, id: &str) -> Result<Stats>;

    /// A new connection to its agent; `SANDBOX_NOT_RUNNING`, `AGENT_UNREACHABLE`.
    async fn dial(&self, id: &str) -> Result<Box<dyn ByteStream>>;

    /// Changes from now on, including those nobody asked for (a sandbox that died).
    fn changes(&self) -> broadcast::Receiver<Change>;
}
