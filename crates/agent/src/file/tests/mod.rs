//! The file routes, attacked from outside.

mod bad_input;
mod odd;

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::testing::TestAgent;

async fn raw(
    agent: &TestAgent,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Body,
) -> (StatusCode, http::HeaderMap, Bytes) {
    let mut request =
        Request::builder().method(method).uri(format!("/api/files/raw?path={path}")).header("host", "agent");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = agent.send(request.body(body).unwrap()).await;
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn a_file_is_written_read_listed_and_deleted() {
    let agent = TestAgent::start().await;
    let (status, body) = agent.post("/api/write", json!({ "path": "d/a.txt", "content": "hello" })).await;
    assert_eq!((status, &body["success"]), (StatusCode::OK, &json!(true)));
    let (_, body) = agent.post("/api/read", json!({ "path": "d/a.txt" })).await;
    assert_eq!((&body["content"], &body["mimeType"]), (&json!("hello"), &json!("text/plain")));
    let (_, body) = agent.post("/api/list-files", json!({ "path": "d" })).await;
    assert_eq!((&body["count"], &body["files"][0]["name"]), (&json!(1), &json!("a.txt")));
    let (_, body) = agent.post("/api/exists", json!({ "path": "d/a.txt" })).await;
    assert_eq!(body["exists"], true);
    let (status, _) = agent.post("/api/delete", json!({ "path": "d/a.txt" })).await;
    assert_eq!(status, StatusCode::OK);
    let (_, body) = agent.post("/api/exists", json!({ "path": "d/a.txt" })).await;
    assert_eq!(body["exists"], false);
}

#[tokio::test]
async fn bad_paths_are_refused_by_every_route_with_their_field() {
    let agent = TestAgent::start().await;
    let bodies = [
        ("/api/list-files", "path"),
        ("/api/read", "path"),
        ("/api/read/stream", "path"),
        ("/api/delete", "path"),
        ("/api/mkdir", "path"),
        ("/api/exists", "path"),
        ("/api/stat", "path"),
    ];
    for (route, field) in bodies {
        for bad in ["", "a\0b"] {
            let (status, body) = agent.post(route, json!({ field: bad })).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{route}");
            assert_eq!(body["context"]["field"], field, "{route}");
        }
        let (status, body) = agent.post(route, json!({ field: 7 })).await;
        assert_eq!((status, &body["context"]["field"]), (StatusCode::BAD_REQUEST, &json!(field)), "{route}");
    }
    let (_, body) = agent.post("/api/move", json!({ "sourcePath": "a", "destinationPath": "" })).await;
    assert_eq!(body["context"]["field"], "destinationPath");
    let (_, body) =
        agent.post("/api/write", json!({ "path": "a", "content": "?", "encoding": "base64" })).await;
    assert_eq!(body["context"]["field"], "content");
}

#[tokio::test]
async fn devices_and_pipes_do_not_hang_a_request() {
    let agent = TestAgent::start().await;
    for path in ["/dev/zero", "/dev/tty", "/dev/random"] {
        let (status, body) = agent.post("/api/read", json!({ "path": path })).await;
        assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("VALIDATION_FAILED")), "{path}");
        let (status, _, _) = raw(&agent, Method::GET, path, &[], Body::empty()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let (status, _, _) = raw(&agent, Method::PUT, path, &[], Body::from("x")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn bytes_go_up_and_down_and_in_parts() {
    let agent = TestAgent::start().await;
    let bytes: Vec<u8> = (0..3_000_000u32).map(|n| (n * 7) as u8).collect();
    let (status, headers, body) = raw(&agent, Method::PUT, "x/big.bin", &[], Body::from(bytes.clone())).await;
    assert_eq!(status, StatusCode::OK);
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&body["size"], body["etag"].as_str()), (&json!(bytes.len()), headers["etag"].to_str().ok()));
    let (status, headers, body) = raw(&agent, Method::GET, "x/big.bin", &[], Body::empty()).await;
    assert_eq!((status, headers["content-length"].to_str().unwrap()), (StatusCode::OK, "3000000"));
    assert!(body == bytes, "the same bytes come back");
    let (status, headers, body) =
        raw(&agent, Method::GET, "x/big.bin", &[("range", "bytes=1000-1999")], Body::empty()).await;
    assert_eq!(status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(headers["content-range"], "bytes 1000-1999/3000000");
    assert!(body == bytes[1000..2000], "the part is cut where it was asked for");
    let (status, headers, body) = raw(&agent, Method::HEAD, "x/big.bin", &[], Body::empty()).await;
    assert_eq!(
        (status, headers["content-length"].to_str().unwrap(), body.len()),
        (StatusCode::OK, "3000000", 0)
    );
}

#[tokio::test]
async fn a_version_that_is_gone_is_not_overwritten() {
    let agent = TestAgent::start().await;
    let (_, first, _) = raw(&agent, Method::PUT, "f", &[("if-none-match", "*")], Body::from("one")).await;
    let first = first["etag"].to_str().unwrap().to_owned();
    let (status, _, _) = raw(&agent, Method::GET, "f", &[("if-none-match", &first)], Body::empty()).await;
    assert_eq!(status, StatusCode::NOT_MODIFIED);
    let (status, _, _) = raw(&agent, Method::PUT, "f", &[("if-none-match", "*")], Body::from("two")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let (status, _, _) = raw(&agent, Method::PUT, "f", &[("if-match", &first)], Body::from("two")).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _, body) = raw(&agent, Method::PUT, "f", &[("if-match", &first)], Body::from("three")).await;
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &body["code"]), (StatusCode::CONFLICT, &json!("FILE_CHANGED")));
    assert_eq!(std::fs::read_to_string(agent.path("f")).unwrap(), "two");
}

