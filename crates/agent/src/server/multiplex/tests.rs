//! Many requests on one socket: answers, streams, cancelling, bad frames, slow readers.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::UnixStream;
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use crate::server::testing::{TestAgent, pid_in};

struct Client(WebSocketStream<UnixStream>);

impl Client {
    async fn of(agent: &TestAgent) -> Self {
        Self(agent.socket("/ws").await)
    }

    async fn send(&mut self, frame: Value) {
        self.0.send(Message::Text(frame.to_string().into())).await.unwrap();
    }

    async fn ask(&mut self, id: &str, method: &str, path: &str, body: Value) {
        let frame = json!({ "type": "request", "id": id, "method": method, "path": path, "body": body });
        self.send(frame).await;
    }

    async fn next(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.0.next().await.unwrap().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// The events of the stream `id` and its last frame; other frames are an error.
    async fn events(&mut self, id: &str) -> (Vec<Value>, Value) {
        let mut events = Vec::new();
        loop {
            let frame = self.next().await;
            assert_eq!(frame["id"], id);
            match frame["type"].as_str() {
                Some("stream") => events.push(serde_json::from_str(frame["data"].as_str().unwrap()).unwrap()),
                _ => return (events, frame),
            }
        }
    }
}

async fn until_gone(pid: i32) {
    while std::path::Path::new(&format!("/proc/{pid}/exe")).read_link().is_ok() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_request_is_answered_as_over_http_also_when_it_fails() {
    let agent = TestAgent::start().await;
    for path in ["/ws", "/api/ws"] {
        let mut client = Client(agent.socket(path).await);
        client.ask("1", "POST", "/api/execute", json!({ "command": "echo hi; exit 3" })).await;
        let frame = client.next().await;
        assert_eq!(
            (&frame["type"], &frame["status"], &frame["done"]),
            (&json!("response"), &json!(410), &json!(true))
        );
        assert_eq!(frame["body"]["code"], "SESSION_TERMINATED");
        client.ask("2", "POST", "/api/write", json!({ "path": "f", "content": "x" })).await;
        assert_eq!(client.next().await["body"]["success"], true);
        client.ask("3", "GET", "/api/files/raw?path=f", Value::Null).await;
        assert_eq!(client.next().await["body"], "x");
        client.ask("4", "GET", "/api/nothing", Value::Null).await;
        assert_eq!(client.next().await["body"]["code"], "ROUTE_NOT_FOUND");
    }
}

#[tokio::test]
async fn events_are_stream_frames_and_then_one_response() {
    let agent = TestAgent::start().await;
    let mut client = Client::of(&agent).await;
    client.ask("s", "POST", "/api/execute/stream", json!({ "command": "printf 'a\\nb'" })).await;
    let (events, last) = client.events("s").await;
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], *kinds.last().unwrap()), ("start", "complete"));
    let text: String = events.iter().filter_map(|event| event["data"].as_str()).collect();
    assert_eq!(text, "a\nb");
    assert_eq!(last, json!({ "type": "response", "id": "s", "status": 200, "done": true }));
}

