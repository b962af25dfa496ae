//! What lasts in a session, what does not, and what cannot break it.

use std::time::{Duration, Instant};

use http::StatusCode;
use sandpit_api::exec::Execute;
use serde_json::json;
use tokio::time::timeout;

use super::{PATIENCE, execute, stdout};
use crate::{
    exec,
    server::testing::{TestAgent, pid_in},
};

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
async fn what_a_command_does_to_its_shell_does_not_break_the_session() {
    let agent = TestAgent::start().await;
    stdout(&agent, "cd /usr; export KEPT=1").await;
    let tricks = [
        "exec >file 2>&1 </dev/null",
        "exec >&- 2>&-; exec 9>&1",
        "set -u",
        "set -euxo pipefail; true",
        "set -e; false; echo never",
        "set -u; echo $NOT_THERE",
        ": ${NOT_THERE:?}",
        "exec /no/such/program",
        "set -f; IFS=x",
        "set -C",
        "set -a; set -k; set -v",
        "set -o posix; set -o noexec 2>/dev/null & wait",
        "shopt -s extdebug failglob nullglob; shopt -u sourcepath",
        "break; continue",
        "return 4",
        "trap 'echo trapped' DEBUG ERR RETURN; true",
        "trap '' TERM INT CHLD HUP",
        "trap 'false' EXIT",
        "cat <<END\nno end",
        "echo 'no end",
        "echo $(",
        "}",
        "fi; done; )",
        "cd() { false; }; printf() { :; }; read() { :; }; export() { :; }; eval() { :; }; .() { :; }; set() { :; }",
        "alias builtin=false eval=false; shopt -s expand_aliases",
        "PATH=; unset HOME",
        "printf '\\1\\2'; # comment",
        "echo \\",
        "wait; jobs; disown -a; kill %1",
        "enable -n printf export read eval set",
        "sleep 0.01 & coproc cat; true",
    ];
    for trick in tricks {
        let (status, body) = execute(&agent, json!({ "command": trick })).await;
        assert_eq!(status, StatusCode::OK, "{trick}: {body}");
        let (_, body) =
            execute(&agent, json!({ "command": "echo \"$PWD $KEPT\"; trap - DEBUG ERR RETURN" })).await;
        let said = body["stdout"].as_str().unwrap_or_else(|| panic!("after {trick}: {body}"));
        let said = said.replace("trapped\n", "");
        assert_eq!((said.as_str(), &body["stderr"]), ("/usr 1\n", &json!("")), "after {trick}");
    }
}

#[tokio::test]
async fn a_command_that_fails_under_errexit_answers_its_code_and_output() {
    let agent = TestAgent::start().await;
    let command = "export A=1; cd /usr; f() { echo f; }; set -e; echo before; (exit 7); echo never";
    let (status, body) = execute(&agent, json!({ "command": command, "env": { "ONCE": "1" } })).await;
    assert_eq!((status, &body["exitCode"], &body["stdout"]), (StatusCode::OK, &json!(7), &json!("before\n")));
    assert_eq!(
        stdout(&agent, "echo $A $PWD ${ONCE-gone}; false; echo goes on").await,
        "1 /usr gone\ngoes on\n"
    );
    let (status, body) = execute(&agent, json!({ "command": "set -e; echo; exit 3" })).await;
    assert_eq!((status, &body["context"]["exitCode"]), (StatusCode::GONE, &json!(3)));
    let (status, body) = execute(&agent, json!({ "command": "kill -TERM $$; sleep 9" })).await;
    assert_eq!((status, &body["context"]["exitCode"]), (StatusCode::GONE, &json!(143)));
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
    agent.post("/api/session/create", json!({ "id": "s", "cwd": "/usr", "env": { "A": "1" } })).await;
    execute(&agent, json!({ "command": "cd /; exit", "sessionId": "s" })).await;
    let (_, body) = execute(&agent, json!({ "command": "echo $A $PWD", "sessionId": "s" })).await;
    assert_eq!(body["stdout"], "1 /usr\n", "what it was made with");
}

