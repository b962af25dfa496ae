//! Background processes over their routes, with a real bash.

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
async fn a_long_log_is_bounded_and_says_so() {
    let agent = TestAgent::start().await;
    let id = start(&agent, json!({ "command": "head -c 5000000 /dev/zero | tr '\\0' x; printf end" })).await;
    events(&agent, &id).await;
    let told = events(&agent, &id).await;
    assert_eq!(told[1]["type"], "truncated");
    let text: String = told
        .iter()
        .filter(|event| event["type"] == "stdout")
        .map(|event| event["data"].as_str().unwrap())
        .collect();
    assert!(text.len() == 1 << 20 && text.ends_with("xend"), "{}", text.len());
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
async fn a_signal_that_was_asked_for_is_the_one_that_is_sent() {
    let agent = TestAgent::start().await;
    let command = "trap 'echo heard; exit 9' USR1; echo ready; while :; do sleep 0.01; done";
    let id = start(&agent, json!({ "command": command })).await;
    let path = format!("/api/process/{id}/stream");
    let mut events = agent.open_events(Method::GET, &path, Value::Null).await;
    while timeout(PATIENCE, events.next()).await.unwrap().unwrap()["data"] != "ready\n" {}
    let (status, body) = agent.delete(&format!("/api/process/{id}?signal=SIGNOPE")).await;
    assert_eq!((status, &body["context"]["field"]), (StatusCode::BAD_REQUEST, &json!("signal")));
    agent.delete(&format!("/api/process/{id}?signal=SIGUSR1")).await;
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
