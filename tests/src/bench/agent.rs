//! What the agent does in a running sandbox: commands, files and bytes.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use sandpit_engine::{AgentClient, Engine};
use serde_json::{Value, json};
use tokio::net::UnixListener;

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
        table_files(size, &write, &read, table).await?;
    }
    exec(&mut agent, "rm -f /workspace/bench.bin").await?;
    Ok(())
}

/// A small file is compared with the reference's server, a large one with `socat` through a Unix socket.
async fn table_files(size: usize, write: &Sample, read: &Sample, table: &mut Table) -> Result<()> {
    let label = size >> 20;
    if label == 1 {
        table.add(Row::times("write 1 MB", write, "< 8.6 ms (reference)", write.median() < 8.6));
        table.add(Row::times("read 1 MB", read, "< 34 ms (reference)", read.median() < 34.0));
        return Ok(());
    }
    let socat = through_a_socket(size).await.context("socat, the peer of large files")?.as_secs_f64() * 1e3;
    for (what, sample) in [("write", write), ("read", read)] {
        let row = Row::times(
            &format!("{what} {label} MB"),
            sample,
            "≥ 0.5 × its rate",
            sample.median() <= 2.0 * socat,
        );
        table.add(row.beside("socat, Unix socket", socat));
    }
    Ok(())
}

/// How long `socat` takes to send a file of `size` bytes to a reader of a Unix socket.
async fn through_a_socket(size: usize) -> Result<Duration> {
    let folder = tempfile::tempdir()?;
    let (file, socket) = (folder.path().join("file"), folder.path().join("socket"));
    tokio::fs::write(&file, vec![b'x'; size]).await?;
    let listener = UnixListener::bind(&socket)?;
    let start = Instant::now();
    let mut socat = tokio::process::Command::new("socat")
        .args(["-u", &format!("OPEN:{}", file.display()), &format!("UNIX-CONNECT:{}", socket.display())])
        .spawn()?;
    let (mut stream, _) = listener.accept().await?;
    let read = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    let time = start.elapsed();
    socat.wait().await?;
    ensure!(read as usize == size, "socat sent {read} of {size}");
    Ok(time)
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
