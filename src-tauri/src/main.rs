//! The desktop app: the gateway's router in a native window, with no listening port for its API.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod app;
mod carrier;
mod files;
mod gateway;
mod home;
mod ipc;
mod window;

use tracing_subscriber::EnvFilter;

fn main() -> anyhow::Result<()> {
    let filter =
        EnvFilter::try_from_env("SANDPIT_LOG").unwrap_or_else(|_| EnvFilter::new("warn,sandpit=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    app::run()
}
