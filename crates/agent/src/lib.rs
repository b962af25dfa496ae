//! PID 1 of every sandbox: serves the sandbox API over HTTP and WebSocket.
//!
//! One module for each kind of thing a sandbox has, each with its `routes()`; `server` puts them
//! together. Nothing here knows an engine, a gateway or a window.

pub mod agent;
pub mod context;
pub mod exec;
pub mod file;
pub mod git;
pub mod port;
pub mod process;
pub mod reap;
pub mod server;
pub mod session;
pub mod stats;
pub mod terminal;
pub mod watch;

pub use agent::{Agent, Config};
