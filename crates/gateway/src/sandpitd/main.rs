//! sandpitd: the gateway without a window. `serve` puts it on TCP behind a token, and `doctor` says what
//! each engine can do here.

mod doctor;
mod serve;
mod token;
mod ui;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sandpit_engine::Engine;

#[derive(Parser)]
#[command(name = "sandpitd", version, about = "Code sandboxes without a window.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API and the same window for a browser.
    Serve(serve::Options),
    /// Say what each engine can do here, and how to mend what it cannot.
    Doctor(doctor::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(filter.unwrap_or_else(|_| "info".into()))
        .init();
    allow_descriptors();
    let ended = match arguments.command {
        Command::Serve(options) => serve::run(options).await,
        Command::Doctor(options) => doctor::run(options).await,
    };
    ended.unwrap_or_else(|error| {
        eprintln!("sandpitd: {error:#}");
        ExitCode::from(2)
    })
}

/// Takes as many descriptors as it may have: a thousand requests at once need more than a login's 1024.
fn allow_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, "the limit of open descriptors stays as it is");
    }
}

/// The data folder: the one that was asked for, else the usual one.
fn data_dir(asked: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let folder = asked.or_else(sandpit_gateway::data_dir);
    folder.context("There is no data folder: give --data-dir, or set SANDPIT_DATA_DIR or HOME.")
}

/// The engines that were asked for, else all of them.
async fn engines(data_dir: &std::path::Path, asked: &[String]) -> anyhow::Result<Vec<Arc<dyn Engine>>> {
    let mut engines = sandpit_gateway::installed(data_dir).await.context("the engines cannot be opened")?;
    if asked.is_empty() {
        return Ok(engines);
    }
    let known: Vec<_> = engines.iter().map(|engine| engine.id().to_owned()).collect();
    if let Some(unknown) = asked.iter().find(|id| !known.contains(id)) {
        bail!("There is no engine {unknown}; there is {}.", known.join(", "));
    }
    engines.retain(|engine| asked.iter().any(|id| id == engine.id()));
    Ok(engines)
}
