//! Idleness: what keeps a sandbox awake, and what wakes it again.

use std::time::Duration;

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::common::{World, eventually, world};

async fn state(world: &World) -> Value {
    world.get("/v1/sandboxes/demo").await["state"].clone()
}

#[tokio::test]
async fn an_unused_sandbox_sleeps_and_the_next_request_to_it_wakes_it() {
    let world = world().await;
    world.post("/v1/sandboxes", json!({ "id": "demo", "sleepAfter": 1 })).await;
    eventually(async || state(&world).await == "stopped").await;
    world.get("/v1/sandboxes/demo/api/ping").await;
    assert_eq!(state(&world).await, "running");
}

#[tokio::test]
async fn one_that_was_stopped_by_hand_stays_stopped() {
    let world = world().await;
    world.post("/v1/sandboxes", json!({ "id": "demo", "sleepAfter": 1 })).await;
    eventually(async || state(&world).await == "stopped").await;
    world.post("/v1/sandboxes/demo/stop", Value::Null).await;
    let refused = world.fails(Method::GET, "/v1/sandboxes/demo/api/ping", Value::Null).await;
    assert_eq!(refused, (409, "SANDBOX_NOT_RUNNING".to_owned()));
}

#[tokio::test]
async fn an_open_answer_a_running_process_or_keep_alive_keep_it_awake() {
    let world = world().await;
    world.post("/v1/sandboxes", json!({ "id": "demo", "sleepAfter": 1 })).await;
    world.post("/v1/sandboxes", json!({ "id": "kept", "sleepAfter": 1, "keepAlive": true })).await;
    let request = Request::get("/v1/sandboxes/demo/api/flood").body(Body::empty()).expect("a request");
    let open = world.send(request).await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(state(&world).await, "running");
    *world.agent.processes.lock() =
        json!([{ "id": "p", "command": "sleep", "status": "running", "startTime": "2026-01-01T00:00:00Z" }]);
    drop(open);
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(state(&world).await, "running");
    *world.agent.processes.lock() = json!([]);
    eventually(async || state(&world).await == "stopped").await;
    assert_eq!(world.get("/v1/sandboxes/kept").await["state"], "running");
}
