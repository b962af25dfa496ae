//! What is passed to an agent untouched: bodies, streams, upgrades, and its absence.

use std::{sync::atomic::Ordering, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::common::{eventually, text, world};

#[tokio::test]
async fn path_query_and_headers_reach_the_agent_and_connection_headers_do_not() {
    let world = world().await;
    world.demo().await;
    let request = Request::get("/v1/sandboxes/demo/api/seen?path=%2Fa%20b")
        .header("x-session-id", "s1")
        .header(header::CONNECTION, "x-private")
        .header("x-private", "1")
        .body(Body::empty())
        .expect("a request");
    let seen = text(world.send(request).await).await;
    assert!(seen.starts_with("/api/seen?path=%2Fa%20b "), "{seen}");
    assert!(seen.contains("x-session-id") && !seen.contains("x-private"), "{seen}");
}

#[tokio::test]
async fn a_body_streams_through_in_both_directions_before_it_is_whole() {
    let world = world().await;
    world.demo().await;
    let (mut sender, body) = http_body_util::channel::Channel::<Bytes, std::io::Error>::new(1);
    let request = Request::post("/v1/sandboxes/demo/api/echo").body(Body::new(body)).expect("a request");
    let mut answer = world.send(request).await.into_body();
    for part in ["one", "two"] {
        sender.send_data(Bytes::from(part)).await.expect("sent");
        let frame = answer.frame().await.expect("a frame").expect("bytes");
        assert_eq!(frame.into_data().expect("data"), part);
    }
    drop(sender);
    assert!(answer.frame().await.is_none());
}

#[tokio::test]
async fn a_slow_reader_holds_the_agent_back_and_nobody_else() {
    let world = world().await;
    world.demo().await;
    let request = Request::get("/v1/sandboxes/demo/api/flood").body(Body::empty()).expect("a request");
    let mut slow = world.send(request).await.into_body();
    slow.frame().await.expect("a frame").expect("bytes");
    let mut before = usize::MAX;
    eventually(async || {
        let now = world.agent.flooded.load(Ordering::Relaxed);
        let rests = now == before;
        before = now;
        tokio::time::sleep(Duration::from_millis(50)).await;
        rests
    })
    .await;
    assert!(before < 8 * 1024 * 1024, "{before} bytes wait for a reader that does not read");
    world.get("/v1/sandboxes/demo/api/ping").await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off_for_the_client() {
    let world = world().await;
    world.demo().await;
    let request = Request::get("/v1/sandboxes/demo/api/broken").body(Body::empty()).expect("a request");
    let answer = world.send(request).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.into_body().collect().await.is_err());
}

#[tokio::test]
async fn a_socket_passes_through_as_it_is() {
    let world = world().await;
    world.demo().await;
    let uri = "ws://localhost/v1/sandboxes/demo/ws/echo";
    let (mut socket, _) =
        tokio_tungstenite::client_async(uri, world.gateway.connect()).await.expect("a socket");
    let big = vec![7u8; 300_000];
    for message in [Message::text("hello"), Message::binary(big)] {
        socket.send(message.clone()).await.expect("sent");
        assert_eq!(socket.next().await.expect("an echo").expect("a message"), message);
    }
    socket.close(None).await.expect("closed");
}

#[tokio::test]
async fn a_sandbox_that_does_not_run_says_which_state_it_is_in() {
    let world = world().await;
    world.demo().await;
    for (step, state) in [("stop", "stopped"), ("start", ""), ("pause", "paused")] {
        world.post(&format!("/v1/sandboxes/demo/{step}"), Value::Null).await;
        if !state.is_empty() {
            let (status, error) = world.call(Method::GET, "/v1/sandboxes/demo/api/ping", Value::Null).await;
            assert_eq!((status.as_u16(), &error["code"]), (409, &json!("SANDBOX_NOT_RUNNING")));
            assert_eq!(error["context"]["state"], state);
        }
    }
}

#[tokio::test]
async fn a_dead_agent_is_told_as_such_and_a_restart_mends_it() {
    let world = world().await;
    world.demo().await;
    world.get("/v1/sandboxes/demo/api/ping").await;
    world.engine.kill_agent("demo");
    let (status, error) = world.call(Method::GET, "/v1/sandboxes/demo/api/ping", Value::Null).await;
    assert_eq!((status.as_u16(), &error["code"]), (409, &json!("SANDBOX_NOT_RUNNING")));
    assert_eq!(error["context"]["state"], "failed");
    world.post("/v1/sandboxes/demo/start", Value::Null).await;
    world.get("/v1/sandboxes/demo/api/ping").await;
}

#[tokio::test]
async fn an_agent_that_hangs_up_while_its_sandbox_runs_is_unreachable() {
    let world = world().await;
    world.demo().await;
    let (status, error) = world.call(Method::GET, "/v1/sandboxes/demo/api/hang-up", Value::Null).await;
    assert_eq!((status.as_u16(), &error["code"]), (502, &json!("AGENT_UNREACHABLE")));
    assert_eq!(error["context"]["sandboxId"], "demo");
    world.get("/v1/sandboxes/demo/api/ping").await;
}

#[tokio::test]
async fn requests_of_many_sandboxes_at_once_are_never_mixed_up() {
    let world = world().await;
    for number in 0..10 {
        world.post("/v1/sandboxes", json!({ "id": format!("s{number}") })).await;
    }
    let calls = (0..200).map(async |number: usize| {
        let body = json!({ "number": number });
        let path = format!("/v1/sandboxes/s{}/api/echo", number % 10);
        assert_eq!(world.post(&path, body.clone()).await, body);
    });
    futures::future::join_all(calls).await;
}
