//! What a running sandbox tells as it happens: the output of a command, and changes of files.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use sandpit_engine::{AgentClient, Engine};
use serde_json::{Value, json};

use super::{Row, Sample, Table, sandbox::exec};

/// An `echo`, from the request to the end of its stream, and to its text.
pub async fn exec_stream(engine: &dyn Engine, id: &str, n: usize, table: &mut Table) -> Result<()> {
    let mut agent = AgentClient::dial(engine, id).await?;
    let (mut text, mut end) = (Sample::default(), Sample::default());
    for turn in 0..n + 10 {
        let start = Instant::now();
        let mut events =
            Events::open(&mut agent, "/api/execute/stream", &json!({ "command": "echo hi" })).await?;
        events.until("stdout").await?;
        let first = start.elapsed();
        events.until("complete").await?;
        if turn >= 10 {
            text.push(first);
            end.push(start.elapsed());
        }
    }
    table.add(Row::times(
        "exec stream of an echo, to its text",
        &text,
        "< its end",
        text.median() <= end.median(),
    ));
    table.add(Row::times("… to its end", &end, "< 115 ms (reference)", end.median() < 115.0));
    Ok(())
}

/// From the answer to a write until a watch has told of it.
pub async fn watch(engine: &dyn Engine, id: &str, n: usize, table: &mut Table) -> Result<()> {
    let (mut watcher, mut writer) =
        (AgentClient::dial(engine, id).await?, AgentClient::dial(engine, id).await?);
    exec(&mut writer, "mkdir -p /workspace/watched").await?;
    let mut events =
        Events::open(&mut watcher, "/api/watch", &json!({ "path": "/workspace/watched" })).await?;
    events.until("watching").await?;
    let mut told = Sample::default();
    for turn in 0..n {
        let name = format!("/workspace/watched/{turn}");
        let start = Instant::now();
        let _: Value = writer.post("/api/write", &json!({ "path": name, "content": "x" })).await?;
        while events.until("event").await?["path"] != name.as_str() {}
        told.push(start.elapsed());
        // Changes are coalesced: the next one is not to wait for this one's end.
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    let met = told.percentile(95.0) <= 100.0;
    table.add(Row::times("write → watch event", &told, "p95 ≤ 100 ms", met));
    exec(&mut writer, "rm -rf /workspace/watched").await?;
    Ok(())
}

/// Server-sent events, as they come.
struct Events {
    body: Incoming,
    text: Vec<u8>,
}

impl Events {
    async fn open(agent: &mut AgentClient, path: &str, body: &Value) -> Result<Self> {
        let request = Request::post(path).body(Full::from(serde_json::to_vec(body)?))?;
        let answer = agent.send(request).await?;
        ensure!(answer.status().is_success(), "{path} answered {}", answer.status());
        Ok(Self { body: answer.into_body(), text: Vec::new() })
    }

    /// The next event of `kind`; others are passed over.
    async fn until(&mut self, kind: &str) -> Result<Value> {
        loop {
            while let Some(end) = self.text.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = self.text.drain(..end + 2).collect();
                let event: Value = serde_json::from_slice(event.strip_prefix(b"data: ").context("no data")?)?;
                if event["type"] == kind {
                    return Ok(event);
                }
            }
            let frame =
                self.body.frame().await.with_context(|| format!("the stream ended before {kind}"))??;
            self.text.extend_from_slice(frame.data_ref().context("no data")?);
        }
    }
}
