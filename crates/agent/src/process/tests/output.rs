//! What a process writes, as its followers are told: cursors, order, bounds, encodings.

use std::sync::Arc;

use futures::StreamExt;
use http::{Method, StatusCode};
use sandpit_api::process::ProcessEvent;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{PATIENCE, events, start};
use crate::{
    exec::{Source, Text},
    process::{
        follow::Follower,
        live::Process,
        query::{Flag, StreamQuery},
    },
    server::testing::TestAgent,
};

/// The output in `told`, stream by stream in the order told.
fn output(told: &[Value]) -> Vec<(String, String)> {
    let mut runs: Vec<(String, String)> = Vec::new();
    for event in told.iter().filter(|event| event["data"].is_string() && event["type"] != "exit") {
        let (source, data) = (event["type"].as_str().unwrap(), event["data"].as_str().unwrap());
        match runs.last_mut().filter(|(last, _)| last == source) {
            Some((_, text)) => text.push_str(data),
            None => runs.push((source.to_owned(), data.to_owned())),
        }
    }
    runs
}

#[tokio::test]
async fn a_stream_resumes_at_any_cursor_without_losing_or_repeating_a_byte() {
    let agent = TestAgent::start().await;
    let command = "for n in {1..40}; do printf \"grün $n €\\n\"; printf \"é$n\" >&2; done";
    let id = start(&agent, json!({ "command": command })).await;
    let all = events(&agent, &id).await;
    let whole = output(&all);
    assert!(whole.len() > 1 && !whole.iter().any(|(_, text)| text.contains('\u{fffd}')), "{whole:?}");
    for (seen, event) in all.iter().enumerate() {
        let path = format!("/api/process/{id}/stream?since={}", event["cursor"]);
        let rest = timeout(PATIENCE, agent.events(Method::GET, &path, Value::Null)).await.unwrap();
        let both = [&all[..=seen], &rest[..]].concat();
        assert_eq!(output(&both), whole, "from {event}");
        assert_eq!(rest.last().unwrap()["type"], "exit");
    }
}

