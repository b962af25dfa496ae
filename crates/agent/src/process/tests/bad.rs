//! Requests that cannot be: each gets a 4xx that names what is wrong.

use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::server::testing::TestAgent;

#[tokio::test]
async fn a_start_that_cannot_be_names_its_field() {
    let agent = TestAgent::start().await;
    let big = "x".repeat(5000);
    let with = |field: &str, value: Value| json!({ "command": "true", field: value });
    let mut bad = vec![
        ("command", json!({})),
        ("command", json!({ "command": " " })),
        ("command", json!({ "command": "a\0b" })),
        ("command", json!({ "command": 7 })),
        ("command", json!({ "command": "x".repeat(128 << 10) })),
        ("env", with("env", json!({ "A": "a\0b" }))),
        ("env", with("env", json!({ "not a name": "x" }))),
        ("env", with("env", json!({ "A": "x".repeat(4 << 20) }))),
        ("env.A", with("env", json!({ "A": 1 }))),
        ("cwd", with("cwd", json!("/no/such/folder"))),
        ("cwd", with("cwd", json!("a\0b"))),
        ("cwd", with("cwd", json!(big))),
        ("timeoutMs", with("timeoutMs", json!(-1))),
        ("timeoutMs", with("timeoutMs", json!("soon"))),
        ("encoding", with("encoding", json!("latin1"))),
        ("autoCleanup", with("autoCleanup", json!("yes"))),
        ("stdin", with("stdin", json!("text"))),
        ("sessionId", with("sessionId", json!(""))),
        ("sessionId", with("sessionId", json!("a\0b"))),
        ("sessionId", with("sessionId", json!(big))),
        ("origin", with("origin", json!("nobody"))),
        ("nonsense", with("nonsense", json!(true))),
    ];
    for id in ["", ".", "..", "a/b", "a\0b", "a?b", "list", "kill-all", &big] {
        bad.push(("processId", with("processId", json!(id))));
    }
    for (field, body) in bad {
        let (status, answer) = agent.post("/api/process/start", body).await;
        assert_eq!(
            (status, &answer["context"]["field"]),
            (StatusCode::BAD_REQUEST, &json!(field)),
            "{answer}"
        );
    }
    let (_, list) = agent.get("/api/process/list").await;
    assert_eq!(list["processes"], json!([]), "nothing was started");
}

#[tokio::test]
async fn unknown_ids_are_not_found_whatever_they_are() {
    let agent = TestAgent::start().await;
    let long = "x".repeat(5000);
    for id in ["nope", "%00", "..%2f..%2fetc", "%ff", &long] {
        for (method, end) in [
            (Method::GET, ""),
            (Method::DELETE, ""),
            (Method::GET, "/logs"),
            (Method::GET, "/stream"),
            (Method::GET, "/wait"),
            (Method::POST, "/stdin"),
        ] {
            let (status, body) = agent.call(method, &format!("/api/process/{id}{end}"), Value::Null).await;
            let expected = if id == "%ff" { "VALIDATION_FAILED" } else { "PROCESS_NOT_FOUND" };
            assert_eq!(body["code"], expected, "{id:.9}{end}: {status}");
        }
    }
}

#[tokio::test]
async fn queries_and_bodies_that_do_not_fit_name_their_field() {
    let agent = TestAgent::start().await;
    let running = json!({ "command": "sleep 79", "processId": "p", "stdin": true });
    assert_eq!(agent.post("/api/process/start", running).await.0, StatusCode::OK);
    for (method, path, body, field) in [
        (Method::GET, "/api/process/list?status=odd", "", "status"),
        (Method::GET, "/api/process/p/wait?timeoutMs=soon", "", "timeoutMs"),
        (Method::POST, "/api/process/p/stdin?close=perhaps", "", "close"),
        (Method::POST, "/api/process/p/stdin", "{}", "data"),
        (Method::POST, "/api/process/p/stdin", r#"{"data":"%","encoding":"base64"}"#, "data"),
        (Method::POST, "/api/process/p/stdin", r#"{"data":"%","encoding":"rot13"}"#, "encoding"),
        (Method::POST, "/api/process/start", "{\"command\"", "body"),
        (Method::DELETE, "/api/process/p?signal=", "", "signal"),
        (Method::DELETE, "/api/process/p?signal=0", "", "signal"),
        (Method::DELETE, "/api/process/p", r#"{"signal":-9}"#, "signal"),
        (Method::DELETE, "/api/process/p", r#"{"signal":{}}"#, "signal"),
        (Method::DELETE, "/api/process/p", "[", "body"),
    ] {
        let request = Request::builder().method(method).uri(path).header("host", "agent");
        let request = request.header("content-type", "application/json").body(body.into()).unwrap();
        let answer = agent.send(request).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{path} {body}");
        let text = answer.into_body().collect().await.unwrap().to_bytes();
        let error: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(error["context"]["field"], field, "{path} {body}");
    }
    assert_eq!(agent.get("/api/process/p").await.1["process"]["status"], "running");
    agent.delete("/api/process/p?signal=KILL").await;
}
