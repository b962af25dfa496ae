//! What the notebook's channel tells of real kernels.

use std::time::{Duration, Instant};

use http::StatusCode;
use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn variables_stay_output_streams_and_results_are_whole_bundles() {
    let mut notebook = Notebook::open(json!({ "language": "python" })).await;
    let frames = notebook.run("import time\nx = 40\nprint('one'); time.sleep(0.3); print('two')").await;
    assert_eq!(text(&frames), "one\ntwo\n");
    assert!(of(&frames, "stream").len() >= 2, "lines come as they are written: {frames:?}");
    assert_eq!(of(&frames, "started")[0]["executionCount"], 1);
    let frames = notebook.run("x + 2").await;
    assert_eq!((result(&frames), status(&frames)), ("42", "ok"));
    let frames = notebook.run("import pandas\npandas.DataFrame({'a': [1]})").await;
    let data = &of(&frames, "result")[0]["data"];
    assert!(data["text/html"].as_str().unwrap().contains("<table") && data["text/plain"].is_string());
    let frames = notebook.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]); None").await;
    assert!(of(&frames, "display")[0]["data"]["image/png"].as_str().unwrap().starts_with("iVBOR"));
}

#[tokio::test]
async fn errors_of_every_kind_are_errors() {
    let mut notebook = Notebook::open(json!({})).await;
    let frames = notebook.run("1 / 0").await;
    assert_eq!((&of(&frames, "error")[0]["ename"], status(&frames)), (&json!("ZeroDivisionError"), "error"));
    let frames = notebook.run("def (").await;
    assert_eq!((&of(&frames, "error")[0]["ename"], status(&frames)), (&json!("SyntaxError"), "error"));
    // The reply and the output race each other.
    for _ in 0..20 {
        let frames = notebook.run("print('before'); 1 / 0").await;
        assert_eq!((text(&frames), of(&frames, "error").len()), ("before\n".to_owned(), 1), "{frames:?}");
        let kinds: Vec<_> = frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
        assert_eq!(kinds[kinds.len() - 3..], ["stream", "error", "done"]);
    }
}

#[tokio::test]
async fn a_loop_is_interrupted_and_the_variables_stay() {
    let mut notebook = Notebook::open(json!({})).await;
    notebook.run("x = 1").await;
    let running = notebook.queue("print('go', flush=True)\nwhile True: pass", false).await;
    while notebook.next().await["type"] != "stream" {}
    let waiting = notebook.queue("x = 2", false).await;
    while notebook.next().await["type"] != "queued" {}
    notebook.send(json!({ "type": "interrupt" })).await;
    let frames = notebook.until_done(&running).await;
    assert!(
        frames.iter().any(|f| f["type"] == "done" && f["requestId"] == waiting && f["status"] == "aborted")
    );
    assert_eq!(of(&frames, "error")[0]["ename"], "KeyboardInterrupt");
    let frames = notebook.run("x").await;
    assert_eq!(result(&frames), "1");
}

#[tokio::test]
async fn a_failure_aborts_what_is_queued_behind_it_only_when_asked() {
    let mut notebook = Notebook::open(json!({})).await;
    let fails = notebook.queue("import time; time.sleep(0.3); 1 / 0", true).await;
    let behind = notebook.queue("2", false).await;
    let frames = notebook.until_done(&behind).await;
    assert_eq!((status(&frames), of(&frames, "done").len()), ("aborted", 2));
    assert!(of(&frames, "done").iter().any(|frame| frame["requestId"] == fails));
    notebook.queue("1 / 0", false).await;
    let behind = notebook.queue("2", false).await;
    let frames = notebook.until_done(&behind).await;
    assert_eq!((status(&frames), result(&frames)), ("ok", "2"));
}

#[tokio::test]
async fn a_dead_kernel_is_told_and_the_next_run_has_a_new_one() {
    let mut notebook = Notebook::open(json!({})).await;
    notebook.run("x = 1").await;
    let frames = notebook.run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)").await;
    assert_eq!(of(&frames, "error")[0]["ename"], "KernelDied");
    while notebook.next().await["state"] != "dead" {}
    let frames = notebook.run("'x' in globals()").await;
    assert_eq!(of(&frames, "restarted").len(), 1);
    assert_eq!(result(&frames), "False");
}

