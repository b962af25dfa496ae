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
    for route in ["/api/watch", "/api/watch/check"] {
        for (body, code, field) in [
            (json!({ "path": "none" }), "FILE_NOT_FOUND", Value::Null),
            (json!({ "path": "/tmp" }), "PERMISSION_DENIED", Value::Null),
            (json!({ "path": "a/../.." }), "PERMISSION_DENIED", Value::Null),
            (json!({ "path": "" }), "VALIDATION_FAILED", json!("path")),
            (json!({ "path": "a\0b" }), "VALIDATION_FAILED", json!("path")),
            (json!({ "path": 7 }), "VALIDATION_FAILED", json!("path")),
            (json!({ "path": "p".repeat(5000) }), "NAME_TOO_LONG", json!("path")),
            (
                json!({ "path": ".", "include": ["a"], "exclude": ["b"] }),
                "VALIDATION_FAILED",
                json!("include"),
            ),
            (json!({ "path": ".", "exclude": ["[ab]"] }), "VALIDATION_FAILED", json!("exclude")),
            (json!({ "path": ".", "include": "a" }), "VALIDATION_FAILED", json!("include")),
            (json!({ "path": ".", "recursive": "yes" }), "VALIDATION_FAILED", json!("recursive")),
            (json!({ "path": ".", "events": ["renamed"] }), "VALIDATION_FAILED", json!("events[0]")),
        ] {
            let (status, answer) = agent.post(route, body.clone()).await;
            assert!(status.is_client_error(), "{route} {body}: {answer}");
            assert_eq!(
                (&answer["code"], &answer["context"]["field"]),
                (&json!(code), &field),
                "{route} {body}"
            );
        }
    }
}

