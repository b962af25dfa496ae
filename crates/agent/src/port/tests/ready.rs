//! Waiting for a port.

use axum::Router;
use axum::routing::get;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::PATIENCE;
use crate::server::testing::{Events, TestAgent};

async fn watch(agent: &TestAgent, request: Value) -> Events {
    let mut events = agent.open_events(Method::POST, "/api/port-watch", request).await;
    assert_eq!(events.next().await.unwrap()["type"], "watching");
    events
}

/// The last event, after which there is no other.
async fn last(mut events: Events) -> Value {
    let last = timeout(PATIENCE, events.next()).await.expect("an end").unwrap();
    assert!(events.next().await.is_none(), "nothing follows {last}");
    last
}

async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// An HTTP server whose `/health` is 503 until it is well.
async fn server(address: &str) -> (u16, Arc<AtomicBool>, JoinHandle<()>) {
    let listener = TcpListener::bind(address).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let well = Arc::new(AtomicBool::new(false));
    let told = well.clone();
    let health = async move || match told.load(Ordering::SeqCst) {
        true => StatusCode::NO_CONTENT,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let app = Router::new().route("/", get(async || "x".repeat(3_000_000))).route("/health", get(health));
    (port, well, tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }))
}

#[tokio::test]
async fn a_port_is_ready_once_it_accepts() {
    let agent = TestAgent::start().await;
    let port = free_port().await;
    let events = watch(&agent, json!({ "port": port, "mode": "tcp", "interval": 500 })).await;
    let _listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    assert_eq!(last(events).await, json!({ "type": "ready", "port": port }));
}

#[tokio::test]
async fn a_server_is_ready_once_it_answers_as_wanted() {
    let agent = TestAgent::start().await;
    let (port, well, server) = server("127.0.0.1:0").await;
    let request = json!({ "port": port, "path": "/health?x=1", "interval": 60_000 });
    let events = watch(&agent, request).await;
    let sick = json!({ "port": port, "path": "/health", "statusMin": 503, "statusMax": 503 });
    assert_eq!(last(watch(&agent, sick).await).await["statusCode"], 503);
    well.store(true, Ordering::SeqCst);
    assert_eq!(last(events).await, json!({ "type": "ready", "port": port, "statusCode": 204 }));
    assert_eq!(last(watch(&agent, json!({ "port": port })).await).await["statusCode"], 200);
    server.abort();
}

#[tokio::test]
async fn a_server_on_the_other_address_family_is_found() {
    let agent = TestAgent::start().await;
    let (port, _, server) = server("[::1]:0").await;
    assert_eq!(last(watch(&agent, json!({ "port": port })).await).await["type"], "ready");
    server.abort();
}

#[tokio::test]
async fn the_end_of_the_process_ends_the_watch_whatever_answers_on_the_port() {
    let agent = TestAgent::start().await;
    let port = free_port().await;
    let start = json!({ "command": "while [ ! -e go ]; do sleep 0.01; done; exit 7", "processId": "p" });
    agent.post("/api/process/start", start).await;
    let request = json!({ "port": port, "mode": "tcp", "processId": "p" });
    let events = watch(&agent, request.clone()).await;
    std::fs::write(agent.path("go"), "").unwrap();
    let exited = json!({ "type": "process_exited", "port": port, "exitCode": 7 });
    assert_eq!(last(events).await, exited);
    let _other = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    assert_eq!(last(watch(&agent, request).await).await, exited);
}

#[tokio::test]
async fn a_server_that_never_answers_holds_up_nobody_beyond_the_time() {
    let agent = TestAgent::start().await;
    // It accepts by its queue alone, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let last = last(watch(&agent, json!({ "port": port, "timeoutMs": 50 })).await).await;
    assert_eq!((&last["type"], &last["code"]), (&json!("error"), &json!("PROCESS_READY_TIMEOUT")));
    let no_http = watch(&agent, json!({ "port": port, "mode": "tcp" })).await;
    assert_eq!(self::last(no_http).await["type"], "ready");
}

#[tokio::test]
async fn a_watch_that_cannot_be_is_refused_before_it_begins() {
    let agent = TestAgent::start().await;
    for (field, request) in [
        ("port", json!({})),
        ("port", json!({ "port": 0 })),
        ("port", json!({ "port": -1 })),
        ("port", json!({ "port": 70000 })),
        ("port", json!({ "port": 1.5 })),
        ("port", json!({ "port": "x" })),
        ("mode", json!({ "port": 8000, "mode": "udp" })),
        ("path", json!({ "port": 8000, "path": "health" })),
        ("path", json!({ "port": 8000, "path": "/a b" })),
        ("path", json!({ "port": 8000, "path": "/a\0" })),
        ("statusMin", json!({ "port": 8000, "statusMin": 400 })),
        ("statusMin", json!({ "port": 8000, "statusMin": 1 })),
        ("statusMax", json!({ "port": 8000, "statusMax": 1000 })),
        ("interval", json!({ "port": 8000, "interval": -5 })),
        ("timeoutMs", json!({ "port": 8000, "timeoutMs": "soon" })),
    ] {
        let (status, body) = agent.post("/api/port-watch", request).await;
        assert_eq!((status, &body["context"]["field"]), (StatusCode::BAD_REQUEST, &json!(field)), "{body}");
    }
    let (status, body) = agent.post("/api/port-watch", json!({ "port": 8000, "processId": "nope" })).await;
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!("PROCESS_NOT_FOUND")));
}
