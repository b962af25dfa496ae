//! Background processes over their routes, with a real bash: how they live and end.

mod bad;
mod input;
mod output;

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::server::testing::{TestAgent, pid_in};

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(20);

async fn start(agent: &TestAgent, request: Value) -> String {
    let (status, body) = agent.post("/api/process/start", request).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["processId"].as_str().unwrap().to_owned()
}

async fn events(agent: &TestAgent, id: &str) -> Vec<Value> {
    let path = format!("/api/process/{id}/stream");
    timeout(PATIENCE, agent.events(Method::GET, &path, Value::Null)).await.unwrap()
}

#[tokio::test]
async fn a_process_starts_where_its_session_is_and_its_record_outlives_it() {
    let agent = TestAgent::start().await;
    agent.post("/api/execute", json!({ "command": "cd /usr; export A=1" })).await;
    let id = start(&agent, json!({ "command": "pwd; echo $A >&2; exit 3" })).await;
    let told = events(&agent, &id).await;
    let last = told.last().unwrap();
    assert_eq!(
        (&told[0]["type"], &last["type"], &last["exitCode"]),
        (&json!("process_info"), &json!("exit"), &json!(3))
    );
    let (_, body) = agent.get(&format!("/api/process/{id}")).await;
    assert_eq!((&body["process"]["status"], &body["process"]["exitCode"]), (&json!("failed"), &json!(3)));
    let (_, body) = agent.get(&format!("/api/process/{id}/logs")).await;
    assert_eq!((&body["stdout"], &body["stderr"]), (&json!("/usr\n"), &json!("1\n")));
}

#[tokio::test]
async fn a_follower_is_told_as_it_happens() {
    let agent = TestAgent::start().await;
    let id =
        start(&agent, json!({ "command": "echo one; while [ ! -e go ]; do sleep 0.01; done; printf two" }))
            .await;
    let path = format!("/api/process/{id}/stream");
    let mut events = agent.open_events(Method::GET, &path, Value::Null).await;
    assert_eq!(timeout(PATIENCE, events.next()).await.unwrap().unwrap()["status"], "running");
    assert_eq!(timeout(PATIENCE, events.next()).await.unwrap().unwrap()["data"], "one\n");
    std::fs::write(agent.path("go"), "").unwrap();
    assert_eq!(timeout(PATIENCE, events.next()).await.unwrap().unwrap()["data"], "two");
    assert_eq!(timeout(PATIENCE, events.next()).await.unwrap().unwrap()["exitCode"], 0);
}

#[tokio::test]
async fn a_kill_takes_every_descendant() {
    let agent = TestAgent::start().await;
    let command = "trap '' HUP; setsid sleep 71 & echo $! >away; (sleep 72 & echo $! >in; wait) & wait";
    let id = start(&agent, json!({ "command": command })).await;
    let pids = async { [pid_in(agent.path("in")).await, pid_in(agent.path("away")).await] };
    let pids = timeout(PATIENCE, pids).await.unwrap();
    let (status, _) = timeout(PATIENCE, agent.delete(&format!("/api/process/{id}"))).await.unwrap();
    assert_eq!(status, StatusCode::OK);
    for pid in pids {
        assert!(crate::reap::entry(pid).is_none_or(|entry| entry.ended), "{pid}");
    }
    let (_, body) = agent.get(&format!("/api/process/{id}")).await;
    assert_eq!((&body["process"]["status"], &body["process"]["exitCode"]), (&json!("killed"), &json!(143)));
}

#[tokio::test]
async fn what_an_ended_process_left_behind_is_killed_too() {
    let agent = TestAgent::start().await;
    for path in ["/api/process/web", "/api/process/kill-all"] {
        let command = "rm -f away; (setsid sleep 75 & echo $! >away) & wait";
        start(&agent, json!({ "command": command, "processId": "web" })).await;
        assert_eq!(events(&agent, "web").await.last().unwrap()["exitCode"], 0);
        let pid = timeout(PATIENCE, pid_in(agent.path("away"))).await.unwrap();
        let alive = || crate::reap::entry(pid).is_some_and(|entry| !entry.ended);
        assert!(alive(), "a daemon lives on");
        let (status, _) = timeout(PATIENCE, agent.delete(path)).await.unwrap();
        assert_eq!((status, alive()), (StatusCode::OK, false), "{path}");
        let (_, body) = agent.get("/api/process/web").await;
        assert_eq!(body["process"]["status"], "completed");
    }
}