#[tokio::test]
async fn a_timeout_kills_the_whole_tree_and_leaves_the_session_as_it_was() {
    let agent = TestAgent::start().await;
    stdout(&agent, "cd /usr; export KEPT=1; sleep 61 & echo $! >$OLDPWD/before").await;
    let command = "(trap '' TERM; sleep 62 & echo $! >$OLDPWD/in; wait) & setsid sleep 63 & echo $! >$OLDPWD/away; sleep 64";
    let started = Instant::now();
    let (status, body) = execute(&agent, json!({ "command": command, "timeoutMs": 300 })).await;
    assert_eq!(
        (status, body["code"].as_str()),
        (StatusCode::INTERNAL_SERVER_ERROR, Some("COMMAND_EXECUTION_ERROR"))
    );
    assert_eq!(body["context"]["timeoutMs"], 300);
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(stdout(&agent, "pwd; echo $KEPT").await, "/usr\n1\n");
    let alive = |file: &str| {
        let pid = std::fs::read_to_string(agent.path(file)).unwrap().trim().parse().unwrap();
        crate::reap::entry(pid).is_some_and(|entry| !entry.ended)
    };
    assert!(!alive("in") && !alive("away"), "what the command started is gone");
    assert!(alive("before"), "what was started before stays");
    agent.post("/api/session/create", json!({ "id": "s" })).await;
    execute(&agent, json!({ "command": "sleep 65 & echo $! >older", "sessionId": "s" })).await;
    execute(&agent, json!({ "command": "sleep 66", "timeoutMs": 100, "sessionId": "s" })).await;
    assert!(alive("older"));
    agent.post("/api/session/delete", json!({ "sessionId": "s" })).await;
    assert!(!alive("older"), "it ends with its session, whichever shell it was of");
}

#[tokio::test]
async fn nothing_of_the_rest_of_a_stopped_command_is_run() {
    let agent = TestAgent::start().await;
    let commands = [
        "sleep 5; touch ran",
        "for i in 1 2 3; do sleep 5; touch ran; done",
        "f() { sleep 5; touch ran; }; f; touch ran",
        "(sleep 5; touch ran); touch ran",
        "trap '' TERM; trap 'touch ran' EXIT; sleep 5; touch ran",
        "echo | sleep 5; touch ran",
    ];
    for command in commands {
        let (_, body) = execute(&agent, json!({ "command": command, "timeoutMs": 100 })).await;
        assert_eq!((&body["context"]["timeoutMs"], &body["context"]["stdout"]), (&json!(100), &json!("")));
        let session = json!({ "command": command, "sessionId": "s" });
        let closed = timeout(Duration::from_millis(100), execute(&agent, session.clone())).await;
        assert!(closed.is_err(), "the request is closed");
        let deleted = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            agent.post("/api/session/delete", json!({ "sessionId": "s" })).await
        };
        let (stopped, _) = tokio::join!(execute(&agent, session), deleted);
        assert_eq!(stopped.1["code"], "SESSION_DESTROYED");
        assert!(!agent.path("ran").exists(), "{command}");
    }
}