#[tokio::test]
async fn a_restart_forgets_variables_and_stops_what_runs() {
    let mut notebook = Notebook::open(json!({})).await;
    let running = notebook.queue("x = 1\nwhile True: pass", false).await;
    while notebook.next().await["type"] != "started" {}
    let (status_code, body) =
        notebook.agent.post(&format!("/api/contexts/{}/restart", notebook.id), json!({})).await;
    assert_eq!((status_code, &body["context"]["state"]), (StatusCode::OK, &json!("idle")));
    let frames = notebook.until_done(&running).await;
    assert_eq!((status(&frames), &of(&frames, "error")[0]["ename"]), ("error", &json!("KernelRestarted")));
    let frames = notebook.run("'x' in globals()").await;
    assert_eq!(result(&frames), "False");
}

#[tokio::test]
async fn a_run_that_goes_on_though_it_was_interrupted_is_told_of_and_keeps_its_variables() {
    let mut notebook = Notebook::open(json!({})).await;
    let deaf = "import signal, time\nx = 7; signal.signal(signal.SIGINT, signal.SIG_IGN)\n\
                print('go', flush=True); time.sleep(4.5); 'over'";
    let running = notebook.queue(deaf, false).await;
    while notebook.next().await["type"] != "stream" {}
    notebook.send(json!({ "type": "interrupt" })).await;
    let frames = notebook.until_done(&running).await;
    assert_eq!((of(&frames, "unresponsive").len(), result(&frames)), (1, "'over'"), "{frames:?}");
    assert_eq!(of(&frames, "unresponsive")[0]["requestId"], running);
    assert_eq!(result(&notebook.run("x").await), "7");
}

#[tokio::test]
async fn javascript_that_awaits_is_interrupted_too_at_the_price_of_its_kernel() {
    let mut notebook = Notebook::open(json!({ "language": "javascript" })).await;
    // A timer goes off only while the code awaits.
    let awaits =
        "setTimeout(() => console.log('go')); await new Promise((done) => setTimeout(done, 100_000))";
    let running = notebook.queue(awaits, false).await;
    while notebook.next().await["type"] != "stream" {}
    notebook.send(json!({ "type": "interrupt" })).await;
    let frames = notebook.until_done(&running).await;
    assert!(text(&frames).contains("restarted"), "{frames:?}");
    assert_eq!((status(&frames), &of(&frames, "error")[0]["ename"]), ("error", &json!("Interrupted")));
    assert!(result(&notebook.run("typeof x").await).contains("undefined"));
}

#[tokio::test]
async fn a_display_is_updated_and_output_cleared() {
    let mut notebook = Notebook::open(json!({})).await;
    let code = "from IPython.display import display, clear_output\n\
                h = display('a', display_id=True); h.update('b'); clear_output(wait=True)";
    let frames = notebook.run(code).await;
    let display = &of(&frames, "display")[0]["displayId"];
    let update = of(&frames, "update_display")[0];
    assert_eq!((&update["displayId"], &update["data"]["text/plain"]), (display, &json!("'b'")));
    assert_eq!(of(&frames, "clear_output")[0]["wait"], true);
}

#[tokio::test]
async fn frames_are_replayed_after_a_cursor_and_outlive_the_socket() {
    let mut notebook = Notebook::open(json!({})).await;
    let frames = notebook.run("print('first')").await;
    let cursor = frames.last().unwrap()["cursor"].as_u64().unwrap();
    let id = notebook.queue("import time; time.sleep(0.2); print('second')", false).await;
    while notebook.next().await["type"] != "started" {}
    notebook.socket.close(None).await.unwrap();
    let path = format!("/ws/context?id={}&since={cursor}", notebook.id);
    notebook.socket = notebook.agent.socket(&path).await;
    assert_eq!(notebook.next().await["type"], "ready");
    let frames = notebook.until_done(&id).await;
    assert_eq!(text(&frames), "second\n");
    let cursors: Vec<_> = frames.iter().map(|frame| frame["cursor"].as_u64().unwrap()).collect();
    assert_eq!(cursors, (cursor + 1..=*cursors.last().unwrap()).collect::<Vec<_>>());
}

