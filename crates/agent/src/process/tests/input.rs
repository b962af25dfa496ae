//! The standard input of a process.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{PATIENCE, start};
use crate::server::testing::TestAgent;

#[tokio::test]
async fn a_process_reads_what_is_written_to_it_until_that_is_closed() {
    let agent = TestAgent::start().await;
    let id = start(&agent, json!({ "command": "cat; echo over", "stdin": true, "encoding": "base64" })).await;
    let path = format!("/api/process/{id}/stdin");
    let raw = Request::post(&path).header("host", "agent").body(Body::from("a\0")).unwrap();
    assert_eq!(agent.send(raw).await.status(), StatusCode::OK);
    let json = Request::post(format!("{path}?close=1")).header("host", "agent");
    let json = json.header("content-type", "application/json");
    let json = json.body(Body::from(r#"{"data":"/2I=","encoding":"base64"}"#)).unwrap();
    assert_eq!(agent.send(json).await.status(), StatusCode::OK);
    timeout(PATIENCE, agent.get(&format!("/api/process/{id}/wait"))).await.expect("its input has ended");
    let (_, logs) = agent.get(&format!("/api/process/{id}/logs?encoding=utf-8")).await;
    assert_eq!(logs["stdout"], "a\0\u{fffd}bover\n");
    let (status, body) = agent.call(Method::POST, &path, Value::Null).await;
    assert_eq!((status, &body["code"]), (StatusCode::CONFLICT, &json!("STDIN_CLOSED")));
}

#[tokio::test]
async fn an_input_of_any_size_waits_for_the_process_to_take_it() {
    let agent = TestAgent::start().await;
    let command = "while [ ! -e go ]; do sleep 0.01; done; wc -c";
    let id = start(&agent, json!({ "command": command, "stdin": true })).await;
    let path = format!("/api/process/{id}/stdin?close=1");
    let body = Body::from(vec![b'x'; 3_000_000]);
    let request = Request::post(path).header("host", "agent").body(body).unwrap();
    let go = async { std::fs::write(agent.path("go"), "").unwrap() };
    let (answer, ()) = timeout(PATIENCE, async { tokio::join!(agent.send(request), go) }).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    agent.get(&format!("/api/process/{id}/wait")).await;
    let (_, logs) = agent.get(&format!("/api/process/{id}/logs")).await;
    assert_eq!(logs["stdout"], "3000000\n");
}

#[tokio::test]
async fn who_writes_to_a_process_that_ends_is_let_go() {
    let agent = TestAgent::start().await;
    let id = start(&agent, json!({ "command": "sleep 77", "stdin": true })).await;
    let body = Body::from(vec![b'x'; 1 << 20]);
    let request = Request::post(format!("/api/process/{id}/stdin")).header("host", "agent");
    let request = request.body(body).unwrap();
    let path = format!("/api/process/{id}?signal=KILL");
    let both = async { tokio::join!(agent.send(request), agent.delete(&path)) };
    let (answer, _) = timeout(PATIENCE, both).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_process_without_input_takes_none() {
    let agent = TestAgent::start().await;
    let id = start(&agent, json!({ "command": "cat; sleep 78" })).await;
    let (status, body) = agent.post(&format!("/api/process/{id}/stdin"), json!({ "data": "x" })).await;
    assert_eq!((status, &body["context"]["field"]), (StatusCode::BAD_REQUEST, &json!("stdin")));
    agent.delete("/api/process/kill-all").await;
}
