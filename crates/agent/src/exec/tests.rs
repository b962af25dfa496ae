//! Commands over their routes, with a real bash.

use std::time::{Duration, Instant};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::server::testing::{TestAgent, pid_in};

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(20);

async fn execute(agent: &TestAgent, request: Value) -> (StatusCode, Value) {
    timeout(PATIENCE, agent.post("/api/execute", request)).await.unwrap()
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
async fn directory_environment_and_functions_last_in_a_session_and_not_beyond_it() {
    let agent = TestAgent::start().await;
    stdout(&agent, "mkdir -p 'a b'; cd 'a b'; export X=$'1\\n2'; Y=3; f() { echo f$1; }").await;
    assert!(stdout(&agent, "pwd").await.ends_with("/workspace/a b\n"));
    assert_eq!(stdout(&agent, "echo \"$X$Y\"; f 7").await, "1\n23\nf7\n");
    let place = agent.agent.place("default");
    assert!(place.cwd.ends_with("workspace/a b"));
    assert_eq!(place.env[std::ffi::OsStr::new("X")], "1\n2");
    let (_, body) = execute(&agent, json!({ "command": "pwd; echo $X", "sessionId": "other" })).await;
    assert!(body["stdout"].as_str().unwrap().ends_with("/workspace\n\n"), "{body}");
}

#[tokio::test]
async fn what_is_for_one_command_only_is_undone_after_it() {
    let agent = TestAgent::start().await;
    std::fs::create_dir(agent.path("sub")).unwrap();
    stdout(&agent, "export KEEP=old; SHELLVAR=s; unset NEW").await;
    let env = json!({ "KEEP": "it's \"$new\"", "SHELLVAR": "x", "NEW": "n", "HOME": null });
    let command = "echo \"$KEEP $SHELLVAR $NEW ${HOME-none}\"; basename \"$PWD\"; export LASTS=1";
    let (_, body) = execute(&agent, json!({ "command": command, "env": env, "cwd": "sub" })).await;
    assert_eq!(body["stdout"], "it's \"$new\" x n none\nsub\n");
    let after =
        stdout(&agent, "echo \"$KEEP $SHELLVAR ${NEW-none} $LASTS ${HOME:+home}\"; basename \"$PWD\"").await;
    assert_eq!(after, "old s none 1 home\nworkspace\n");
    let exported = stdout(&agent, "env | grep -c '^SHELLVAR=' || true").await;
    assert_eq!(exported, "0\n");
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
async fn what_a_command_does_to_its_shell_does_not_break_the_session() {
    let agent = TestAgent::start().await;
    let tricks =
        ["exec >file 2>&1 </dev/null", "set -u", "set -f; IFS=x", "set -C", "break; continue", "return 4"];
    for trick in tricks {
        execute(&agent, json!({ "command": trick })).await;
        assert_eq!(stdout(&agent, "echo fine").await, "fine\n", "after {trick}");
    }
}

#[tokio::test]
async fn a_session_survives_the_loss_of_the_agents_files_and_of_its_shell() {
    let agent = TestAgent::start().await;
    stdout(&agent, "cd /usr; export KEPT=1").await;
    let lose = format!("rm -rf '{}'", agent.agent.state_dir().display());
    let (_, body) = execute(&agent, json!({ "command": lose })).await;
    assert_eq!((&body["code"], &body["context"]["exitCode"]), (&json!("SESSION_TERMINATED"), &json!(125)));
    assert_eq!(
        stdout(&agent, "cd /usr; export KEPT=1; (sleep 0.05; kill -9 $$) & echo fine").await,
        "fine\n"
    );
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(stdout(&agent, "pwd; echo $KEPT").await, "/usr\n1\n");
}

#[tokio::test]
async fn exit_ends_the_session_and_the_next_command_has_a_fresh_shell() {
    let agent = TestAgent::start().await;
    stdout(&agent, "cd /; export GONE=1").await;
    let (status, body) = execute(&agent, json!({ "command": "echo bye; exit 3" })).await;
    assert_eq!((status, body["code"].as_str()), (StatusCode::GONE, Some("SESSION_TERMINATED")));
    let context = &body["context"];
    assert_eq!((&context["exitCode"], &context["sessionId"]), (&json!(3), &json!("default")));
    assert_eq!(context["stdout"], "bye\n");
    assert!(stdout(&agent, "echo ${GONE-fresh}; pwd").await.starts_with("fresh\n/tmp"));
}

#[tokio::test]
async fn a_timeout_kills_the_whole_tree_and_leaves_the_session_as_it_was() {
    let agent = TestAgent::start().await;
    stdout(&agent, "cd /usr; export KEPT=1; f() { echo f; }; sleep 61 & echo $! >$OLDPWD/before").await;
    let command = "(trap '' TERM; sleep 62 & echo $! >$OLDPWD/in; wait) & setsid sleep 63 & echo $! >$OLDPWD/away; sleep 64";
    let started = Instant::now();
    let (status, body) = execute(&agent, json!({ "command": command, "timeoutMs": 300 })).await;
    assert_eq!(
        (status, body["code"].as_str()),
        (StatusCode::INTERNAL_SERVER_ERROR, Some("COMMAND_EXECUTION_ERROR"))
    );
    assert_eq!(body["context"]["timeoutMs"], 300);
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(stdout(&agent, "pwd; echo $KEPT; f").await, "/usr\n1\nf\n");
    let alive = |file: &str| {
        let pid = std::fs::read_to_string(agent.path(file)).unwrap().trim().parse().unwrap();
        crate::reap::entry(pid).is_some_and(|entry| !entry.ended)
    };
    assert!(!alive("in") && !alive("away"), "what the command started is gone");
    assert!(alive("before"), "what was started before stays");
    agent.post("/api/session/delete", json!({ "sessionId": "default" })).await;
    assert!(!alive("before"), "until its session is deleted");
}

#[tokio::test]
async fn a_shell_that_loops_is_replaced_where_it_was() {
    let agent = TestAgent::start().await;
    stdout(&agent, "cd /usr; export KEPT=1").await;
    let (status, _) =
        execute(&agent, json!({ "command": "while :; do sleep 0.01; done", "timeoutMs": 200 })).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(stdout(&agent, "pwd; echo $KEPT").await, "/usr\n1\n");
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
async fn commands_of_one_session_queue_and_those_of_two_run_side_by_side() {
    let agent = TestAgent::start().await;
    let run = |session: &'static str, command: &'static str| {
        execute(&agent, json!({ "command": command, "sessionId": session }))
    };
    let meet = "mkfifo a b 2>/dev/null; echo >a & cat b >/dev/null; echo met";
    let answer = "mkfifo a b 2>/dev/null; echo >b & cat a >/dev/null; echo met";
    let (one, two) = tokio::join!(run("one", meet), run("two", answer));
    assert_eq!((&one.1["stdout"], &two.1["stdout"]), (&json!("met\n"), &json!("met\n")));
    stdout(&agent, ": >order").await;
    let numbers: Vec<_> = (0..20).map(|number| format!("echo {number} >>order")).collect();
    futures::future::join_all(numbers.iter().map(|one| stdout(&agent, one))).await;
    assert_eq!(std::fs::read_to_string(agent.path("order")).unwrap().lines().count(), 20);
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
    ];
    for (request, code) in cases {
        let (status, body) = execute(&agent, request).await;
        assert_eq!((status, body["code"].as_str()), (StatusCode::BAD_REQUEST, Some(code)));
    }
}

#[tokio::test]
async fn sessions_are_made_listed_and_deleted() {
    let agent = TestAgent::start().await;
    let request = json!({ "id": "s1", "env": { "A": "1" }, "cwd": "/usr", "commandTimeoutMs": 200 });
    let (status, _) = agent.post("/api/session/create", request.clone()).await;
    assert_eq!(status, StatusCode::OK);
    let (status, body) = agent.post("/api/session/create", request).await;
    assert_eq!((status, body["code"].as_str()), (StatusCode::CONFLICT, Some("SESSION_ALREADY_EXISTS")));
    assert_eq!(body["context"]["sessionId"], "s1");
    let (_, body) = execute(&agent, json!({ "command": "pwd; echo $A", "sessionId": "s1" })).await;
    assert_eq!(body["stdout"], "/usr\n1\n");
    let (_, body) = execute(&agent, json!({ "command": "sleep 67", "sessionId": "s1" })).await;
    assert_eq!(body["context"]["timeoutMs"], 200, "the session's own limit");
    assert_eq!(agent.get("/api/session/list").await.1["data"], json!(["s1"]));
    assert_eq!(agent.get("/api/session/s1").await.1["session"]["cwd"], "/usr");
    let delete = json!({ "sessionId": "s1" });
    assert_eq!(agent.post("/api/session/delete", delete.clone()).await.0, StatusCode::OK);
    assert_eq!(agent.post("/api/session/delete", delete).await.1["code"], "SESSION_NOT_FOUND");
}
