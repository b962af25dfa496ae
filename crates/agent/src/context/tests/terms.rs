//! Under what terms code runs: variables, environment, limits of time, and callers that go.

use http::{Method, StatusCode};

use super::reference::Context;
use super::*;

fn ename(events: &[Value]) -> &str {
    let error = events.iter().find(|event| event["type"] == "error");
    error.and_then(|event| event["ename"].as_str()).unwrap_or("-")
}

#[tokio::test]
async fn variables_are_there_before_the_first_run_and_after_a_restart() {
    let agent = TestAgent::start_with(env()).await;
    agent.post("/api/contexts/warm", json!({})).await;
    let given = json!({ "text": "it's \"so\"\n\u{2028}", "list": [1, 2.5, null, true], "deep": { "a": { "b": [] } } });
    // The first takes the spare, the second starts cold.
    let mut context = Context::within(agent, json!({ "variables": given })).await;
    for _ in 0..2 {
        let events = context.run("[text, list, deep]").await;
        assert_eq!(events[0]["json"], json!([given["text"], given["list"], given["deep"]]), "{events:?}");
        assert_eq!(events[1]["execution_count"], 1, "setting them leaves no trace");
        context = Context::within(context.agent, json!({ "variables": given })).await;
    }
    context.run("text = 5").await;
    context.agent.post(&format!("/api/contexts/{}/restart", context.id), json!({})).await;
    assert_eq!(context.run("text").await[0]["text"], "'it\\'s \"so\"\\n\\u2028'");
}

#[tokio::test]
async fn variables_of_javascript_may_be_declared_anew() {
    let body = json!({ "language": "javascript", "variables": { "$a": [1], "b": "x" } });
    let context = Context::of(body).await;
    assert_eq!(context.value("$a[0] + b").await, "\"1x\"");
    assert_eq!(context.value("const b = 2; b").await, "2");
}

#[tokio::test]
async fn environment_of_a_run_is_that_runs_alone() {
    for (language, code) in [
        ("python", "import os; '|'.join(str(os.environ.get(n)) for n in ('MINE', 'HOME', 'NEW'))"),
        ("typescript", "['MINE', 'HOME', 'NEW'].map((n) => Deno.env.get(n) ?? 'None').join('|')"),
    ] {
        let body = json!({ "language": language, "envVars": { "MINE": "context", "HOME": "/h" } });
        let context = Context::of(body).await;
        let terms = json!({ "env_vars": { "MINE": "it's \"run\"", "HOME": null, "NEW": "n" } });
        let events = context.run_with(code, terms.clone()).await;
        let text = events[0]["text"].as_str().unwrap();
        assert!(text.contains("run") && text.contains("|None|n"), "{events:?}");
        assert!(context.value(code).await.contains("context|/h|None"));
        let events = context.run_with("nope()", terms).await;
        assert!(!ename(&events).is_empty());
        assert!(context.value(code).await.contains("context|/h|None"), "also after an error");
    }
}

#[tokio::test]
async fn a_run_that_takes_too_long_is_stopped_and_the_variables_stay() {
    let context = Context::of(json!({ "timeout": 200 })).await;
    context.run("x = 7").await;
    let events = context.run("import time\nwhile True: time.sleep(0.01)").await;
    assert_eq!((events.len(), ename(&events)), (1, "TimeoutError"));
    assert_eq!(events[0]["evalue"], "The code was stopped after 200 ms");
    let swallows = "try:\n  while True: time.sleep(0.01)\nexcept KeyboardInterrupt: print('no')";
    let events = context.run_with(swallows, json!({ "timeoutMs": 300 })).await;
    assert_eq!(ename(&events), "TimeoutError");
    assert!(events.iter().any(|event| event["text"] == "no\n"), "{events:?}");
    let events = context.run_with("while True: time.sleep(0.01)", json!({ "timeout_ms": 1 })).await;
    assert_eq!((events.len(), ename(&events)), (1, "TimeoutError"), "also before it has begun: {events:?}");
    let begun = std::time::Instant::now();
    let events = context.run("import asyncio; await asyncio.sleep(100)").await;
    assert_eq!((events.len(), ename(&events)), (1, "TimeoutError"), "also while it awaits: {events:?}");
    assert!(begun.elapsed() < Duration::from_secs(3), "without waiting for its end: {:?}", begun.elapsed());
    // The run's word counts before the context's.
    let events = context.run_with("time.sleep(0.5); x", json!({ "timeout_ms": 0 })).await;
    assert_eq!((ename(&events), events.len()), ("TimeoutError", 1), "0 is no limit of its own");
    let events = context.run_with("time.sleep(0.5); x", json!({ "timeout": 60000 })).await;
    assert_eq!(events[0]["text"], "7");
}

