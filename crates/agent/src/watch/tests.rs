//! Both watches, from outside.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::UnixStream;
use tokio::time::timeout;
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use crate::server::testing::{Events, TestAgent};

/// Long enough for a busy machine; a test that passes never waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

struct Viewer(WebSocketStream<UnixStream>);

impl Viewer {
    async fn watch(agent: &TestAgent, path: &str) -> Self {
        let mut viewer = Self(agent.socket("/ws/watch").await);
        viewer.send(json!({ "type": "watch", "path": path })).await;
        assert_eq!(viewer.next().await, json!({ "type": "watching", "path": path }));
        viewer
    }

    async fn send(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    async fn next(&mut self) -> Value {
        let message = timeout(PATIENCE, self.0.next()).await.expect("a frame in time").unwrap().unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    }

    /// The next change of the entry called `name`.
    async fn change(&mut self, name: &str) -> Value {
        loop {
            let frame = self.next().await;
            let changes =
                frame["changes"].as_array().unwrap_or_else(|| panic!("changes, not {frame}")).clone();
            let found = changes.into_iter().find(|change| change["path"].as_str().unwrap().ends_with(name));
            if let Some(change) = found {
                return change;
            }
        }
    }
}

#[tokio::test]
async fn a_file_that_comes_changes_and_goes_is_told_with_what_it_is() {
    let agent = TestAgent::start().await;
    let folder = agent.path("").to_str().unwrap().trim_end_matches('/').to_owned();
    let mut viewer = Viewer::watch(&agent, &folder).await;
    std::fs::write(agent.path("a.txt"), "12345").unwrap();
    let change = viewer.change("/a.txt").await;
    assert_eq!(change["path"], format!("{folder}/a.txt"));
    assert_eq!((&change["file"]["size"], &change["file"]["name"]), (&json!(5), &json!("a.txt")));
    std::fs::rename(agent.path("a.txt"), agent.path("b.txt")).unwrap();
    let frame = viewer.next().await;
    assert_eq!(frame["changes"].as_array().unwrap().len(), 2, "a rename is one frame: {frame}");
    std::fs::remove_file(agent.path("b.txt")).unwrap();
    assert_eq!(viewer.change("/b.txt").await.get("file"), None);
}

#[tokio::test]
async fn a_flood_becomes_one_resync_and_what_comes_after_is_told_again() {
    let agent = TestAgent::start().await;
    let mut viewer = Viewer::watch(&agent, ".").await;
    for n in 0..20_000 {
        std::fs::File::create(agent.path(&n.to_string())).unwrap();
    }
    while viewer.next().await["type"] != "resync" {}
    std::fs::write(agent.path("last"), "x").unwrap();
    while !viewer.next().await.to_string().contains("/last") {}
}

#[tokio::test]
async fn an_atomic_write_shows_no_file_in_passing() {
    let agent = TestAgent::start().await;
    std::fs::write(agent.path("f"), "old").unwrap();
    let mut viewer = Viewer::watch(&agent, ".").await;
    agent.post("/api/write", json!({ "path": "f", "content": "new!" })).await;
    let frame = viewer.next().await;
    let changes = frame["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{frame}");
    assert_eq!(changes[0]["file"]["size"], 4);
}

#[tokio::test]
async fn a_folder_that_goes_is_told_and_one_that_is_no_folder_is_refused() {
    let agent = TestAgent::start().await;
    std::fs::create_dir(agent.path("d")).unwrap();
    std::fs::create_dir(agent.path("e")).unwrap();
    std::fs::write(agent.path("f"), "").unwrap();
    let mut viewer = Viewer::watch(&agent, "d").await;
    std::fs::remove_dir(agent.path("d")).unwrap();
    let frame = viewer.next().await;
    assert_eq!((&frame["type"], &frame["code"]), (&json!("unwatched"), &json!("FILE_NOT_FOUND")));
    viewer.send(json!({ "type": "watch", "path": "e" })).await;
    viewer.next().await;
    std::fs::rename(agent.path("e"), agent.path("g")).unwrap();
    assert_eq!(viewer.next().await["path"], "e");
    for (path, code) in [("f", "NOT_DIRECTORY"), ("none", "FILE_NOT_FOUND"), ("", "VALIDATION_FAILED")] {
        viewer.send(json!({ "type": "watch", "path": path })).await;
        assert_eq!(viewer.next().await["code"], code);
    }
}

#[tokio::test]
async fn an_unwatched_folder_is_silent() {
    let agent = TestAgent::start().await;
    std::fs::create_dir(agent.path("d")).unwrap();
    let mut viewer = Viewer::watch(&agent, "d").await;
    viewer.send(json!({ "type": "unwatch", "path": "d" })).await;
    viewer.send(json!({ "type": "watch", "path": "." })).await;
    viewer.next().await;
    std::fs::write(agent.path("d/silent"), "").unwrap();
    std::fs::write(agent.path("told"), "").unwrap();
    let frame = viewer.next().await.to_string();
    assert!(frame.contains("/told") && !frame.contains("/silent"), "{frame}");
}

#[tokio::test]
async fn nonsense_closes_the_socket_with_a_reason() {
    let agent = TestAgent::start().await;
    let mut socket = agent.socket("/ws/watch").await;
    socket.send(Message::text("{}")).await.unwrap();
    let message = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    assert!(matches!(message, Message::Close(Some(frame)) if u16::from(frame.code) == 1003));
}

async fn watching(agent: &TestAgent, body: Value) -> Events {
    let mut events = agent.open_events(Method::POST, "/api/watch", body).await;
    assert_eq!(events.next().await.unwrap()["type"], "watching");
    events
}

/// Reads `type path` lines until one ends in `last`.
async fn until(events: &mut Events, last: &str) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let event = timeout(PATIENCE, events.next()).await.expect("an event in time").unwrap();
        let path = event["path"].as_str().unwrap_or_default();
        let line =
            format!("{} {}", event["eventType"].as_str().unwrap_or("-"), path.rsplit('/').next().unwrap());
        let done = line.ends_with(last);
        lines.push(line);
        if done {
            return lines;
        }
    }
}

