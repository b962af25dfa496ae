//! Viewers whose connection is cut off anywhere, and who come back.

use std::time::Duration;

use futures::StreamExt;
use http::StatusCode;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, copy, split},
    time::timeout,
};
use tokio_tungstenite::tungstenite::Message;

use super::run;
use crate::server::testing::TestAgent;

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// Less than the ring, which is all that is kept while nobody watches.
const LENGTH: usize = 900_000;

/// What a viewer has got so far.
#[derive(Default)]
struct Got {
    bytes: Vec<u8>,
    exit: Option<Value>,
    truncated: bool,
}

/// Watches from where `got` ends, until the connection is cut after `limit` bytes or the exit is told.
async fn watch(agent: &TestAgent, id: &str, limit: u64, got: &mut Got) {
    let (ours, theirs) = tokio::io::duplex(4096);
    let (mut from, mut to) = split(agent.dial().await);
    let (mut out, mut back) = split(theirs);
    let cut = tokio::spawn(async move {
        // Either way fails when the other end has gone, which is the end of this connection.
        tokio::select! {
            _ = copy(&mut out, &mut to) => {}
            _ = async { copy(&mut (&mut from).take(limit), &mut back).await } => {}
        }
    });
    let url = format!("ws://agent/ws/terminal?id={id}&since={}", got.bytes.len());
    // The connection may be cut within the handshake.
    if let Ok((mut socket, _)) = tokio_tungstenite::client_async(url, ours).await {
        while let Some(Ok(message)) = socket.next().await {
            match message {
                Message::Binary(bytes) => got.bytes.extend_from_slice(&bytes),
                Message::Text(text) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    got.truncated |= frame["type"] == "truncated";
                    if frame["type"] == "exit" {
                        got.exit = Some(frame);
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    cut.abort();
}

#[tokio::test]
async fn a_viewer_that_is_cut_off_anywhere_loses_and_repeats_nothing() {
    let agent = TestAgent::start().await;
    let data: String = (0..LENGTH / 10).map(|line| format!("{line:09}\n")).collect();
    std::fs::write(agent.path("data"), &data).unwrap();
    let script = "stty raw; while IFS= read -rN 1009 chunk || [[ $chunk ]]; do printf %s \"$chunk\"; done <data; exit 5";
    let id = run(&agent, script).await;
    let seed = rand::random();
    let mut random = StdRng::seed_from_u64(seed);
    let mut got = Got::default();
    let all = async {
        while got.exit.is_none() {
            // One frame has up to 64 KiB.
            let most = if random.random_bool(0.5) { 2_000 } else { 200_000 };
            watch(&agent, &id, random.random_range(0..most), &mut got).await;
        }
    };
    timeout(PATIENCE, all).await.unwrap_or_else(|_| panic!("seed {seed}: no end"));
    assert!(!got.truncated && got.bytes == data.as_bytes(), "seed {seed}: {} bytes", got.bytes.len());
    assert_eq!(got.exit.unwrap()["exitCode"], 5);
}

#[tokio::test]
async fn a_cursor_beyond_the_end_is_refused() {
    let agent = TestAgent::start().await;
    let id = run(&agent, "printf abc").await;
    let mut got = Got::default();
    timeout(PATIENCE, watch(&agent, &id, u64::MAX, &mut got)).await.unwrap();
    let (status, body) = agent.get(&format!("/ws/terminal?id={id}&since=4")).await;
    assert_eq!((status, &body["context"]["field"]), (StatusCode::BAD_REQUEST, &"since".into()), "{body}");
    assert_eq!(body["context"]["cursor"], 3);
}