#[tokio::test]
async fn a_run_that_is_stopped_before_its_code_begins_ends_and_the_variables_stay() {
    let context = Context::of(json!({})).await;
    let slow = "x = 7\nimport time\ntransformers = get_ipython().input_transformers_cleanup\n\
        def slow(lines): transformers.remove(slow); time.sleep(100)\ntransformers.append(slow)";
    context.run(slow).await;
    let events = context.run_with("'ran'", json!({ "timeout": 300 })).await;
    assert_eq!((events.len(), ename(&events)), (1, "TimeoutError"), "{events:?}");
    assert_eq!(context.value("x").await, "7");
}

#[tokio::test]
async fn a_limit_stops_its_own_run_and_not_what_waits() {
    let context = Context::of(json!({})).await;
    let late = context.run_with("import time; time.sleep(100)", json!({ "timeout": 300 }));
    let waits = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        context.run_with("'ran'", json!({ "timeout": 60000 })).await
    };
    let (late, waits) = tokio::join!(late, waits);
    assert_eq!((ename(&late), &waits[0]["text"]), ("TimeoutError", &json!("'ran'")));
}

#[tokio::test]
async fn javascript_is_stopped_in_time_too() {
    let context = Context::of(json!({ "language": "javascript", "timeout_ms": 500 })).await;
    context.run("globalThis.x = 7").await;
    assert_eq!(ename(&context.run("while (true) {}").await), "TimeoutError");
    assert_eq!(context.value("x").await, "7");
    // deno cannot stop waiting: it is replaced.
    let events = context.run("await new Promise((r) => setTimeout(r, 100_000))").await;
    assert_eq!(ename(&events), "TimeoutError");
    assert!(events[0]["text"].as_str().unwrap().contains("restarted"), "{events:?}");
    assert_eq!(context.value("typeof x").await, "\"undefined\"");
}

#[tokio::test]
async fn a_kernel_that_cannot_be_stopped_is_replaced_and_that_is_said() {
    let context = Context::of(json!({ "variables": { "given": 1 } })).await;
    let deaf = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(1)";
    let events = context.run_with(deaf, json!({ "timeout": 200 })).await;
    assert_eq!(ename(&events), "TimeoutError");
    assert!(events[0]["text"].as_str().unwrap().contains("restarted"), "{events:?}");
    assert_eq!(context.value("(given, 'time' in globals())").await, "(1, False)");
}

#[tokio::test]
async fn a_caller_that_goes_stops_its_run_and_takes_it_out_of_the_queue() {
    let context = Context::of(json!({})).await;
    context.run("ran = []").await;
    let open = async |code: &str| {
        let body = json!({ "context_id": context.id, "code": code });
        context.agent.open_events(Method::POST, "/api/execute/code", body).await
    };
    let mut running = open("print('go')\nwhile True: pass").await;
    assert_eq!(running.next().await.unwrap()["text"], "go\n");
    drop(open("ran.append(1)").await);
    drop(running);
    assert_eq!(context.value("ran").await, "[]");
}

#[tokio::test]
async fn a_run_that_was_left_and_does_not_stop_makes_way_for_the_next_which_is_told() {
    let context = Context::of(json!({ "variables": { "given": 1 } })).await;
    let code = "import signal, time\nx = 7; signal.signal(signal.SIGINT, signal.SIG_IGN)\n\
                print('go', flush=True); time.sleep(100)";
    let body = json!({ "context_id": context.id, "code": code });
    let mut left = context.agent.open_events(Method::POST, "/api/execute/code", body).await;
    assert_eq!(left.next().await.unwrap()["text"], "go\n");
    drop(left);
    let events = context.run("[given, 'x' in globals()]").await;
    assert!(events[0]["text"].as_str().unwrap().contains("restarted"), "{events:?}");
    assert_eq!(events[1]["json"], json!([1, false]), "{events:?}");
}