#[tokio::test]
async fn folders_below_are_watched_also_those_made_later() {
    let agent = TestAgent::start().await;
    std::fs::create_dir_all(agent.path("a/b")).unwrap();
    let mut events = watching(&agent, json!({ "path": "." })).await;
    std::fs::create_dir_all(agent.path("new/deep/er")).unwrap();
    let lines = until(&mut events, "er").await;
    assert_eq!(lines, ["create new", "create deep", "create er"]);
    std::fs::write(agent.path("new/deep/er/f"), "").unwrap();
    until(&mut events, "create f").await;
    std::fs::write(agent.path("a/b/g"), "").unwrap();
    until(&mut events, "create g").await;
}

#[tokio::test]
async fn a_move_is_a_pair_and_one_across_the_border_is_not() {
    let agent = TestAgent::start().await;
    std::fs::create_dir_all(agent.path("in/d")).unwrap();
    std::fs::create_dir_all(agent.path("out")).unwrap();
    let mut events = watching(&agent, json!({ "path": "in" })).await;
    std::fs::rename(agent.path("in/d"), agent.path("in/e")).unwrap();
    assert_eq!(until(&mut events, "e").await, ["move_from d", "move_to e"]);
    std::fs::write(agent.path("in/e/f"), "").unwrap();
    until(&mut events, "create f").await;
    std::fs::rename(agent.path("in/e/f"), agent.path("out/f")).unwrap();
    assert_eq!(until(&mut events, "delete f").await.last().unwrap(), "delete f");
    std::fs::rename(agent.path("out/f"), agent.path("in/back")).unwrap();
    assert_eq!(until(&mut events, "back").await, ["create back"]);
}

#[tokio::test]
async fn what_is_excluded_is_silent_and_the_end_is_told() {
    let agent = TestAgent::start().await;
    std::fs::create_dir_all(agent.path("d/node_modules")).unwrap();
    let mut events = watching(&agent, json!({ "path": "d" })).await;
    std::fs::write(agent.path("d/node_modules/x"), "").unwrap();
    std::fs::write(agent.path("d/y"), "").unwrap();
    assert_eq!(until(&mut events, "y").await, ["create y"]);
    std::fs::remove_dir_all(agent.path("d")).unwrap();
    loop {
        let event = timeout(PATIENCE, events.next()).await.unwrap().expect("told before the end");
        if event["type"] == "stopped" {
            break;
        }
    }
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_watch_that_cannot_be_is_refused() {
    let agent = TestAgent::start().await;
    let (status, body) = agent.post("/api/watch", json!({ "path": "none" })).await;
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!("FILE_NOT_FOUND")));
    let (status, body) =
        agent.post("/api/watch", json!({ "path": ".", "include": ["a"], "exclude": ["b"] })).await;
    assert_eq!((status, &body["context"]["field"]), (StatusCode::BAD_REQUEST, &json!("include")));
}
