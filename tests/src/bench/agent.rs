//! What the agent does in a running sandbox: commands, files and bytes.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use sandpit_engine::{AgentClient, Engine};
use serde_json::{Value, json};

use super::{Row, Sample, Table, sandbox::exec};

/// `true` in a session, one after another on one connection.
pub async fn exec_true(engine: &dyn Engine, id: &str, n: usize, table: &mut Table) -> Result<()> {
    let mut agent = AgentClient::dial(engine, id).await?;
    let mut ours = Sample::default();
    for turn in 0..n + 20 {
        let start = Instant::now();
        exec(&mut agent, "true").await?;
        if turn >= 20 {
            ours.push(start.elapsed());
        }
    }
    let mut peer = Sample::default();
    for _ in 0..n.min(50) {
        let start = Instant::now();
        tokio::process::Command::new("bash").args(["-c", "true"]).status().await?;
        peer.push(start.elapsed());
    }
    let met = ours.median() <= 2.0;
    let row = Row::times("exec true, at the agent", &ours, "p50 ≤ 2 ms", met);
    table.add(row.beside("bash -c true on the host", peer.median()));
    Ok(())
}

/// Listing folders of 20 000 and 100 000 files, beside `ls -lU` of the same folder.
pub async fn list(engine: &dyn Engine, id: &str, table: &mut Table) -> Result<()> {
    let mut agent = AgentClient::dial(engine, id).await?;
    for (count, goal, limit) in [(20_000, "< 875 ms (reference)", 875.0), (100_000, "≤ 300 ms", 300.0)] {
        exec(
            &mut agent,
            &format!(
                "mkdir -p /workspace/l{count} && cd /workspace/l{count} && seq {count} | xargs touch; cd"
            ),
        )
        .await?;
        let mut ours = Sample::default();
        for _ in 0..5 {
            let start = Instant::now();
            let body = json!({ "path": format!("/workspace/l{count}"), "options": {} });
            let bytes = post_bytes(&mut agent, "/api/list-files", &body).await?;
            ours.push(start.elapsed());
            ensure!(bytes.len() > count * 50, "the list is not whole");
        }
        let mut peer = Sample::default();
        for _ in 0..3 {
            let start = Instant::now();
            exec(&mut agent, &format!("ls -lU /workspace/l{count} | wc -l")).await?;
            peer.push(start.elapsed());
        }
        let row =
            Row::times(&format!("list {count} files, at the agent"), &ours, goal, ours.median() <= limit);
        table.add(row.beside("ls -lU", peer.median()));
        exec(&mut agent, &format!("rm -rf /workspace/l{count}")).await?;
    }
    Ok(())
}

/// Writing and reading whole files through the raw route, and their rate.
pub async fn files(engine: &dyn Engine, id: &str, table: &mut Table) -> Result<()> {
    let mut agent = AgentClient::dial(engine, id).await?;
    for (size, times) in [(1usize << 20, 20), (100 << 20, 3)] {
        let content = Bytes::from(vec![b'x'; size]);
        let (mut write, mut read) = (Sample::default(), Sample::default());
        for _ in 0..times {
            let start = Instant::now();
            let request =
                Request::put("/api/files/raw?path=/workspace/bench.bin").body(Full::new(content.clone()))?;
            let answer = agent.send(request).await?;
            ensure!(answer.status().is_success(), "PUT answered {}", answer.status());
            answer.into_body().collect().await?;
            write.push(start.elapsed());
            let start = Instant::now();
            let request = Request::get("/api/files/raw?path=/workspace/bench.bin").body(Full::default())?;
            let mut body = agent.send(request).await?.into_body();
            let mut length = 0;
            while let Some(frame) = body.frame().await {
                length += frame?.into_data().map_or(0, |data| data.len());
            }
            ensure!(length == size, "read {length} of {size}");
            read.push(start.elapsed());
        }
        let label = size >> 20;
        let cat = exec_time(&mut agent, "cat /workspace/bench.bin > /dev/null").await?;
        let goal = |limit: f64| limit;
        let (write_limit, read_limit) =
            if label == 1 { (goal(8.6), goal(34.0)) } else { (goal(1e4), goal(1e4)) };
        table.add(Row::times(
            &format!("write {label} MB"),
            &write,
            "1 MB < 8.6 ms (reference)",
            write.median() < write_limit,
        ));
        table.add(
            Row::times(
                &format!("read {label} MB"),
                &read,
                "1 MB < 34 ms (reference)",
                read.median() < read_limit,
            )
            .beside("cat in the sandbox", cat),
        );
    }
    exec(&mut agent, "rm -f /workspace/bench.bin").await?;
    Ok(())
}

async fn exec_time(agent: &mut AgentClient, command: &str) -> Result<f64> {
    let start = Instant::now();
    exec(agent, command).await?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

async fn post_bytes(agent: &mut AgentClient, path: &str, body: &Value) -> Result<Bytes> {
    let request = Request::post(path)
        .header("content-type", "application/json")
        .body(Full::from(serde_json::to_vec(body)?))
        .context("a request")?;
    let answer = agent.send(request).await?;
    ensure!(answer.status().is_success(), "{path} answered {}", answer.status());
    Ok(answer.into_body().collect().await?.to_bytes())
}