#[tokio::test]
async fn a_context_that_is_deleted_ends_what_runs_in_it() {
    let context = Context::of(json!({})).await;
    let body = json!({ "context_id": context.id, "code": "print('go')\nwhile True: pass" });
    let mut running = context.agent.open_events(Method::POST, "/api/execute/code", body).await;
    assert_eq!(running.next().await.unwrap()["text"], "go\n");
    context.agent.delete(&format!("/api/contexts/{}", context.id)).await;
    let event = timeout(PATIENCE, running.next()).await.unwrap().unwrap();
    assert_eq!(event["type"], "error", "{event}");
    assert_eq!(running.next().await, None);
}

#[tokio::test]
async fn a_kernel_that_is_killed_ends_its_run_and_the_next_has_a_new_one() {
    let context = Context::of(json!({ "variables": { "given": 1 } })).await;
    let body = json!({ "context_id": context.id, "code": "import os; print(os.getpid())\nwhile True: pass" });
    let mut running = context.agent.open_events(Method::POST, "/api/execute/code", body).await;
    let pid = running.next().await.unwrap()["text"].as_str().unwrap().trim().parse().unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
    assert_eq!(ename(&[running.next().await.unwrap()]), "KernelDied");
    assert_eq!(running.next().await, None);
    assert_eq!(context.value("given").await, "1");
}

#[tokio::test]
async fn bad_terms_name_their_field() {
    let agent = TestAgent::start_with(env()).await;
    let (_, made) = agent.post("/api/contexts", json!({})).await;
    let id = made["contextId"].as_str().unwrap();
    let contexts = [
        (json!({ "variables": { "a b": 1 } }), "variables"),
        (json!({ "variables": { "class": 1 } }), "variables"),
        (json!({ "language": "js", "variables": { "let": 1 } }), "variables"),
        (json!({ "variables": [1] }), "variables"),
        (json!({ "timeout": -1 }), "timeout"),
        (json!({ "timeout_ms": "1" }), "timeout_ms"),
        (json!({ "env_vars": { "A": 1 } }), "env_vars.A"),
        (json!({ "env_vars": { "A": "\0" } }), "env_vars"),
        (json!({ "cwd": "" }), "cwd"),
        (json!({ "cwd": 5 }), "cwd"),
        (json!({ "language": "cobol" }), "language"),
        (json!({ "language": ["python"] }), "language"),
    ];
    let runs = [
        (json!({ "context_id": id }), "code"),
        (json!({ "context_id": id, "code": 5 }), "code"),
        (json!({ "context_id": id, "code": "1", "timeout_ms": -5 }), "timeout_ms"),
        (json!({ "context_id": id, "code": "1", "env_vars": { "1A": "x" } }), "env_vars"),
        (json!({ "context_id": id, "code": "1", "language": "javascript" }), "language"),
        (json!({ "context_id": 5, "code": "1" }), "context_id"),
        (json!({ "language": "cobol", "code": "1" }), "language"),
    ];
    let all = contexts.map(|case| ("/api/contexts", case)).into_iter();
    for (path, (body, field)) in all.chain(runs.map(|case| ("/api/execute/code", case))) {
        let (status, answer) = agent.post(path, body.clone()).await;
        assert_eq!(
            (status, &answer["code"], &answer["context"]["field"]),
            (StatusCode::BAD_REQUEST, &json!("VALIDATION_FAILED"), &json!(field)),
            "{body}: {answer}"
        );
    }
    for path in ["/api/contexts/none/interrupt", "/api/contexts/none/restart"] {
        let (status, answer) = agent.post(path, json!({})).await;
        assert_eq!((status, &answer["code"]), (StatusCode::NOT_FOUND, &json!("CONTEXT_NOT_FOUND")));
    }
    let (status, _) = agent.delete("/api/contexts/none").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
