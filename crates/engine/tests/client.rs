//! The agent client over a byte stream: errors, streamed bodies, upgrades.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty, Full};
use sandpit_api::{ErrorCode, sandbox::CreateSandbox};
use sandpit_engine::{AgentClient, Engine, fake::FakeEngine};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn engine() -> (FakeEngine, String) {
    let engine = FakeEngine::default();
    let id = engine.create(CreateSandbox::default()).await.expect("create").id;
    (engine, id)
}

#[tokio::test]
async fn an_agents_error_comes_through_with_its_code() {
    let (engine, id) = engine().await;
    let mut agent: AgentClient = AgentClient::dial(&engine, &id).await.expect("dial");
    let refused = agent.post::<Value>("/api/read", &json!({ "path": "missing" })).await;
    assert_eq!(refused.expect_err("no such file").code, ErrorCode::FileNotFound);
    agent.get::<Value>("/api/ping").await.expect("the connection is still good");
}

#[tokio::test]
async fn any_request_passes_and_its_answer_streams() {
    let (engine, id) = engine().await;
    let mut agent: AgentClient = AgentClient::dial(&engine, &id).await.expect("dial");
    let body = Bytes::from(vec![7; 3 << 20]);
    let request = Request::put("/any/where?x=1").body(Full::from(body.clone())).expect("a request");
    let response = agent.send(request).await.expect("an answer");
    assert_eq!(response.headers()["x-echo"], "PUT /any/where?x=1");
    assert_eq!(response.into_body().collect().await.expect("its body").to_bytes(), body);
}

#[tokio::test]
async fn an_upgrade_gives_the_bytes_both_ways() {
    let (engine, id) = engine().await;
    let mut agent = AgentClient::dial(&engine, &id).await.expect("dial");
    let request = Request::get("/api/tunnel/80").header("connection", "upgrade").header("upgrade", "tcp");
    let (_, mut stream) =
        agent.upgrade(request.body(Empty::<Bytes>::new()).expect("a request")).await.expect("upgrade");
    stream.write_all(b"to and fro").await.expect("write");
    let mut back = [0; 10];
    stream.read_exact(&mut back).await.expect("read");
    assert_eq!(&back, b"to and fro");
}

#[tokio::test]
async fn a_dead_agent_is_unreachable_and_its_connections_end() {
    let (engine, id) = engine().await;
    let mut agent: AgentClient = AgentClient::dial(&engine, &id).await.expect("dial");
    engine.kill_agent(&id);
    let refused = agent.get::<Value>("/api/ping").await;
    assert_eq!(refused.expect_err("nobody answers").code, ErrorCode::AgentUnreachable);
}
