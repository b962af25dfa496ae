//! What no route takes: each is refused with the field that is wrong, and nothing has changed.

use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::testing::TestAgent;

/// The routes with a JSON body, a good one for each, and which of its fields are paths.
fn routes() -> Vec<(&'static str, Value, &'static [&'static str])> {
    vec![
        ("/api/list-files", json!({ "path": "d" }), &["path"]),
        ("/api/read", json!({ "path": "f" }), &["path"]),
        ("/api/read/stream", json!({ "path": "f" }), &["path"]),
        ("/api/write", json!({ "path": "f", "content": "new" }), &["path"]),
        ("/api/delete", json!({ "path": "f" }), &["path"]),
        ("/api/mkdir", json!({ "path": "new" }), &["path"]),
        ("/api/exists", json!({ "path": "f" }), &["path"]),
        ("/api/stat", json!({ "path": "f" }), &["path"]),
        ("/api/rename", json!({ "oldPath": "f", "newPath": "g" }), &["oldPath", "newPath"]),
        (
            "/api/move",
            json!({ "sourcePath": "f", "destinationPath": "g" }),
            &["sourcePath", "destinationPath"],
        ),
        (
            "/api/copy",
            json!({ "sourcePath": "f", "destinationPath": "g" }),
            &["sourcePath", "destinationPath"],
        ),
    ]
}

fn with(body: &Value, field: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[field] = value;
    body
}

async fn furnished() -> TestAgent {
    let agent = TestAgent::start().await;
    std::fs::create_dir(agent.path("d")).unwrap();
    std::fs::write(agent.path("f"), "old").unwrap();
    agent
}

fn assert_unchanged(agent: &TestAgent, what: &str) {
    let mut names: Vec<_> =
        std::fs::read_dir(agent.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["d", "f"], "{what}");
    assert_eq!(std::fs::read_to_string(agent.path("f")).unwrap(), "old", "{what}");
}

#[tokio::test]
async fn a_bad_path_is_refused_by_every_route() {
    let agent = furnished().await;
    let long_name = "n".repeat(256);
    let cases = [
        (json!(""), "VALIDATION_FAILED"),
        (json!("a\0b"), "VALIDATION_FAILED"),
        (json!(7), "VALIDATION_FAILED"),
        (json!(null), "VALIDATION_FAILED"),
        (json!(["f"]), "VALIDATION_FAILED"),
        (json!("p".repeat(5000)), "NAME_TOO_LONG"),
        (json!(long_name), "NAME_TOO_LONG"),
    ];
    for (route, good, paths) in routes() {
        for path in paths {
            for (bad, code) in &cases {
                let what =
                    format!("{route} {path}: {}", bad.to_string().chars().take(20).collect::<String>());
                let (status, body) = agent.post(route, with(&good, path, bad.clone())).await;
                assert!(status.is_client_error(), "{what}: {status} {body}");
                assert_eq!(body["code"], *code, "{what}: {body}");
                let told = &body["context"];
                assert!(told["field"] == *path || told["path"].is_string(), "{what}: {body}");
                assert_unchanged(&agent, &what);
            }
            let (status, body) = agent.post(route, with(&good, path, Value::Null)).await;
            assert_eq!(
                (status.as_u16(), &body["context"]["field"]),
                (400, &json!(path)),
                "{route} without {path}"
            );
        }
    }
}

#[tokio::test]
async fn fields_of_another_type_are_refused_by_name() {
    let agent = furnished().await;
    let bodies = [
        ("/api/write", json!({ "path": "f", "content": 7 }), "content"),
        ("/api/write", json!({ "path": "f" }), "content"),
        ("/api/write", json!({ "path": "f", "content": "?", "encoding": "base64" }), "content"),
        ("/api/write", json!({ "path": "f", "content": "YQ\n==", "encoding": "base64" }), "content"),
        ("/api/write", json!({ "path": "f", "content": "", "encoding": "latin1" }), "encoding"),
        ("/api/read", json!({ "path": "f", "encoding": "none" }), "encoding"),
        ("/api/read", json!({ "path": "f", "encoding": 8 }), "encoding"),
        ("/api/read", json!({ "path": "f", "sessionId": 8 }), "sessionId"),
        ("/api/read/stream", json!({ "path": "f", "encoding": "hex" }), "encoding"),
        ("/api/mkdir", json!({ "path": "g", "recursive": "yes" }), "recursive"),
        ("/api/delete", json!({ "path": "f", "recursive": 1 }), "recursive"),
        ("/api/list-files", json!({ "path": ".", "options": { "recursive": "yes" } }), "options.recursive"),
        ("/api/list-files", json!({ "path": ".", "options": 1 }), "options"),
        ("/api/move", json!({ "sourcePath": "f", "destinationPath": "g", "overwrite": "no" }), "overwrite"),
        ("/api/trash", json!({ "paths": "f" }), "paths"),
        ("/api/trash", json!({ "paths": [""] }), "paths"),
        ("/api/trash", json!({ "paths": ["f", 7] }), "paths[1]"),
        ("/api/trash/restore", json!({ "entries": [{ "path": "f" }] }), "entries[0].trashedPath"),
        ("/api/trash/restore", json!({ "entries": [{ "path": "g", "trashedPath": "f" }] }), "entries"),
    ];
    for (route, body, field) in bodies {
        let (status, answer) = agent.post(route, body.clone()).await;
        assert_eq!((status.as_u16(), &answer["code"]), (400, &json!("VALIDATION_FAILED")), "{route} {body}");
        assert_eq!(answer["context"]["field"], field, "{route} {body}: {answer}");
        assert_unchanged(&agent, route);
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_or_not_all_of_it_is_refused() {
    let agent = furnished().await;
    for (route, good, _) in routes() {
        let good = good.to_string();
        for body in ["{", "[]", "7", "\"path\"", &good[..good.len() - 1], &format!("{good}x")] {
            let mut stream = agent.dial().await;
            let head = format!(
                "POST {route} HTTP/1.1\r\nhost: agent\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all([head.as_bytes(), body.as_bytes()].concat().as_slice()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 400"), "{route} {body}: {answer}");
            assert!(answer.contains("\"field\":\"body\""), "{route} {body}: {answer}");
        }
        assert_unchanged(&agent, route);
    }
}

#[tokio::test]
async fn a_query_that_names_no_path_is_refused() {
    let agent = furnished().await;
    for route in ["/api/files/raw", "/api/files/archive"] {
        for method in [Method::GET, Method::PUT] {
            for query in ["", "?path=", "?path=a%00b", "?other=1"] {
                let (status, body) =
                    agent.call(method.clone(), &format!("{route}{query}"), Value::Null).await;
                let field = &body["context"]["field"];
                assert_eq!(
                    (status.as_u16(), field),
                    (400, &json!("path")),
                    "{method} {route}{query}: {body}"
                );
            }
            let long = format!("{route}?path={}", "p".repeat(5000));
            let (status, body) = agent.call(method.clone(), &long, Value::Null).await;
            assert_eq!((status.as_u16(), &body["code"]), (400, &json!("NAME_TOO_LONG")), "{method} {route}");
        }
    }
    assert_unchanged(&agent, "queries");
}

#[tokio::test]
async fn a_range_that_makes_no_sense_is_the_whole_or_none() {
    let agent = furnished().await;
    for (range, status) in [
        ("bytes=0-1", 206),
        ("bytes=-1", 206),
        ("bytes=2-1", 416),
        ("bytes=3-", 416),
        ("bytes=-0", 200),
        ("bytes=99999999999999999999-", 200),
        ("bytes=--1", 200),
        ("bytes=a-b", 200),
        ("lines=0-1", 200),
        ("", 200),
    ] {
        let request =
            http::Request::get("/api/files/raw?path=f").header("host", "agent").header("range", range);
        let answer = agent.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.status().as_u16(), status, "{range}");
    }
}
