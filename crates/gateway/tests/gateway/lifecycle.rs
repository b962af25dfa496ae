//! The life of a sandbox through the routes: made, read, changed, ended, and refused.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::common::{text, world};

#[tokio::test]
async fn an_empty_body_makes_a_running_sandbox_and_its_name_is_its_id() {
    let world = world().await;
    let (status, record) = world.call(Method::POST, "/v1/sandboxes", Value::Null).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(record["state"], "running");
    assert_eq!(record["name"], record["id"]);
    assert_eq!(record["engine"], "fake");
    assert_eq!(record["ports"], json!([]));
    let list = world.get("/v1/sandboxes").await;
    assert_eq!(list["sandboxes"], json!([record]));
}

#[tokio::test]
async fn the_same_id_twice_is_a_conflict_also_when_both_come_at_once() {
    let world = world().await;
    let body = json!({ "id": "demo" });
    let (one, two) = tokio::join!(
        world.call(Method::POST, "/v1/sandboxes", body.clone()),
        world.call(Method::POST, "/v1/sandboxes", body.clone()),
    );
    let mut statuses = [one.0.as_u16(), two.0.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let again = world.fails(Method::POST, "/v1/sandboxes", body).await;
    assert_eq!(again, (409, "SANDBOX_ALREADY_EXISTS".to_owned()));
}

#[tokio::test]
async fn a_wrong_body_names_the_field() {
    let world = world().await;
    let wrong = [
        (json!({ "cpu": 2 }), "cpu"),
        (json!({ "id": "Demo" }), "id"),
        (json!({ "limits": { "pids": 0 } }), "limits.pids"),
        (json!({ "sleepAfter": "later" }), "sleepAfter"),
    ];
    for (body, field) in wrong {
        let (status, error) = world.call(Method::POST, "/v1/sandboxes", body).await;
        assert_eq!((status.as_u16(), &error["code"]), (400, &json!("VALIDATION_FAILED")));
        assert_eq!(error["context"]["field"], field);
    }
    world.demo().await;
    let unknown = world.call(Method::PATCH, "/v1/sandboxes/demo", json!({ "image": "other" })).await;
    assert_eq!((unknown.0.as_u16(), &unknown.1["context"]["field"]), (400, &json!("image")));
}

#[tokio::test]
async fn an_unknown_engine_sandbox_or_route_is_not_found_and_a_wrong_method_not_allowed() {
    let world = world().await;
    let code = async |method, path: &str, body| world.fails(method, path, body).await;
    let engine = code(Method::POST, "/v1/sandboxes", json!({ "engine": "none" })).await;
    assert_eq!(engine, (404, "ENGINE_NOT_FOUND".to_owned()));
    let no_sandbox = (404, "SANDBOX_NOT_FOUND".to_owned());
    for path in ["none", "..", "%2e%2e%2fx", "UPPER", &"x".repeat(64)] {
        assert_eq!(
            code(Method::GET, &format!("/v1/sandboxes/{path}"), Value::Null).await,
            no_sandbox,
            "{path}"
        );
    }
    for path in ["start", "stop", "pause", "resume", "restart"] {
        assert_eq!(code(Method::POST, &format!("/v1/sandboxes/none/{path}"), Value::Null).await, no_sandbox);
    }
    for path in ["stats", "ports", "api/ping", "ws/pty"] {
        assert_eq!(
            code(Method::GET, &format!("/v1/sandboxes/none/{path}"), Value::Null).await,
            no_sandbox,
            "{path}"
        );
    }
    assert_eq!(code(Method::DELETE, "/v1/sandboxes/none", Value::Null).await, no_sandbox);
    assert_eq!(code(Method::GET, "/v1/none", Value::Null).await, (404, "ROUTE_NOT_FOUND".to_owned()));
    assert_eq!(code(Method::DELETE, "/v1/health", Value::Null).await, (405, "METHOD_NOT_ALLOWED".to_owned()));
}

#[tokio::test]
async fn requests_that_make_no_sense_get_the_one_error_body_too() {
    let world = world().await;
    world.demo().await;
    for (method, path, body, status) in [
        (Method::GET, "/v1/sandboxes/%ff", "", 404),
        (Method::GET, "/v1/sandboxes/%ff/api/ping", "", 404),
        (Method::GET, "/v1/events?since=%ff", "", 400),
        (Method::GET, "/v1/events?since=1&since=2", "", 400),
        (Method::GET, "/v1/events?since=-1", "", 400),
        (Method::DELETE, "/v1/sandboxes/demo/ports/%ff", "", 400),
        (Method::POST, "/v1/sandboxes", "{\"id\":", 400),
        (Method::POST, "/v1/sandboxes", "\u{0}", 400),
        (Method::POST, "/v1/sandboxes", "[1]", 400),
        (Method::POST, "/v1/sandboxes", "[]", 400),
        (Method::POST, "/v1/sandboxes", "[\"an-id\"]", 400),
        (Method::PATCH, "/v1/sandboxes/demo", "[\"a name\"]", 400),
        (Method::POST, "/v1/sandboxes", "{\"id\":\"a\",\"id\":\"b\"}", 400),
        (Method::PATCH, "/v1/sandboxes/demo", "\"name\"", 400),
        (Method::GET, "/", "", 404),
        (Method::GET, "/v1/sandboxes/demo/", "", 404),
    ] {
        let request = http::Request::builder().method(method).uri(path).body(body.into()).expect("a request");
        let answer = world.send(request).await;
        assert_eq!(answer.status(), status, "{path}");
        let error = text(answer).await;
        let error: sandpit_api::ApiError =
            serde_json::from_str(&error).unwrap_or_else(|_| panic!("{path}: {error}"));
        assert_eq!(error.http_status, status, "{path}");
    }
    // The agent decides about its own paths.
    let odd = world.call(Method::GET, "/v1/sandboxes/demo/api/seen/%ff", Value::Null).await;
    assert_eq!(odd.0, StatusCode::NOT_FOUND);
    let big = json!({ "name": "x".repeat(2 << 20) });
    assert_eq!(world.fails(Method::POST, "/v1/sandboxes", big).await, (413, "FILE_TOO_LARGE".to_owned()));
}

#[tokio::test]
async fn a_life_from_start_to_end() {
    let world = world().await;
    world.demo().await;
    for (step, state) in [
        ("pause", "paused"),
        ("pause", "paused"),
        ("resume", "running"),
        ("stop", "stopped"),
        ("stop", "stopped"),
        ("start", "running"),
        ("restart", "running"),
    ] {
        let record = world.post(&format!("/v1/sandboxes/demo/{step}"), Value::Null).await;
        assert_eq!(record["state"], state, "{step}");
    }
    let (status, _) = world.call(Method::DELETE, "/v1/sandboxes/demo", Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(world.get("/v1/sandboxes").await["sandboxes"], json!([]));
    world.demo().await;
}

#[tokio::test]
async fn a_patch_changes_what_it_names() {
    let world = world().await;
    world.demo().await;
    let patch = json!({ "name": "Demo", "labels": { "a": "b" }, "sleepAfter": "2m" });
    let (status, record) = world.call(Method::PATCH, "/v1/sandboxes/demo", patch).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&record["name"], &record["sleepAfter"]), (&json!("Demo"), &json!(120)));
    assert_eq!(world.get("/v1/sandboxes/demo").await, record);
}

#[tokio::test]
async fn health_and_engines_say_what_there_is() {
    let world = world().await;
    assert_eq!(world.get("/v1/health").await["protocol"], 1);
    let engines = world.get("/v1/engines").await;
    assert_eq!(engines["engines"][0]["id"], "fake");
    assert_eq!(engines["engines"][0]["state"], "available");
}

#[tokio::test]
async fn stats_come_from_the_engine_and_need_a_running_sandbox() {
    let world = world().await;
    world.demo().await;
    assert_eq!(world.get("/v1/sandboxes/demo/stats").await["processes"], 1);
    world.post("/v1/sandboxes/demo/stop", Value::Null).await;
    let stopped = world.fails(Method::GET, "/v1/sandboxes/demo/stats", Value::Null).await;
    assert_eq!(stopped, (409, "SANDBOX_NOT_RUNNING".to_owned()));
}

#[tokio::test]
async fn a_gateway_that_is_opened_again_finds_the_sandboxes() {
    let world = world().await;
    world.demo().await;
    world.gateway.close();
    let world = world.again().await;
    assert_eq!(world.get("/v1/sandboxes/demo").await["state"], "running");
    world.get("/v1/sandboxes/demo/api/ping").await;
}
