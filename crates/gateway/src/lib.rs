//! The gateway: one axum router over every engine.
//!
//! It owns the life of sandboxes as a client sees it, their exposed ports and the events; everything a
//! sandbox can *do* is a route of its agent, and passes through here untouched. It must not know which
//! engine it talks to, nor what exec, files or code are. The desktop app carries the router over IPC,
//! `sandpitd` puts it on TCP.

pub mod accept;
mod activity;
mod agent;
mod answer;
mod data_dir;
mod engines;
mod events;
mod forward;
mod gateway;
mod idle;
mod lifecycle;
mod openapi;
mod port_watch;
mod ports;
mod previews;
mod routes;
mod saved;
mod stats;
mod steps;
pub mod tcp;
mod upstream;
mod validate;

pub use answer::Failed;
pub use data_dir::data_dir;
pub use engines::installed;
pub use gateway::{Config, Gateway};
