//! Events: what is told, in order, and how a listener catches up.

use http::Method;
use sandpit_api::{event::EventKind, sandbox::SandboxState};
use serde_json::{Value, json};

use crate::common::world;

#[tokio::test]
async fn every_step_is_told_once_and_in_order() {
    let world = world().await;
    let mut events = world.events().await;
    world.demo().await;
    world.post("/v1/sandboxes/demo/stop", Value::Null).await;
    world.call(Method::DELETE, "/v1/sandboxes/demo", Value::Null).await;
    let mut told = Vec::new();
    loop {
        let event = events.next().await;
        match event.kind {
            EventKind::Sandbox { sandbox } => told.push(Some(sandbox.state)),
            EventKind::SandboxDeleted { id } => {
                assert_eq!(id, "demo");
                break;
            }
            _ => {}
        }
    }
    assert_eq!(told, [Some(SandboxState::Running), Some(SandboxState::Stopped)]);
}

#[tokio::test]
async fn a_sandbox_that_dies_by_itself_is_told_with_its_reason() {
    let world = world().await;
    world.demo().await;
    let mut events = world.events().await;
    world.engine.kill_agent("demo");
    let event = events
        .until(|event| matches!(&event.kind, EventKind::Sandbox { sandbox } if sandbox.state == SandboxState::Failed))
        .await;
    let EventKind::Sandbox { sandbox } = event.kind else { panic!("a record") };
    assert_eq!(sandbox.reason.expect("a reason").exit_code, Some(137));
}

#[tokio::test]
async fn a_cursor_resumes_and_a_wrong_one_is_refused() {
    let world = world().await;
    let mut events = world.events().await;
    world.demo().await;
    let first = events.next().await;
    world.post("/v1/sandboxes/demo/stop", Value::Null).await;
    let second = events.next().await;
    let mut resumed = world.events_at(&format!("/v1/events?since={}", first.cursor)).await;
    assert_eq!(resumed.next().await, second);
    let (status, error) = world.call(Method::GET, "/v1/events?since=yesterday", Value::Null).await;
    assert_eq!((status.as_u16(), &error["context"]["field"]), (400, &json!("since")));
}

#[tokio::test]
async fn closing_the_gateway_ends_its_streams() {
    let world = world().await;
    let request = http::Request::get("/v1/events").body(axum::body::Body::empty()).expect("a request");
    let answer = world.send(request).await;
    world.gateway.close();
    let _ = http_body_util::BodyExt::collect(answer.into_body()).await;
}
