//! `make bench`, the part that needs no window: embedded sandboxes, the agent and code contexts.
//! Prints a table and writes it as JSON to the file named by its only argument.

use std::{env, fs, path::PathBuf};

use anyhow::{Context, Result};
use sandpit_api::sandbox::CreateSandbox;
use sandpit_engine::Engine;
use sandpit_engine_embedded::{Config, EmbeddedEngine};
use sandpit_tests::bench::{Table, agent, code, sandbox, stream};

#[tokio::main]
async fn main() -> Result<()> {
    let output = PathBuf::from(env::args().nth(1).context("usage: sandpit-bench RESULTS.json")?);
    let data = tempfile::tempdir()?;
    let config = Config::from_env(data.path());
    let agent_binary = config.agent.clone();
    let engine = EmbeddedEngine::open(config).await?;
    let mut table = Table::default();
    Table::heading();
    let measured = measure(&engine, &agent_binary, &mut table).await;
    for sandbox in engine.list().await? {
        engine.destroy(&sandbox.id).await?;
    }
    measured?;
    fs::write(&output, serde_json::to_vec_pretty(&table)?)?;
    Ok(())
}

async fn measure(engine: &EmbeddedEngine, agent_binary: &std::path::Path, table: &mut Table) -> Result<()> {
    sandbox::create_to_first_result(engine, 100, table).await?;
    sandbox::spawn_to_first_answer(engine, agent_binary, 50, table).await?;
    sandbox::weight(engine, agent_binary, table).await?;
    let one = engine.create(CreateSandbox::default()).await?;
    agent::exec_true(engine, &one.id, 300, table).await?;
    stream::exec_stream(engine, &one.id, 200, table).await?;
    stream::watch(engine, &one.id, 50, table).await?;
    agent::files(engine, &one.id, table).await?;
    agent::list(engine, &one.id, table).await?;
    code::contexts(engine, &one.id, 5, table).await
}
