//! The life of an embedded sandbox: how long until it does something, and what it weighs.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use sandpit_api::{exec::Execute, sandbox::CreateSandbox};
use sandpit_engine::{AgentClient, Engine};
use serde_json::Value;
use tokio::{net::UnixStream, process::Command};

use super::{Row, Sample, Table};

/// `create`, then `true` in it, answered; the sandbox is destroyed outside the measurement.
pub async fn create_to_first_result(engine: &dyn Engine, n: usize, table: &mut Table) -> Result<()> {
    let mut ours = Sample::default();
    for _ in 0..n + 3 {
        let start = Instant::now();
        let sandbox = engine.create(CreateSandbox::default()).await?;
        let mut agent = AgentClient::dial(engine, &sandbox.id).await?;
        run_true(&mut agent).await?;
        ours.push(start.elapsed());
        engine.destroy(&sandbox.id).await?;
    }
    let docker = docker_run(5).await;
    let met = ours.median() <= 15.0 && ours.percentile(99.0) <= 50.0;
    let mut row = Row::times("create → first result", &ours, "p50 ≤ 15 ms, p99 ≤ 50 ms", met);
    if let Some(docker) = docker {
        row = row.beside("docker run", docker.median());
    }
    table.add(row);
    Ok(())
}

/// From spawning to the agent's first answer, beside the same agent under bare bubblewrap.
pub async fn spawn_to_first_answer(
    engine: &dyn Engine,
    agent: &Path,
    n: usize,
    table: &mut Table,
) -> Result<()> {
    let mut ours = Sample::default();
    let mut bare = Sample::default();
    let sandbox = engine.create(CreateSandbox::default()).await?;
    for _ in 0..n {
        engine.stop(&sandbox.id).await?;
        let start = Instant::now();
        engine.start(&sandbox.id).await?;
        ping(AgentClient::dial(engine, &sandbox.id).await?).await?;
        ours.push(start.elapsed());
        bare.push(bare_bubblewrap(agent).await?);
    }
    engine.destroy(&sandbox.id).await?;
    let met = ours.median() <= 1.3 * bare.median();
    table.add(
        Row::times("start → first answer", &ours, "≤ 1.3 × bare bwrap", met)
            .beside("bare bwrap", bare.median()),
    );
    Ok(())
}

/// Resident memory of an idle sandbox and of its agent, and the size of the agent's binary.
pub async fn weight(engine: &dyn Engine, agent: &Path, table: &mut Table) -> Result<()> {
    let sandbox = engine.create(CreateSandbox::default()).await?;
    let mut client = AgentClient::dial(engine, &sandbox.id).await?;
    run_true(&mut client).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let status = exec(&mut client, "grep VmRSS /proc/1/status").await?;
    let kib: f64 = status.split_whitespace().nth(1).context("no VmRSS")?.parse()?;
    let whole = engine.stats(&sandbox.id).await?.memory_bytes as f64 / 1048576.0;
    engine.destroy(&sandbox.id).await?;
    table.add(Row::figure("agent: resident memory", "MB", kib / 1024.0, "≤ 8 MB", kib <= 8192.0));
    table.add(Row::figure("idle sandbox: memory of all processes", "MB", whole, "≤ 15 MB", whole <= 15.0));
    let size = std::fs::metadata(agent)?.len() as f64 / 1048576.0;
    table.add(Row::figure("agent: size of the binary", "MB", size, "≤ 2.5 MB (design)", size <= 2.5));
    Ok(())
}

/// Runs one command in the default session and gives its standard output.
pub async fn exec(agent: &mut AgentClient, command: &str) -> Result<String> {
    let request = Execute { command: command.to_owned(), ..Execute::default() };
    let answer: Value = agent.post("/api/execute", &request).await?;
    ensure!(answer["success"] == true, "{command} failed: {answer}");
    Ok(answer["stdout"].as_str().unwrap_or_default().to_owned())
}

async fn run_true(agent: &mut AgentClient) -> Result<()> {
    exec(agent, "true").await.map(drop)
}

async fn ping(mut agent: AgentClient) -> Result<()> {
    let _: Value = agent.get("/api/ping").await?;
    Ok(())
}

async fn bare_bubblewrap(agent: &Path) -> Result<Duration> {
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("agent.sock");
    let start = Instant::now();
    let mut child = Command::new("bwrap")
        .args([
            "--unshare-all",
            "--ro-bind",
            "/",
            "/",
            "--proc",
            "/proc",
            "--dev",
            "/dev",
            "--as-pid-1",
            "--die-with-parent",
        ])
        .arg("--bind")
        .args([folder.path(), folder.path()])
        .arg(agent)
        .arg("--listen-unix")
        .arg(&socket)
        .args(["--workspace", "/tmp"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let stream = loop {
        match UnixStream::connect(&socket).await {
            Ok(stream) => break stream,
            Err(_) => tokio::time::sleep(Duration::from_micros(200)).await,
        }
        ensure!(start.elapsed() < Duration::from_secs(5), "the agent does not answer under bare bwrap");
    };
    ping(AgentClient::over(Box::new(stream)).await?).await?;
    let time = start.elapsed();
    child.kill().await?;
    Ok(time)
}

/// `docker run --rm IMAGE true`, where a Docker daemon with any image is at hand.
async fn docker_run(n: usize) -> Option<Sample> {
    let images = Command::new("docker").args(["images", "-q"]).output().await.ok()?;
    let image = String::from_utf8(images.stdout).ok()?.lines().next()?.to_owned();
    let mut sample = Sample::default();
    for _ in 0..n {
        let start = Instant::now();
        let status = Command::new("docker").args(["run", "--rm", &image, "true"]).status().await.ok()?;
        if !status.success() {
            return None;
        }
        sample.push(start.elapsed());
    }
    Some(sample)
}
