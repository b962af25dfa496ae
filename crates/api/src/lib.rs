//! Wire types of the sandbox API: what crosses HTTP, WebSocket and Tauri IPC, written once.
//!
//! Shapes follow the Cloudflare Sandbox SDK's reference where it has one; what it lacks is said in
//! `docs/PROTOCOL.md`. This crate performs no I/O, knows no runtime and links no server.
//! `cargo test -p sandpit-api` writes the same types as TypeScript into `ui/src/api/wire`.

pub mod answer;
pub mod body;
pub mod context;
pub mod engine;
pub mod error;
pub mod event;
pub mod exec;
pub mod file;
pub mod multiplex;
pub mod port;
pub mod process;
pub mod sandbox;
pub mod session;
pub mod stats;
pub mod terminal;
pub mod watch;

pub use error::{ApiError, ErrorCode};

/// Generation of this protocol. It grows when a change would break an older peer.
pub const PROTOCOL: u32 = 1;
