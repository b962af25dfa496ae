//! The embedded engine: Linux namespaces through bubblewrap, no daemon.
//!
//! It knows nothing of what is done in a sandbox. Bubblewrap sets it up; this crate decides the policy, starts it,
//! watches it, limits it and removes it.

mod bubblewrap;
mod cgroup;
mod config;
mod death;
mod engine;
mod etc;
mod folder;
mod host;
mod kept;
mod launch;
mod network;
mod probe;
mod process;
mod request;
mod seccomp;
mod spawn;
mod stage;
mod usage;

pub use config::Config;
pub use engine::EmbeddedEngine;