#[tokio::test]
async fn a_signal_that_was_asked_for_is_the_one_that_is_sent() {
    let agent = TestAgent::start().await;
    let command = "trap 'echo heard; exit 9' USR1; echo ready; while :; do sleep 0.01; done";
    let id = start(&agent, json!({ "command": command })).await;
    let path = format!("/api/process/{id}/stream");
    let mut events = agent.open_events(Method::GET, &path, Value::Null).await;
    while timeout(PATIENCE, events.next()).await.unwrap().unwrap()["data"] != "ready\n" {}
    let (status, body) = agent.delete(&format!("/api/process/{id}?signal=SIGNOPE")).await;
    assert_eq!((status, &body["context"]["field"]), (StatusCode::BAD_REQUEST, &json!("signal")));
    let both = format!("/api/process/{id}?signal=HUP");
    let (status, _) = agent.call(Method::DELETE, &both, json!({ "signal": 1 })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let usr1 = json!({ "signal": rustix::process::Signal::USR1.as_raw() });
    let (status, _) = agent.call(Method::DELETE, &format!("/api/process/{id}"), usr1).await;
    assert_eq!(status, StatusCode::OK);
    let mut last = Value::Null;
    while let Some(event) = timeout(PATIENCE, events.next()).await.unwrap() {
        last = event;
    }
    assert_eq!(last["exitCode"], 9);
}

#[tokio::test]
async fn all_are_killed_at_once_and_only_running_ones_are_counted() {
    let agent = TestAgent::start().await;
    let ended = start(&agent, json!({ "command": "true" })).await;
    events(&agent, &ended).await;
    for number in 0..3 {
        start(&agent, json!({ "command": "sleep 73", "processId": format!("p{number}") })).await;
    }
    let (status, body) =
        agent.post("/api/process/start", json!({ "command": "true", "processId": "p1" })).await;
    assert_eq!((status, body["code"].as_str()), (StatusCode::CONFLICT, Some("RESOURCE_BUSY")));
    let (_, body) = timeout(PATIENCE, agent.delete("/api/process/kill-all")).await.unwrap();
    assert_eq!(body["cleanedCount"], 3);
    let (_, body) = agent.get("/api/process/list?status=killed").await;
    assert_eq!(body["processes"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn time_limits_and_clean_ups_are_honoured() {
    let agent = TestAgent::start().await;
    let slow = start(&agent, json!({ "command": "sleep 74", "timeoutMs": 50 })).await;
    assert_eq!(events(&agent, &slow).await.last().unwrap()["exitCode"], 143);
    let brief = start(&agent, json!({ "command": "true", "autoCleanup": true })).await;
    let forgotten = async {
        while agent.get(&format!("/api/process/{brief}")).await.0 != StatusCode::NOT_FOUND {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, forgotten).await.unwrap();
}

#[tokio::test]
async fn an_end_is_waited_for_and_told_to_who_asks_late() {
    let agent = TestAgent::start().await;
    let id = start(&agent, json!({ "command": "while [ ! -e go ]; do sleep 0.01; done; exit 4" })).await;
    let path = format!("/api/process/{id}/wait");
    let (status, body) = agent.get(&format!("{path}?timeoutMs=1")).await;
    assert_eq!((status, &body["code"]), (StatusCode::REQUEST_TIMEOUT, &json!("PROCESS_READY_TIMEOUT")));
    assert_eq!(body["context"]["processId"], id);
    let go = async { std::fs::write(agent.path("go"), "").unwrap() };
    let ((_, body), ()) = tokio::join!(agent.get(&path), go);
    assert_eq!(body["process"]["exitCode"], 4);
    let (_, body) = agent.get(&format!("{path}?timeoutMs=0")).await;
    assert_eq!(body["process"]["exitCode"], 4);
}

#[tokio::test]
async fn ended_records_are_forgotten_on_request_and_running_ones_are_not() {
    let agent = TestAgent::start().await;
    let ended = start(&agent, json!({ "command": "true" })).await;
    let running = start(&agent, json!({ "command": "sleep 76" })).await;
    agent.get(&format!("/api/process/{ended}/wait")).await;
    let (_, body) = agent.post("/api/process/cleanup", Value::Null).await;
    assert_eq!(body["cleanedCount"], 1);
    assert_eq!(agent.get(&format!("/api/process/{ended}")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(agent.get(&format!("/api/process/{running}")).await.0, StatusCode::OK);
    agent.delete("/api/process/kill-all").await;
}

#[tokio::test]
async fn a_process_has_the_environment_of_its_session_changed_by_its_own() {
    let agent = TestAgent::start().await;
    agent.post("/api/execute", json!({ "command": "export A=1 B=2; cd /usr", "sessionId": "s" })).await;
    let log = async |request| {
        let id = start(&agent, request).await;
        let (_, body) = agent.get(&format!("/api/process/{id}/wait")).await;
        let (_, logs) = agent.get(&format!("/api/process/{id}/logs")).await;
        (body["process"]["sessionId"].clone(), logs["stdout"].clone())
    };
    let command = "echo $A-${B-unset}-$C $PWD";
    let own = json!({ "command": command, "sessionId": "s", "env": { "B": null, "C": "3" }, "cwd": "bin" });
    assert_eq!(log(own).await, (json!("s"), json!("1-unset-3 /usr/bin\n")));
    let alone = json!({ "command": command, "sessionId": "__DISABLE_SESSION__", "cwd": "/" });
    assert_eq!(log(alone).await, (Value::Null, json!("-unset- /\n")));
}
