//! Ports: listening and exposed, their tokens, and what is refused.

use http::{Method, StatusCode};
use sandpit_api::{event::EventKind, port::PortStatus};
use serde_json::{Value, json};

use crate::common::{eventually, world};

const PORTS: &str = "/v1/sandboxes/demo/ports";

#[tokio::test]
async fn what_listens_is_told_and_listed_and_gone_when_the_sandbox_stops() {
    let world = world().await;
    world.demo().await;
    let mut events = world.events().await;
    world.agent.listens("demo", &[8000, 9000]);
    let event = events.until(|event| matches!(event.kind, EventKind::Ports { .. })).await;
    let EventKind::Ports { sandbox_id, listening } = event.kind else { panic!("ports") };
    assert_eq!((sandbox_id.as_str(), listening.len()), ("demo", 2));
    assert_eq!(world.get(PORTS).await["listening"][0]["port"], 8000);
    world.post("/v1/sandboxes/demo/stop", Value::Null).await;
    eventually(async || world.get(PORTS).await["listening"] == json!([])).await;
}

#[tokio::test]
async fn an_exposed_port_has_a_url_that_stays_and_a_status_that_follows() {
    let world = world().await;
    world.demo().await;
    let (status, exposed) = world.call(Method::POST, PORTS, json!({ "port": 8000, "name": "web" })).await;
    assert_eq!((status, &exposed["status"]), (StatusCode::CREATED, &json!("inactive")));
    let mut events = world.events().await;
    world.agent.listens("demo", &[8000]);
    events
        .until(|event| match &event.kind {
            EventKind::Sandbox { sandbox } => sandbox.ports[0].status == PortStatus::Active,
            _ => false,
        })
        .await;
    let again = world.post(PORTS, json!({ "port": 8000 })).await;
    assert_eq!(again["url"], exposed["url"]);
    assert_eq!(world.get("/v1/sandboxes/demo").await["ports"], json!([again]));
    world.post("/v1/sandboxes/demo/restart", Value::Null).await;
    assert_eq!(world.get(PORTS).await["exposed"][0]["url"], exposed["url"]);
}

#[tokio::test]
async fn urls_survive_the_gateway_and_end_with_the_sandbox() {
    let world = world().await;
    world.demo().await;
    let exposed = world.post(PORTS, json!({ "port": 8000 })).await;
    world.gateway.close();
    let proxy = world.gateway.preview_address();
    eventually(async || tokio::net::TcpListener::bind(proxy).await.is_ok()).await;
    let world = world.again().await;
    assert_eq!(world.get(PORTS).await["exposed"][0]["url"], exposed["url"]);
    world.call(Method::DELETE, "/v1/sandboxes/demo", Value::Null).await;
    world.demo().await;
    assert_eq!(world.get(PORTS).await["exposed"], json!([]));
}

#[tokio::test]
async fn unexposing_ends_the_url_and_needs_an_exposed_port() {
    let world = world().await;
    world.demo().await;
    let first = world.post(PORTS, json!({ "port": 8000 })).await;
    let one = format!("{PORTS}/8000");
    let (status, _) = world.call(Method::DELETE, &one, Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(world.fails(Method::DELETE, &one, Value::Null).await, (404, "PORT_NOT_EXPOSED".to_owned()));
    let second = world.post(PORTS, json!({ "port": 8000 })).await;
    assert_ne!(first["url"], second["url"]);
}

#[tokio::test]
async fn ports_that_cannot_be_exposed_are_refused() {
    let world = world().await;
    world.demo().await;
    for port in [0, 22, 1023, 65536, 70000, -1] {
        let refused = world.fails(Method::POST, PORTS, json!({ "port": port })).await;
        assert_eq!(refused, (400, "INVALID_PORT".to_owned()), "{port}");
    }
    for body in [json!({}), json!({ "port": "8000" }), json!({ "port": 8000, "host": "x" })] {
        let refused = world.fails(Method::POST, PORTS, body.clone()).await;
        assert_eq!(refused, (400, "VALIDATION_FAILED".to_owned()), "{body}");
    }
    for port in ["x", "70000", "-1"] {
        let refused = world.fails(Method::DELETE, &format!("{PORTS}/{port}"), Value::Null).await;
        assert_eq!(refused, (400, "INVALID_PORT".to_owned()), "{port}");
    }
}