#[tokio::test]
async fn only_what_is_there_or_only_what_comes_is_told_on_request() {
    let agent = TestAgent::start().await;
    let command = "echo old; echo ready; while [ ! -e go ]; do sleep 0.01; done; echo new";
    let id = start(&agent, json!({ "command": command })).await;
    let path = format!("/api/process/{id}/stream");
    let mut all = agent.open_events(Method::GET, &path, Value::Null).await;
    while timeout(PATIENCE, all.next()).await.unwrap().unwrap()["cursor"] != 10 {}
    let now = format!("{path}?follow=0");
    let told = timeout(PATIENCE, agent.events(Method::GET, &now, Value::Null)).await.unwrap();
    assert_eq!(told.last().unwrap()["cursor"], 10);
    assert!(!told.iter().any(|event| event["type"] == "exit"), "it runs: {told:?}");
    let later = format!("{path}?replay=false");
    let mut later = agent.open_events(Method::GET, &later, Value::Null).await;
    assert_eq!(later.next().await.unwrap()["cursor"], 10);
    std::fs::write(agent.path("go"), "").unwrap();
    assert_eq!(timeout(PATIENCE, later.next()).await.unwrap().unwrap()["data"], "new\n");
    let (_, logs) = agent.get(&format!("/api/process/{id}/logs?since=4")).await;
    assert!(logs["stdout"].as_str().unwrap().starts_with("ready\n"), "{logs}");
    for bad in ["since=99", "since=-1", "replay=0&since=1", "replay=0&follow=0", "follow=maybe", "encoding=x"]
    {
        let (status, body) = agent.get(&format!("{path}?{bad}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}");
        assert!(bad.contains(body["context"]["field"].as_str().unwrap()), "{bad}: {body}");
    }
}

#[tokio::test]
async fn output_that_is_no_text_is_exact_as_base64() {
    let agent = TestAgent::start().await;
    let command = r"printf 'a\0\xff\xe2\x82'";
    let id = start(&agent, json!({ "command": command, "encoding": "base64" })).await;
    let told = events(&agent, &id).await;
    assert_eq!(output(&told), [("stdout".to_owned(), "YQD/4oI=".to_owned())]);
    let (_, logs) = agent.get(&format!("/api/process/{id}/logs")).await;
    assert_eq!(logs["stdout"], "YQD/4oI=");
    let (_, logs) = agent.get(&format!("/api/process/{id}/logs?encoding=utf-8")).await;
    assert_eq!(logs["stdout"], "a\0\u{fffd}\u{fffd}");
}

#[tokio::test]
async fn a_long_log_is_bounded_and_says_so() {
    let agent = TestAgent::start().await;
    let id = start(&agent, json!({ "command": "head -c 5000000 /dev/zero | tr '\\0' x; printf end" })).await;
    events(&agent, &id).await;
    let told = events(&agent, &id).await;
    assert_eq!((&told[1]["type"], &told[1]["cursor"]), (&json!("truncated"), &json!(5_000_003 - (2 << 20))));
    let [(_, text)] = &output(&told)[..] else { panic!("one stream") };
    assert!(text.len() == 2 << 20 && text.ends_with("xend"), "{}", text.len());
    let (_, logs) = agent.get(&format!("/api/process/{id}/logs")).await;
    assert_eq!((&logs["truncated"], &logs["cursor"]), (&json!(true), &json!(5_000_003)));
}

#[tokio::test]
async fn a_reader_that_does_not_read_holds_up_nobody_and_is_told_what_it_missed() {
    let agent = TestAgent::start().await;
    let command = "head -c 50000000 /dev/zero | tr '\\0' x; printf end";
    let id = start(&agent, json!({ "command": command })).await;
    let path = format!("/api/process/{id}/stream");
    let mut slow = agent.open_events(Method::GET, &path, Value::Null).await;
    slow.next().await.unwrap();
    timeout(PATIENCE, agent.get(&format!("/api/process/{id}/wait"))).await.expect("the process goes on");
    let (mut cursor, mut missed) = (0, false);
    while let Some(event) = timeout(PATIENCE, slow.next()).await.unwrap() {
        let told = event["cursor"].as_u64().unwrap();
        if event["type"] == "truncated" {
            missed = true;
        } else if event["type"] == "stdout" {
            assert_eq!(told - cursor, event["data"].as_str().unwrap().len() as u64);
        }
        cursor = told;
    }
    assert!(missed && cursor == 50_000_003, "{cursor}");
}

fn unstarted(pushes: &[(Source, &[u8])]) -> Arc<Process> {
    let process = Process::new("p".into(), "x".into(), None, Text::default());
    pushes.iter().for_each(|(source, bytes)| process.log.push(*source, bytes));
    process
}

async fn told(process: &Arc<Process>) -> Vec<ProcessEvent> {
    let query = StreamQuery { follow: Some(Flag::No), ..StreamQuery::default() };
    let follower = Follower::new(process.clone(), &query).unwrap();
    follower.events().skip(1).collect().await
}

#[tokio::test]
async fn a_character_that_has_begun_is_told_when_it_is_whole_or_cannot_become_so() {
    let process = unstarted(&[(Source::Stdout, b"a\xe2\x82")]);
    let [ProcessEvent::Stdout { data, cursor: 1, .. }] = &told(&process).await[..] else { panic!("a") };
    assert_eq!(data, "a");
    process.log.push(Source::Stdout, b"\xacb");
    let [ProcessEvent::Stdout { data, .. }] = &told(&process).await[..] else { panic!("all") };
    assert_eq!(data, "a€b");
    let broken = unstarted(&[(Source::Stdout, b"\xe2"), (Source::Stderr, b"oh")]);
    let [ProcessEvent::Stdout { data, .. }, ProcessEvent::Stderr { .. }] = &told(&broken).await[..] else {
        panic!("both")
    };
    assert_eq!(data, "\u{fffd}");
}

#[tokio::test]
async fn what_is_left_of_a_character_after_a_gap_is_skipped() {
    let process = unstarted(&[(Source::Stdout, "€".repeat(1 << 20).as_bytes())]);
    let told = told(&process).await;
    let ProcessEvent::Truncated { cursor, .. } = &told[0] else { panic!("a gap is told") };
    assert_eq!(cursor % 3, 0);
    for event in &told[1..] {
        let ProcessEvent::Stdout { data, .. } = event else { panic!("{event:?}") };
        assert!(data.chars().all(|c| c == '€'));
    }
}