#[tokio::test]
async fn only_the_kinds_that_were_asked_for_are_told() {
    let agent = TestAgent::start().await;
    std::fs::write(agent.path("f"), "").unwrap();
    let set_mode = |mode| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(agent.path("f"), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let mut plain = watching(&agent, json!({ "path": "." })).await;
    let mut named = watching(&agent, json!({ "path": ".", "events": ["attrib", "delete"] })).await;
    set_mode(0o600);
    std::fs::write(agent.path("g"), "").unwrap();
    assert_eq!(until(&mut plain, "g").await, ["create g"]);
    std::fs::remove_file(agent.path("g")).unwrap();
    assert_eq!(until(&mut named, "g").await, ["attrib f", "delete g"]);
}

#[tokio::test]
async fn a_folder_that_comes_from_elsewhere_is_told_with_what_it_holds() {
    let agent = TestAgent::start().await;
    std::fs::create_dir_all(agent.path("out/d/e")).unwrap();
    std::fs::write(agent.path("out/d/e/f"), "").unwrap();
    std::fs::create_dir_all(agent.path("in/x")).unwrap();
    let mut events = watching(&agent, json!({ "path": "in" })).await;
    std::fs::rename(agent.path("out/d"), agent.path("in/d")).unwrap();
    assert_eq!(until(&mut events, "f").await, ["create d", "create e", "create f"]);
    std::fs::rename(agent.path("in/d"), agent.path("in/x/d")).unwrap();
    std::fs::write(agent.path("in/x/d/e/last"), "").unwrap();
    assert_eq!(until(&mut events, "last").await, ["move_from d", "move_to d", "create last"]);
}

#[tokio::test]
async fn a_flood_is_told_as_resync_and_folders_made_in_it_are_watched() {
    let agent = TestAgent::start().await;
    let mut events = watching(&agent, json!({ "path": "." })).await;
    for n in 0..20_000 {
        std::fs::File::create(agent.path(&n.to_string())).unwrap();
    }
    std::fs::create_dir(agent.path("late")).unwrap();
    while timeout(PATIENCE, events.next()).await.unwrap().unwrap()["type"] != "resync" {}
    let written = agent.path("late/f");
    // Until the folder is seen, what is made in it is told by looking, so it is made only once.
    std::fs::write(&written, "").unwrap();
    until(&mut events, " f").await;
}

struct Checked {
    agent: TestAgent,
    version: String,
}

impl Checked {
    async fn start() -> Self {
        let agent = TestAgent::start().await;
        let (status, first) = agent.post("/api/watch/check", json!({ "path": "." })).await;
        assert_eq!((status, &first["status"]), (StatusCode::OK, &json!("unchanged")), "{first}");
        let version = first["version"].as_str().unwrap().to_owned();
        Self { agent, version }
    }

    async fn ask(&self, since: &str) -> Value {
        self.agent.post("/api/watch/check", json!({ "path": ".", "since": since })).await.1
    }

    /// What is told since the last answer.
    async fn next(&mut self) -> String {
        let answer = self.ask(&self.version).await;
        self.version = answer["version"].as_str().unwrap().to_owned();
        answer["status"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_change_before_the_question_is_always_in_the_answer() {
    let mut checked = Checked::start().await;
    assert_eq!(checked.next().await, "unchanged");
    for n in 0..50 {
        std::fs::write(checked.agent.path(&n.to_string()), "x").unwrap();
        assert_eq!(checked.next().await, "changed", "{n}");
        assert_eq!(checked.next().await, "unchanged", "{n}");
    }
    std::fs::create_dir_all(checked.agent.path("node_modules/x")).unwrap();
    assert_eq!(checked.next().await, "unchanged");
    for n in 0..20_000 {
        std::fs::File::create(checked.agent.path(&format!("flood{n}"))).unwrap();
    }
    assert_eq!(checked.next().await, "changed");
}

#[tokio::test]
async fn a_version_that_is_not_known_any_more_asks_for_a_resync() {
    let checked = Checked::start().await;
    let other_run = checked.ask("watch-00000000-1:4").await;
    assert_eq!((&other_run["status"], &other_run["reason"]), (&json!("resync"), &json!("restarted")));
    let (_, recursive) =
        checked.agent.post("/api/watch/check", json!({ "path": ".", "recursive": false })).await;
    let other_question = checked.ask(recursive["version"].as_str().unwrap()).await;
    assert_eq!((&other_question["status"], &other_question["reason"]), (&json!("resync"), &json!("expired")));
    assert_eq!(other_question["version"], checked.version.as_str());
    for bad in ["", "nonsense", ":1", "watch-1:x", "watch-1:-1"] {
        let answer = checked.ask(bad).await;
        assert_eq!(
            (&answer["code"], &answer["context"]["field"]),
            (&json!("VALIDATION_FAILED"), &json!("since"))
        );
    }
    let id = checked.version.rsplit_once(':').unwrap().0;
    assert_eq!(checked.ask(&format!("{id}:99")).await["context"]["field"], "since");
}

#[tokio::test]
async fn the_question_asked_least_lately_gives_way_and_a_path_made_anew_is_another_one() {
    let agent = TestAgent::start().await;
    let ask = async |path: &str, since: Option<&str>| {
        agent.post("/api/watch/check", json!({ "path": path, "since": since })).await.1
    };
    let mut versions = Vec::new();
    for n in 0..20 {
        let folder = format!("d{n}");
        std::fs::create_dir(agent.path(&folder)).unwrap();
        let answer = ask(&folder, None).await;
        versions.push(answer["version"].as_str().unwrap().to_owned());
    }
    assert_eq!(ask("d19", Some(&versions[19])).await["status"], "unchanged");
    let oldest = ask("d0", Some(&versions[0])).await;
    assert_eq!((&oldest["status"], &oldest["reason"]), (&json!("resync"), &json!("expired")));
    std::fs::remove_dir(agent.path("d19")).unwrap();
    assert_eq!(ask("d19", Some(&versions[19])).await["code"], "FILE_NOT_FOUND");
    std::fs::create_dir(agent.path("d19")).unwrap();
    assert_eq!(ask("d19", Some(&versions[19])).await["reason"], "expired");
}