#[tokio::test]
async fn an_upload_that_is_cut_off_leaves_nothing() {
    let agent = TestAgent::start().await;
    let mut stream = agent.dial().await;
    let head = "PUT /api/files/raw?path=deep/er/f HTTP/1.1\r\nhost: agent\r\ncontent-length: 1000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&[b'x'; 100_000]).await.unwrap();
    while !agent.path("deep/er").exists() {
        tokio::task::yield_now().await;
    }
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    drop(stream);
    let left = || std::fs::read_dir(agent.path("")).unwrap().count();
    for _ in 0..200 {
        if left() == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the upload left something");
}

#[tokio::test]
async fn text_is_streamed_as_the_reference_does() {
    let agent = TestAgent::start().await;
    std::fs::write(agent.path("f.txt"), "a".repeat(70_000)).unwrap();
    let events = agent.events(Method::POST, "/api/read/stream", json!({ "path": "f.txt" })).await;
    assert_eq!(events[0]["type"], "metadata");
    assert_eq!(events[0]["size"], 70_000);
    assert_eq!(events[1]["data"].as_str().unwrap().len(), 65_535);
    assert_eq!(events[3], json!({ "type": "complete", "bytesRead": 70_000 }));
    let (status, body) = agent.post("/api/read/stream", json!({ "path": "none" })).await;
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!("FILE_NOT_FOUND")));
}

#[tokio::test]
async fn what_is_trashed_over_the_wire_comes_back() {
    let agent = TestAgent::start().await;
    std::fs::write(agent.path("f"), "x").unwrap();
    let (status, trashed) = agent.post("/api/trash", json!({ "paths": ["f"] })).await;
    assert_eq!((status, agent.path("f").exists()), (StatusCode::OK, false));
    let (_, list) =
        agent.post("/api/list-files", json!({ "path": ".", "options": { "includeHidden": true } })).await;
    assert_eq!(list["count"], 0, "a trash is not listed");
    let (status, _) = agent.post("/api/trash/restore", json!({ "entries": trashed["entries"] })).await;
    assert_eq!((status, agent.path("f").exists()), (StatusCode::OK, true));
}

#[tokio::test]
async fn a_refusal_is_told_to_a_client_that_sends_everything_first() {
    let agent = TestAgent::start().await;
    std::fs::create_dir(agent.path("d")).unwrap();
    for (method, path) in [("PUT", "/api/files/raw?path=d"), ("POST", "/api/write")] {
        let mut stream = agent.dial().await;
        let length = 70 << 20;
        let head = format!("{method} {path} HTTP/1.1\r\nhost: agent\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b' '; length]).await.expect("the body is taken in");
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        let status = std::str::from_utf8(&answer).unwrap();
        assert!(matches!(status, "HTTP/1.1 400" | "HTTP/1.1 413"), "{status}");
    }
}