#[tokio::test]
async fn directory_and_environment_are_the_contexts_also_in_a_warm_kernel() {
    let agent = TestAgent::start_with(env()).await;
    std::fs::create_dir(agent.path("sub")).unwrap();
    let (status_code, _) = agent.post("/api/contexts/warm", json!({ "language": "python" })).await;
    assert_eq!(status_code, StatusCode::ACCEPTED);
    let sub = agent.path("sub").canonicalize().unwrap();
    let body = json!({ "cwd": "sub", "env_vars": { "MINE": "it's \"so\"", "HOME": null } });
    // The first takes the spare, the second starts cold.
    let mut notebook = Notebook::open_in(agent, body.clone()).await;
    let code = "import os; print(os.getcwd(), os.environ['MINE'], 'HOME' in os.environ)";
    let expected = format!("{} it's \"so\" False\n", sub.display());
    let frames = notebook.run(code).await;
    assert_eq!(text(&frames), expected);
    assert_eq!(of(&frames, "started")[0]["executionCount"], 1, "warming leaves no trace");
    let frames = notebook.run("[n for n in dir() if 'sandpit' in n or n in ('numpy', 'plt')]").await;
    assert_eq!(result(&frames), "[]");
    let mut cold = Notebook::open_in(notebook.agent, body).await;
    assert_eq!(text(&cold.run(code).await), expected);
}

#[tokio::test]
async fn javascript_and_typescript_run_on_deno_and_are_interrupted() {
    let mut notebook = Notebook::open(json!({ "language": "typescript" })).await;
    let frames = notebook.run("const x: number = await Promise.resolve(41); console.log('hi'); x + 1").await;
    assert_eq!(text(&frames), "hi\n");
    assert!(result(&frames).contains("42"), "{frames:?}");
    for _ in 0..20 {
        let frames = notebook.run("console.log('a'); 5").await;
        assert!(result(&frames).contains('5'), "no result is lost or late: {frames:?}");
    }
    notebook.run("const x = 7").await;
    let frames = notebook.run("let y = ;").await;
    let error = of(&frames, "error")[0];
    assert_eq!((&error["ename"], &error["evalue"]), (&json!("SyntaxError"), &json!("Expression expected")));
    let running = notebook.queue("while (true) {}", false).await;
    while notebook.next().await["type"] != "started" {}
    tokio::time::sleep(Duration::from_millis(200)).await;
    notebook.send(json!({ "type": "interrupt" })).await;
    notebook.until_done(&running).await;
    let frames = notebook.run("x").await;
    assert!(result(&frames).contains('7'), "variables stay: {frames:?}");
    let (_, body) = notebook.agent.get("/api/ports").await;
    let folder = notebook.agent.agent.state_dir().to_str().unwrap().to_owned();
    let kernel = |line: &Value| line["command"].as_str().is_some_and(|command| command.contains(&folder));
    assert!(!body["ports"].as_array().unwrap().iter().any(kernel), "a kernel's ports are not shown: {body}");
}

#[tokio::test]
async fn a_kernels_own_ports_are_not_shown_and_those_of_its_code_are() {
    let mut notebook = Notebook::open(json!({})).await;
    let folder = notebook.agent.agent.state_dir().to_str().unwrap().to_owned();
    let shown = async |agent: &TestAgent| {
        let (_, body) = agent.get("/api/ports").await;
        let lines = body["ports"].as_array().unwrap().clone();
        lines
            .into_iter()
            .filter(|line| line["command"].as_str().is_some_and(|c| c.contains(&folder)))
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(&notebook.agent).await, Vec::<Value>::new());
    let frames =
        notebook.run("import socket; s = socket.create_server(('127.0.0.1', 0)); s.getsockname()[1]").await;
    let lines = shown(&notebook.agent).await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["port"].to_string(), result(&frames));
}

#[tokio::test]
async fn a_request_that_is_sent_twice_runs_once() {
    let mut notebook = Notebook::open(json!({})).await;
    let frame = json!({ "type": "execute", "requestId": "same", "code": "x = globals().get('x', 0) + 1; x" });
    notebook.send(frame.clone()).await;
    notebook.send(frame).await;
    notebook.until_done("same").await;
    let frames = notebook.run("x").await;
    assert_eq!(result(&frames), "1");
}

