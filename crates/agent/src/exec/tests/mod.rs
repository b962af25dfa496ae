//! Commands over their routes, with a real bash.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

mod sessions;

use crate::server::testing::{TestAgent, pid_in};

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(20);

async fn execute(agent: &TestAgent, request: Value) -> (StatusCode, Value) {
    let command = request["command"].to_string();
    timeout(PATIENCE, agent.post("/api/execute", request)).await.unwrap_or_else(|_| panic!("{command} hangs"))
}

/// The standard output of a command that ends well.
async fn stdout(agent: &TestAgent, command: &str) -> String {
    let (status, body) = execute(agent, json!({ "command": command })).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["stdout"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_command_answers_with_its_output_and_code() {
    let agent = TestAgent::start().await;
    let (_, body) = execute(&agent, json!({ "command": "echo out; echo err >&2; (exit 3)" })).await;
    assert_eq!((&body["stdout"], &body["stderr"]), (&json!("out\n"), &json!("err\n")));
    assert_eq!((&body["exitCode"], &body["success"]), (&json!(3), &json!(false)));
    assert_eq!(
        (&body["sessionId"], &body["command"]),
        (&json!("default"), &json!("echo out; echo err >&2; (exit 3)"))
    );
}

#[tokio::test]
async fn a_folder_that_does_not_exist_is_told_as_a_shell_tells_it() {
    let agent = TestAgent::start().await;
    for session in ["default", "__DISABLE_SESSION__"] {
        let request = json!({ "command": "echo never", "cwd": "/no/such", "sessionId": session });
        let (_, body) = execute(&agent, request).await;
        assert_eq!((&body["exitCode"], &body["stdout"]), (&json!(1), &json!("")));
        assert!(body["stderr"].as_str().unwrap().contains("/no/such: No such file"), "{body}");
    }
}

#[tokio::test]
async fn output_is_exact_to_the_byte() {
    let agent = TestAgent::start().await;
    assert_eq!(stdout(&agent, "printf 'a\\0b'").await, "a\0b");
    assert_eq!(stdout(&agent, "printf '\\n\\n'").await, "\n\n");
    let enlarged =
        "python3 -c 'import fcntl, os; fcntl.fcntl(1, 1031, 1 << 20); os.write(1, b\"x\" * 900000)'";
    assert_eq!(stdout(&agent, enlarged).await.len(), 900_000);
    let script = "head -c 3000000 /dev/urandom > r; cat r; tail -c 100000 r >&2";
    let (_, body) = execute(&agent, json!({ "command": script, "encoding": "base64" })).await;
    let written = std::fs::read(agent.path("r")).unwrap();
    let bytes = |field: &str| BASE64_STANDARD.decode(body[field].as_str().unwrap()).unwrap();
    assert!(bytes("stdout") == written && bytes("stderr") == written[2_900_000..]);
}

#[tokio::test]
async fn standard_input_is_given_or_empty() {
    let agent = TestAgent::start().await;
    assert_eq!(stdout(&agent, "cat; echo end").await, "end\n");
    for session in ["default", "__DISABLE_SESSION__"] {
        let stdin = BASE64_STANDARD.encode(b"line\n\0x");
        let (_, body) =
            execute(&agent, json!({ "command": "cat", "stdin": stdin, "sessionId": session })).await;
        assert_eq!(body["stdout"], "line\n\0x");
    }
}

#[tokio::test]
async fn errors_of_the_shell_read_as_those_of_bash() {
    let agent = TestAgent::start().await;
    let (_, body) = execute(&agent, json!({ "command": "true\nnosuchcommand" })).await;
    assert_eq!(body["stderr"], "bash: line 2: nosuchcommand: command not found\n");
    assert_eq!(body["exitCode"], 127);
    let (_, body) = execute(&agent, json!({ "command": "if then" })).await;
    assert!(body["stderr"].as_str().unwrap().contains("syntax error"), "{body}");
    assert_eq!(stdout(&agent, "echo still here").await, "still here\n");
}

#[tokio::test]
async fn a_background_process_of_a_command_outlives_it_and_may_go_on_writing() {
    let agent = TestAgent::start().await;
    let script = "(sleep 0.1; echo later; echo later; echo lived >proof) & echo now";
    assert_eq!(stdout(&agent, script).await, "now\n");
    let lived = async {
        while !agent.path("proof").exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, lived).await.unwrap();
}

#[tokio::test]
async fn a_stream_tells_output_as_it_is_written_before_a_newline_comes() {
    let agent = TestAgent::start().await;
    let request =
        json!({ "command": "printf 'progress: 1'; read -r line <go; printf ' é%s' \"$line\" >&2; exit 0" });
    let status = std::process::Command::new("mkfifo").arg(agent.path("go")).status().unwrap();
    assert!(status.success());
    let mut events = agent.open_events(Method::POST, "/api/execute/stream", request).await;
    assert_eq!(timeout(PATIENCE, events.next()).await.unwrap().unwrap()["type"], "start");
    let first = timeout(PATIENCE, events.next()).await.unwrap().unwrap();
    assert_eq!((&first["type"], &first["data"]), (&json!("stdout"), &json!("progress: 1")));
    std::fs::write(agent.path("go"), "2\n").unwrap();
    let second = timeout(PATIENCE, events.next()).await.unwrap().unwrap();
    assert_eq!((&second["type"], &second["data"]), (&json!("stderr"), &json!(" é2")));
    let end = timeout(PATIENCE, events.next()).await.unwrap().unwrap();
    assert_eq!((&end["type"], &end["code"]), (&json!("error"), &json!("SESSION_TERMINATED")));
    assert_eq!(end["data"], end["error"], "the official client reads the one");
    assert!(end["context"]["exitCode"].is_number(), "{end}");
    let late = json!({ "command": "sleep 67", "timeoutMs": 50 });
    let end = agent.events(Method::POST, "/api/execute/stream", late).await.pop().unwrap();
    assert_eq!((&end["type"], &end["context"]["timeoutMs"]), (&json!("error"), &json!(50)));
}

#[tokio::test]
async fn a_stream_ends_with_the_exit_code_also_without_a_session() {
    let agent = TestAgent::start().await;
    for session in ["default", "__DISABLE_SESSION__"] {
        let request = json!({ "command": "echo x; (exit 5)", "sessionId": session });
        let events =
            timeout(PATIENCE, agent.events(Method::POST, "/api/execute/stream", request)).await.unwrap();
        let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["start", "stdout", "complete"]);
        assert_eq!(events[2]["exitCode"], 5);
    }
}

#[tokio::test]
async fn the_pieces_of_a_stream_are_no_larger_than_asked_for() {
    let agent = TestAgent::start().await;
    let request = json!({ "command": "printf 1234567", "bufferSize": 3 });
    let events = agent.events(Method::POST, "/api/execute/stream", request).await;
    let data: Vec<_> = events.iter().filter_map(|event| event["data"].as_str()).collect();
    assert_eq!(data, ["123", "456", "7"]);
    let refused = [
        ("/api/execute/stream", json!({ "command": "x", "background": true }), "background"),
        ("/api/execute/stream", json!({ "command": "x", "bufferSize": 0 }), "bufferSize"),
        ("/api/execute", json!({ "command": "x", "bufferSize": 3 }), "bufferSize"),
        ("/api/execute", json!({ "command": "x", "stdin": "eA==", "background": true }), "stdin"),
        ("/api/execute", json!({ "command": "x", "shell": "zsh" }), "shell"),
    ];
    for (route, request, field) in refused {
        assert_eq!(agent.post(route, request).await.1["context"]["field"], field);
    }
}

#[tokio::test]
async fn closing_the_request_stops_the_command() {
    let agent = TestAgent::start().await;
    let request = json!({ "command": "echo $BASHPID; sleep 65 & echo $! >pid; wait" });
    let mut events = agent.open_events(Method::POST, "/api/execute/stream", request).await;
    events.next().await.unwrap();
    events.next().await.unwrap();
    let pid = timeout(PATIENCE, pid_in(agent.path("pid"))).await.unwrap();
    drop(events);
    assert_eq!(stdout(&agent, "echo usable").await, "usable\n");
    assert!(crate::reap::entry(pid).is_none_or(|entry| entry.ended));
}

#[tokio::test]
async fn closing_a_request_that_waits_for_its_answer_stops_the_command() {
    let agent = TestAgent::start().await;
    for session in ["default", "__DISABLE_SESSION__"] {
        let request = json!({ "command": "echo $BASHPID >pid; exec sleep 68", "sessionId": session });
        let pid = tokio::select! {
            answer = agent.post("/api/execute", request) => panic!("{answer:?}"),
            pid = timeout(PATIENCE, pid_in(agent.path("pid"))) => pid.unwrap(),
        };
        std::fs::remove_file(agent.path("pid")).unwrap();
        let gone = async {
            while crate::reap::entry(pid).is_some_and(|entry| !entry.ended) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, gone).await.unwrap();
    }
}

#[tokio::test]
async fn a_command_without_a_session_that_takes_too_long_ends_as_by_timeout() {
    let agent = TestAgent::start().await;
    let request =
        json!({ "command": "echo x; sleep 66", "sessionId": "__DISABLE_SESSION__", "timeoutMs": 200 });
    let (_, body) = execute(&agent, request).await;
    assert_eq!((&body["exitCode"], &body["stdout"]), (&json!(124), &json!("x\n")));
    assert_eq!(body["stderr"], "Command timeout after 200ms\n");
}

#[tokio::test]
async fn a_flood_of_output_is_stopped_with_a_typed_error() {
    let agent = TestAgent::start().await;
    let (status, body) = execute(&agent, json!({ "command": "yes" })).await;
    assert_eq!(
        (status, body["code"].as_str()),
        (StatusCode::INTERNAL_SERVER_ERROR, Some("COMMAND_EXECUTION_ERROR"))
    );
    assert_eq!(body["context"]["maxBytes"], 64 << 20);
    assert_eq!(stdout(&agent, "echo usable").await, "usable\n");
}

#[tokio::test]
async fn bad_commands_are_refused() {
    let agent = TestAgent::start().await;
    let cases = [
        (json!({ "command": "" }), "INVALID_COMMAND"),
        (json!({}), "INVALID_COMMAND"),
        (json!({ "command": "a\0b" }), "INVALID_COMMAND"),
        (json!({ "command": "x", "env": { "1A": "x" } }), "VALIDATION_FAILED"),
        (json!({ "command": "x", "encoding": "latin1" }), "VALIDATION_FAILED"),
        (json!({ "command": "x", "stdin": "?" }), "VALIDATION_FAILED"),
        (json!({ "command": "x", "timeoutMs": -1 }), "VALIDATION_FAILED"),
        (json!({ "command": "x", "sessionId": "" }), "VALIDATION_FAILED"),
        (json!({ "command": "x", "sessionId": "s".repeat(257) }), "VALIDATION_FAILED"),
        (json!({ "command": "x", "env": { "A": "a".repeat(1 << 17) } }), "VALIDATION_FAILED"),
        (json!({ "command": "x", "origin": "elsewhere" }), "VALIDATION_FAILED"),
    ];
    for (request, code) in cases {
        let (status, body) = execute(&agent, request).await;
        assert_eq!((status, body["code"].as_str()), (StatusCode::BAD_REQUEST, Some(code)));
    }
}
