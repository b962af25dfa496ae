//! Ports and tunnels, from outside.

mod ready;

use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::server::testing::TestAgent;

const PATIENCE: Duration = Duration::from_secs(20);

/// A server in a process of its own, on a free port of 127.0.0.1.
async fn server() -> (Child, u16) {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let script = format!("exec python3 -m http.server {port} --bind 127.0.0.1 >/dev/null 2>&1");
    let child = Command::new("/bin/sh").args(["-c", &script]).kill_on_drop(true).spawn().unwrap();
    (child, port)
}

fn find(event: &Value, port: u16) -> Option<&Value> {
    event["ports"].as_array().unwrap().iter().find(|line| line["port"] == port)
}

#[tokio::test]
async fn a_server_appears_with_its_process_and_disappears() {
    let agent = TestAgent::start().await;
    let mut events = agent.open_events(Method::GET, "/api/ports/watch", Value::Null).await;
    let (mut child, port) = server().await;
    let line = timeout(PATIENCE, async {
        loop {
            let event = events.next().await.unwrap();
            if let Some(line) = find(&event, port) {
                return line.clone();
            }
        }
    });
    let line = line.await.expect("the port is told");
    assert_eq!((&line["address"], &line["pid"]), (&json!("127.0.0.1"), &json!(child.id().unwrap())));
    assert!(line["command"].as_str().unwrap().contains("http.server"), "{line}");
    let (_, body) = agent.get("/api/ports").await;
    assert!(find(&body, port).is_some());
    child.kill().await.unwrap();
    let gone = timeout(PATIENCE, async { while find(&events.next().await.unwrap(), port).is_some() {} });
    gone.await.expect("its end is told");
}

#[tokio::test]
async fn the_agents_own_sockets_are_not_told() {
    let agent = TestAgent::start().await;
    let own = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (_, body) = agent.get("/api/ports").await;
    assert_eq!(find(&body, own.local_addr().unwrap().port()), None);
}

async fn tunnel(agent: &TestAgent, port: &str) -> http::Response<hyper::body::Incoming> {
    let request = Request::builder().uri(format!("/api/tunnel/{port}")).header("host", "agent");
    let request = request.header("connection", "Upgrade").header("upgrade", "tcp");
    agent.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_tunnel_carries_bytes_both_ways_and_half_a_close() {
    let agent = TestAgent::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let echo = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut all = Vec::new();
        // Answers only once the other side has ended its half.
        stream.read_to_end(&mut all).await.unwrap();
        stream.write_all(&all).await.unwrap();
    });
    let response = tunnel(&agent, &port).await;
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    let mut stream = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    let sent: Vec<u8> = (0..1_000_000u32).map(|n| n as u8).collect();
    stream.write_all(&sent).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut received = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut received)).await.expect("an answer").unwrap();
    assert!(received == sent, "the same bytes come back");
    echo.await.unwrap();
}

#[tokio::test]
async fn a_tunnel_to_nothing_or_to_no_port_is_refused() {
    let agent = TestAgent::start().await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert_eq!(tunnel(&agent, &free.to_string()).await.status(), StatusCode::BAD_GATEWAY);
    for bad in ["0", "70000", "-1", "x"] {
        assert_eq!(tunnel(&agent, bad).await.status(), StatusCode::BAD_REQUEST, "{bad}");
    }
    let (status, body) = agent.get(&format!("/api/tunnel/{free}")).await;
    assert_eq!((status, &body["context"]["field"]), (StatusCode::BAD_REQUEST, &json!("upgrade")));
}

#[tokio::test]
async fn many_tunnels_are_carried_at_once_and_one_too_many_is_told() {
    let agent = TestAgent::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let echo = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let (mut read, mut write) = stream.split();
                tokio::io::copy(&mut read, &mut write).await.unwrap();
            });
        }
    });
    let mut streams = Vec::new();
    for _ in 0..100 {
        let response = tunnel(&agent, &port).await;
        streams.push(TokioIo::new(hyper::upgrade::on(response).await.unwrap()));
    }
    for (number, stream) in streams.iter_mut().enumerate() {
        stream.write_all(number.to_string().as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    }
    for (number, mut stream) in streams.into_iter().enumerate() {
        let mut text = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut text)).await.expect("an answer").unwrap();
        assert_eq!(text, number.to_string());
    }
    let places = agent.agent.tunnels.available_permits();
    let taken = agent.agent.tunnels.clone().try_acquire_many_owned(places as u32).unwrap();
    assert_eq!(tunnel(&agent, &port).await.status(), StatusCode::CONFLICT);
    drop(taken);
    assert_eq!(tunnel(&agent, &port).await.status(), StatusCode::SWITCHING_PROTOCOLS);
    echo.abort();
}

#[tokio::test]
async fn a_reader_that_does_not_read_stops_its_own_sender_only() {
    let agent = TestAgent::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let slow = tunnel(&agent, &port).await;
    let (mut sender, _) = listener.accept().await.unwrap();
    // Whatever buffers there are, they end.
    let flood = tokio::spawn(async move { sender.write_all(&vec![1; 64 << 20]).await });
    let quick = tunnel(&agent, &port).await;
    let (mut other, _) = listener.accept().await.unwrap();
    other.write_all(b"hi").await.unwrap();
    let mut quick = TokioIo::new(hyper::upgrade::on(quick).await.unwrap());
    let mut text = [0; 2];
    timeout(PATIENCE, quick.read_exact(&mut text)).await.expect("not held up").unwrap();
    assert!(&text == b"hi" && !flood.is_finished());
    drop(slow);
    let broken = timeout(PATIENCE, flood).await.expect("the sender is told").unwrap();
    assert!(broken.is_err());
}