#[tokio::test]
async fn many_requests_run_at_the_same_time_on_one_socket() {
    let agent = TestAgent::start().await;
    let mut client = Client::of(&agent).await;
    // Each waits for the file of the one after it, so that none ends unless all run.
    for n in 0..20 {
        let (own, next) = (agent.path(&n.to_string()), agent.path(&((n + 1) % 20).to_string()));
        let command = format!(
            "touch {}; until [ -e {} ]; do sleep 0.01; done; echo {n}",
            own.display(),
            next.display()
        );
        let body = json!({ "command": command, "sessionId": format!("s{n}") });
        client.ask(&n.to_string(), "POST", "/api/execute", body).await;
    }
    for _ in 0..20 {
        let frame = client.next().await;
        assert_eq!(frame["body"]["stdout"], format!("{}\n", frame["id"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn cancelling_stops_the_command_and_frees_its_id() {
    let agent = TestAgent::start().await;
    let mut client = Client::of(&agent).await;
    let file = agent.path("pid");
    let command = format!("(echo $BASHPID > {}; exec sleep 600)", file.display());
    client.ask("x", "POST", "/api/execute", json!({ "command": command })).await;
    let pid = pid_in(file).await;
    client.send(json!({ "type": "cancel", "id": "x" })).await;
    client.ask("x", "POST", "/api/execute", json!({ "command": "echo again" })).await;
    assert_eq!(client.next().await["body"]["stdout"], "again\n");
    until_gone(pid).await;
}

#[tokio::test]
async fn closing_the_socket_stops_what_it_started() {
    let agent = TestAgent::start().await;
    let mut client = Client::of(&agent).await;
    let file = agent.path("pid");
    let command = format!("(echo $BASHPID > {}; exec sleep 600)", file.display());
    client.ask("x", "POST", "/api/execute/stream", json!({ "command": command })).await;
    let pid = pid_in(file).await;
    drop(client);
    until_gone(pid).await;
}

#[tokio::test]
async fn what_is_no_request_is_told_and_the_socket_goes_on() {
    let agent = TestAgent::start().await;
    let mut client = Client::of(&agent).await;
    for (sent, code, id) in [
        ("{", "PARSE_ERROR", Value::Null),
        ("[]", "INVALID_REQUEST", Value::Null),
        (r#"{"type":"dance","id":"a"}"#, "INVALID_REQUEST", json!("a")),
        (r#"{"type":"request"}"#, "INVALID_REQUEST", Value::Null),
        (r#"{"type":"request","id":"a","method":"GET"}"#, "INVALID_REQUEST", json!("a")),
        (r#"{"type":"request","id":"a","method":"GET","path":"api"}"#, "INVALID_REQUEST", json!("a")),
        (r#"{"type":"request","id":"a","method":"G T","path":"/api"}"#, "INVALID_REQUEST", json!("a")),
        (
            r#"{"type":"request","id":"a","method":"GET","path":"/","headers":{"a b":""}}"#,
            "INVALID_REQUEST",
            json!("a"),
        ),
    ] {
        client.0.send(Message::Text(sent.into())).await.unwrap();
        let frame = client.next().await;
        assert_eq!((&frame["type"], &frame["code"]), (&json!("error"), &json!(code)), "{sent}");
        assert_eq!((&frame["id"], &frame["status"]), (&id, &json!(400)), "{sent}");
    }
    client.0.send(Message::Binary(vec![0, 1].into())).await.unwrap();
    assert_eq!(client.next().await["code"], "PARSE_ERROR");
    client.send(json!({ "type": "cancel", "id": "nobody" })).await;
    client.ask("b", "GET", "/api/ping", Value::Null).await;
    assert_eq!(client.next().await["body"]["status"], "healthy");
}

#[tokio::test]
async fn an_id_in_use_is_refused_and_the_first_request_goes_on() {
    let agent = TestAgent::start().await;
    let mut client = Client::of(&agent).await;
    let command =
        json!({ "command": format!("until [ -e {} ]; do sleep 0.01; done", agent.path("go").display()) });
    client.ask("x", "POST", "/api/execute", command).await;
    client.ask("x", "GET", "/api/ping", Value::Null).await;
    assert_eq!(client.next().await["code"], "INVALID_REQUEST");
    std::fs::write(agent.path("go"), "").unwrap();
    assert_eq!(client.next().await["body"]["exitCode"], 0);
}

#[tokio::test]
async fn bytes_and_upgrades_are_refused_with_a_code() {
    let agent = TestAgent::start().await;
    let mut client = Client::of(&agent).await;
    std::fs::write(agent.path("f"), [0, 159, 146, 150]).unwrap();
    client.ask("1", "GET", "/api/files/raw?path=f", Value::Null).await;
    let frame = client.next().await;
    assert_eq!((&frame["status"], &frame["body"]["code"]), (&json!(501), &json!("NOT_SUPPORTED")));
    let headers = json!({ "connection": "upgrade", "upgrade": "websocket", "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" });
    client
        .send(json!({ "type": "request", "id": "2", "method": "GET", "path": "/ws", "headers": headers }))
        .await;
    let frame = client.next().await;
    assert_eq!((&frame["status"], &frame["body"]["context"]["field"]), (&json!(400), &json!("upgrade")));
}

#[tokio::test]
async fn a_client_that_reads_late_gets_every_byte_of_every_stream() {
    let agent = TestAgent::start().await;
    let mut client = Client::of(&agent).await;
    const LINES: usize = 60_000;
    for id in ["a", "b", "c"] {
        let body = json!({ "command": format!("seq -f '{id}%07.0f' {LINES}"), "sessionId": id });
        client.ask(id, "POST", "/api/execute/stream", body).await;
    }
    let mut text = std::collections::HashMap::<String, String>::new();
    let mut open = 3;
    while open > 0 {
        let frame = client.next().await;
        if frame["type"] == "response" {
            open -= 1;
            continue;
        }
        let event: Value = serde_json::from_str(frame["data"].as_str().unwrap()).unwrap();
        if let Some(data) = event["data"].as_str() {
            text.entry(frame["id"].as_str().unwrap().to_owned()).or_default().push_str(data);
        }
    }
    for id in ["a", "b", "c"] {
        let expected: String = (1..=LINES).map(|n| format!("{id}{n:07}\n")).collect();
        assert!(text[id] == expected, "every line of {id}, in order");
    }
}