#[tokio::test]
async fn a_deleted_context_takes_its_processes_along() {
    let mut notebook = Notebook::open(json!({})).await;
    let frames = notebook
        .run("import subprocess, os\nprint(os.getpid(), subprocess.Popen(['sleep', '1000']).pid)")
        .await;
    let output = text(&frames);
    let pids: Vec<&str> = output.split_whitespace().collect();
    notebook.agent.delete(&format!("/api/contexts/{}", notebook.id)).await;
    let started = Instant::now();
    let runs = |pid: &str| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        !status.is_empty() && !status.contains("zombie")
    };
    while pids.iter().any(|pid| runs(pid)) {
        assert!(started.elapsed() < PATIENCE, "{pids:?} still run");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn what_makes_a_run_short_is_in_force() {
    let mut notebook = Notebook::open(json!({})).await;
    let code = "import sys
kernel, calls = get_ipython().kernel, []
sys.stdout.flush()
schedule = sys.stdout.pub_thread.schedule
sys.stdout.pub_thread.schedule = lambda call: (calls.append(call), schedule(call))
sys.stdout.flush(), sys.stderr.flush()
del sys.stdout.pub_thread.schedule
facts = [len(calls), kernel._execute_sleep, bool(kernel.shell_channel_thread)]
facts + ['debugpy' in sys.modules, kernel.session.pack.__name__, kernel.log.level]";
    let frames = notebook.run(code).await;
    assert_eq!(result(&frames), "[0, 0.0, False, False, 'orjson_packer', 30]", "{frames:?}");
}

#[tokio::test]
async fn what_programs_and_libraries_write_comes_before_the_end_of_the_run() {
    let mut notebook = Notebook::open(json!({})).await;
    let code = "import os, subprocess
for _ in range(3): os.write(1, b'a')
subprocess.run(['sh', '-c', 'printf b; printf c >&2'])
os.write(1, 'ä'.encode()) and 5";
    for _ in 0..20 {
        let frames = notebook.run(code).await;
        let of_stream = |name: &str| {
            let frames: Vec<_> = frames.iter().filter(|frame| frame["name"] == name).cloned().collect();
            text(&frames)
        };
        assert_eq!((&*of_stream("stdout"), &*of_stream("stderr")), ("aaabä", "c"), "{frames:?}");
        let place = |kind: &str| frames.iter().rposition(|frame| frame["type"] == kind);
        assert!(place("stream") < place("result"), "{frames:?}");
    }
}

#[tokio::test]
async fn what_a_forked_process_prints_is_seen_and_awaiting_works() {
    let mut notebook = Notebook::open(json!({})).await;
    let code = "import multiprocessing
child = multiprocessing.get_context('fork').Process(target=lambda: print('child', flush=True))
child.start(); child.join(); print('parent')";
    let frames = notebook.run(code).await;
    assert!(text(&frames).contains("child\n") && text(&frames).contains("parent\n"), "{frames:?}");
    let frames = notebook.run("import asyncio; await asyncio.sleep(0.01); 5").await;
    assert_eq!(result(&frames), "5");
}

#[tokio::test]
async fn output_that_comes_long_after_the_answer_is_waited_for() {
    let mut notebook = Notebook::open(json!({})).await;
    let code = "import time; get_ipython().kernel.iopub_thread.schedule(lambda: time.sleep(4)); 'late'";
    let frames = notebook.run(code).await;
    assert_eq!((result(&frames), text(&frames).as_str()), ("'late'", ""), "{frames:?}");
}

#[tokio::test]
async fn output_that_the_kernel_dropped_is_told_and_ends_the_run() {
    let mut notebook = Notebook::open(json!({})).await;
    let code = "
channel = get_ipython().kernel.iopub_thread
send = channel._really_send
def drop_the_next_end(message, *args, **kwargs):
    if b'\"idle\"' in b''.join(map(bytes, message)):
        channel._really_send = send
    else:
        send(message, *args, **kwargs)
channel._really_send = drop_the_next_end
'told'";
    let frames = notebook.run(code).await;
    assert_eq!((result(&frames), status(&frames)), ("'told'", "ok"), "{frames:?}");
    assert!(text(&frames).contains("the kernel dropped some of it"), "{frames:?}");
    assert_eq!(text(&notebook.run("print(1)").await), "1\n");
}

#[tokio::test]
async fn what_javascript_cannot_import_and_what_it_throws_is_told_as_such() {
    let env = json!({ "NPM_CONFIG_REGISTRY": "http://127.0.0.1:1/" });
    let mut notebook = Notebook::open(json!({ "language": "javascript", "env_vars": env })).await;
    for (code, name, last) in [
        ("import 'npm:@sandpit/no-such-package'", "ModuleNotLoaded", "could not be loaded"),
        ("import './nowhere.js'", "TypeError", "at "),
        ("throw 'plain'", "Error", "Error: plain"),
        ("throw new TypeError('typed')", "TypeError", "at <anonymous>"),
    ] {
        let frames = notebook.run(code).await;
        let error = of(&frames, "error")[0];
        let told = error["traceback"].as_array().unwrap().last().unwrap().as_str().unwrap();
        assert!(error["ename"] == name && told.contains(last), "{code}: {error}");
    }
}