#[tokio::test]
async fn a_timeout_and_a_delete_end_daemons_that_left_everything_behind() {
    let agent = TestAgent::start().await;
    let daemon = |file: &str| {
        format!(
            "(env -i PATH=\"$PATH\" setsid nohup sh -c '(sleep 69 & echo $! >{file}) &' >/dev/null 2>&1 &); "
        )
    };
    let request = json!({ "command": daemon("late") + "sleep 69", "timeoutMs": 500, "sessionId": "s" });
    let (_, body) = execute(&agent, request).await;
    assert_eq!(body["context"]["timeoutMs"], 500, "{body}");
    let alive = |pid: i32| crate::reap::entry(pid).is_some_and(|entry| !entry.ended);
    assert!(!alive(timeout(PATIENCE, pid_in(agent.path("late"))).await.unwrap()));
    execute(&agent, json!({ "command": daemon("stays"), "sessionId": "s" })).await;
    let pid = timeout(PATIENCE, pid_in(agent.path("stays"))).await.unwrap();
    assert!(alive(pid));
    agent.post("/api/session/delete", json!({ "sessionId": "s" })).await;
    assert!(!alive(pid));
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
async fn commands_of_one_session_queue_and_those_of_two_run_side_by_side() {
    let agent = TestAgent::start().await;
    let run = |session: &'static str, command: &'static str| {
        execute(&agent, json!({ "command": command, "sessionId": session }))
    };
    let meet = "mkfifo a b 2>/dev/null; echo >a & cat b >/dev/null; echo met";
    let answer = "mkfifo a b 2>/dev/null; echo >b & cat a >/dev/null; echo met";
    let (one, two) = tokio::join!(run("one", meet), run("two", answer));
    assert_eq!((&one.1["stdout"], &two.1["stdout"]), (&json!("met\n"), &json!("met\n")));
}

#[tokio::test]
async fn commands_of_one_session_run_in_the_order_they_came() {
    let agent = TestAgent::start().await;
    let commands = (0..1000).map(|number| Execute {
        command: format!("echo {number} >>order; echo {number}"),
        ..Execute::default()
    });
    let mut running: Vec<_> = commands.map(|command| exec::start(&agent.agent, command).unwrap()).collect();
    for (number, one) in running.iter_mut().enumerate() {
        let chunk = timeout(PATIENCE, one.output.recv()).await.unwrap().unwrap();
        assert_eq!(chunk.bytes, format!("{number}\n"));
        assert_eq!(timeout(PATIENCE, &mut one.end).await.unwrap().unwrap(), Ok(0));
    }
    let order = std::fs::read_to_string(agent.path("order")).unwrap();
    assert!(order.lines().eq((0..1000).map(|number| number.to_string())));
}

#[tokio::test]
async fn a_hundred_sessions_run_ten_commands_each_and_nothing_is_mixed_up() {
    let agent = TestAgent::start().await;
    let run = async |number: usize| {
        let session = format!("s{}", number % 100);
        let command = format!(
            "export S=${{S-$SANDPIT_SESSION}}; echo \"$S {number}\"; echo {number} >&2; (exit {})",
            number % 7
        );
        let (_, body) = execute(&agent, json!({ "command": command, "sessionId": session })).await;
        assert_eq!(body["stdout"], format!("{session} {number}\n"), "{body}");
        assert_eq!((&body["stderr"], &body["exitCode"]), (&json!(format!("{number}\n")), &json!(number % 7)));
    };
    futures::future::join_all((0..1000).map(run)).await;
    assert_eq!(agent.get("/api/session/list").await.1["data"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn the_environment_of_a_command_goes_before_that_of_its_session_and_its_sandbox() {
    let env = [
        ("PATH", std::env::var("PATH").unwrap().as_str()),
        ("A", "sandbox"),
        ("B", "sandbox"),
        ("C", "sandbox"),
    ]
    .map(|(name, value)| (name.into(), value.into()));
    let agent = TestAgent::start_with(env.into()).await;
    let request = json!({ "id": "s", "env": { "B": "session", "C": "session", "NONE": "x" } });
    agent.post("/api/session/create", request).await;
    // What `setEnvVars` of the official client sends, setting and unsetting.
    for command in ["export D='it'\\''s set'", "unset NONE"] {
        let request = json!({ "command": command, "sessionId": "s", "origin": "internal" });
        assert_eq!(execute(&agent, request).await.1["exitCode"], 0);
    }
    let command = "echo $A $B $C $D ${NONE-unset}";
    let request = json!({ "command": command, "sessionId": "s", "env": { "C": "command" } });
    assert_eq!(execute(&agent, request).await.1["stdout"], "sandbox session command it's set unset\n");
    let request = json!({ "command": command, "sessionId": "s" });
    assert_eq!(execute(&agent, request).await.1["stdout"], "sandbox session session it's set unset\n");
    for session in ["default", "__DISABLE_SESSION__"] {
        let request = json!({ "command": "echo $A $B", "sessionId": session, "env": { "B": "command" } });
        assert_eq!(execute(&agent, request).await.1["stdout"], "sandbox command\n");
    }
}

#[tokio::test]
async fn the_sandboxs_own_limit_of_time_holds_where_no_other_is_said() {
    let mut env: std::collections::BTreeMap<_, _> = std::env::vars_os().collect();
    env.insert("COMMAND_TIMEOUT_MS".into(), "200".into());
    let agent = TestAgent::start_with(env).await;
    let (_, body) = execute(&agent, json!({ "command": "sleep 67" })).await;
    assert_eq!(body["context"]["timeoutMs"], 200);
    let (_, body) = execute(&agent, json!({ "command": "sleep 0.3; echo done", "timeoutMs": 19_000 })).await;
    assert_eq!(body["stdout"], "done\n");
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
    let (status, body) = agent.post("/api/session/delete", json!({ "sessionId": "default" })).await;
    assert_eq!((status, &body["context"]["field"]), (StatusCode::BAD_REQUEST, &json!("sessionId")));
    let refused = [
        (json!({ "id": "" }), "id"),
        (json!({ "id": "__DISABLE_SESSION__" }), "id"),
        (json!({ "cwd": "/no/such" }), "cwd"),
        (json!({ "cwd": "/\0" }), "cwd"),
        (json!({ "env": { "A": "\0" } }), "env"),
        (json!({ "isolation": true }), "isolation"),
        (json!({ "commandTimeoutMs": -5 }), "commandTimeoutMs"),
    ];
    for (request, field) in refused {
        let (_, body) = agent.post("/api/session/create", request).await;
        assert_eq!(body["context"]["field"], field, "{body}");
    }
    let delete = json!({ "sessionId": "s1" });
    assert_eq!(agent.post("/api/session/delete", delete.clone()).await.0, StatusCode::OK);
    assert_eq!(agent.post("/api/session/delete", delete).await.1["code"], "SESSION_NOT_FOUND");
}
