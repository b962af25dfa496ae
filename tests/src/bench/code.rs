//! Code contexts: how long until a new one has run something, warm and cold.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use http::Request;
use http_body_util::{BodyExt, Full};
use sandpit_engine::{AgentClient, Engine};
use serde_json::{Value, json};

use super::{Row, Sample, Table};

const PLOT: &str = "import pandas as pd, matplotlib.pyplot as plt\ndf = pd.DataFrame({'a': [1, 2, 3]})\ndf.plot()\nplt.show()\ndf";

/// A new Python context and `1+1` in it: the first of a sandbox, then from the warm pool.
pub async fn contexts(engine: &dyn Engine, id: &str, n: usize, table: &mut Table) -> Result<()> {
    let mut agent = AgentClient::dial(engine, id).await?;
    let cold = new_context(&mut agent, "1+1").await?;
    let cold_ms = cold.as_secs_f64() * 1e3;
    table.add(Row::figure(
        "new context → first result, cold",
        "ms",
        cold_ms,
        "< 700 ms (unwarmed)",
        cold_ms < 700.0,
    ));
    let (mut warm, mut plot) = (Sample::default(), Sample::default());
    for _ in 0..n {
        settle(&mut agent).await?;
        warm.push(new_context(&mut agent, "1+1").await?);
        settle(&mut agent).await?;
        plot.push(new_context(&mut agent, PLOT).await?);
    }
    let row = Row::times("new context → first result, warm", &warm, "p50 ≤ 100 ms", warm.median() <= 100.0);
    table.add(row.beside("cold", cold_ms));
    table.add(Row::times("… with pandas and a plot, warm", &plot, "p50 ≤ 300 ms", plot.median() <= 300.0));
    runs(&mut agent, table).await
}

/// `1+1` in a context that is there.
async fn runs(agent: &mut AgentClient, table: &mut Table) -> Result<()> {
    let context: Value = agent.post("/api/contexts", &json!({ "language": "python" })).await?;
    let id = context["contextId"].as_str().context("no context id")?.to_owned();
    let mut sample = Sample::default();
    for turn in 0..60 {
        let start = Instant::now();
        run(agent, &id, "1+1").await?;
        if turn >= 10 {
            sample.push(start.elapsed());
        }
    }
    forget(agent, &id).await?;
    table.add(Row::times("run 1+1 in a context", &sample, "≤ 5 ms over the kernel", sample.median() <= 7.0));
    Ok(())
}

/// Gives the pool time to warm the next kernel.
async fn settle(agent: &mut AgentClient) -> Result<()> {
    let _: Value = agent.post("/api/contexts/warm", &json!({ "language": "python" })).await?;
    tokio::time::sleep(Duration::from_millis(4000)).await;
    Ok(())
}

async fn new_context(agent: &mut AgentClient, code: &str) -> Result<Duration> {
    let start = Instant::now();
    let context: Value = agent.post("/api/contexts", &json!({ "language": "python" })).await?;
    let id = context["contextId"].as_str().context("no context id")?.to_owned();
    run(agent, &id, code).await?;
    let time = start.elapsed();
    forget(agent, &id).await?;
    Ok(time)
}

async fn run(agent: &mut AgentClient, id: &str, code: &str) -> Result<()> {
    let body = serde_json::to_vec(&json!({ "context_id": id, "code": code }))?;
    let request = Request::post("/api/execute/code")
        .header("content-type", "application/json")
        .body(Full::from(body))?;
    let answer = agent.send(request).await?.into_body().collect().await?.to_bytes();
    let text = String::from_utf8_lossy(&answer);
    ensure!(
        text.contains("\"execution_complete\"") && text.contains("\"result\""),
        "the run did not succeed: {text}"
    );
    Ok(())
}

async fn forget(agent: &mut AgentClient, id: &str) -> Result<()> {
    let _: Value = agent.call(http::Method::DELETE, &format!("/api/contexts/{id}"), &json!({})).await?;
    Ok(())
}
