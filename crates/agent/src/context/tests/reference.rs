//! `/api/execute/code`, as the official client uses it.

use http::{Method, StatusCode};

use super::*;

/// A context of `body`, and what runs code in it over the reference's route.
pub struct Context {
    pub agent: TestAgent,
    pub id: String,
}

impl Context {
    pub async fn of(body: Value) -> Self {
        Self::within(TestAgent::start_with(env()).await, body).await
    }

    pub async fn within(agent: TestAgent, body: Value) -> Self {
        let (status, answer) = agent.post("/api/contexts", body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        Self { id: answer["contextId"].as_str().unwrap().to_owned(), agent }
    }

    /// The events of `code` under more `terms`.
    pub async fn run_with(&self, code: &str, terms: Value) -> Vec<Value> {
        let mut body = json!({ "context_id": self.id, "code": code });
        body.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
        timeout(PATIENCE, self.agent.events(Method::POST, "/api/execute/code", body)).await.unwrap()
    }

    pub async fn run(&self, code: &str) -> Vec<Value> {
        self.run_with(code, json!({})).await
    }

    /// The text of the result of `code`.
    pub async fn value(&self, code: &str) -> String {
        let events = self.run(code).await;
        let result = events.iter().find(|event| event["type"] == "result");
        result.and_then(|event| event["text"].as_str()).unwrap_or_else(|| panic!("{events:?}")).to_owned()
    }
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn code_runs_over_the_references_route() {
    let agent = TestAgent::start_with(env()).await;
    let (_, body) = agent.post("/api/contexts", json!({ "language": "python3" })).await;
    assert_eq!((&body["language"], &body["context"]["language"]), (&json!("python3"), &json!("python")));
    let id = body["contextId"].as_str().unwrap().to_owned();
    let run = async |code: &str| {
        agent.events(Method::POST, "/api/execute/code", json!({ "context_id": id, "code": code })).await
    };
    let events = run("print('a')\n{'k': 1}").await;
    assert_eq!(events[0], json!({ "type": "stdout", "text": "a\n" }));
    let result = json!({ "type": "result", "text": "{'k': 1}", "json": { "k": 1 }, "metadata": {} });
    assert_eq!(events[1], result);
    assert_eq!(events[2], json!({ "type": "execution_complete", "execution_count": 1 }));
    let events = run("nope").await;
    assert_eq!((events.len(), &events[0]["ename"]), (1, &json!("NameError")));
    let (status, _) = agent.delete(&format!("/api/contexts/{id}")).await;
    assert_eq!(status, StatusCode::OK);
    let (status, body) = agent.post("/api/execute/code", json!({ "context_id": id, "code": "1" })).await;
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!("CONTEXT_NOT_FOUND")));
}

#[tokio::test]
async fn code_without_a_context_shares_one() {
    let agent = TestAgent::start_with(env()).await;
    for (code, expected) in [("x = 5\nx", "5"), ("x + 1", "6")] {
        let events = agent.events(Method::POST, "/api/execute/code", json!({ "code": code })).await;
        assert_eq!(events[0]["text"], expected);
    }
}

#[tokio::test]
async fn bad_requests_name_their_field() {
    let agent = TestAgent::start_with(env()).await;
    for (body, field) in [
        (json!({ "language": "cobol" }), "language"),
        (json!({ "cwd": "/no/such/folder" }), "cwd"),
        (json!({ "env_vars": { "A B": "x" } }), "env_vars"),
    ] {
        let (status, answer) = agent.post("/api/contexts", body).await;
        assert_eq!(
            (status, &answer["context"]["field"]),
            (StatusCode::BAD_REQUEST, &json!(field)),
            "{answer}"
        );
    }
    let (status, _) = agent.post("/api/contexts/none/interrupt", json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn each_display_is_one_event_with_all_its_types() {
    let context = Context::of(json!({})).await;
    let events = context.run("import pandas\npandas.DataFrame({'a': [1]})").await;
    assert!(events[0]["html"].as_str().unwrap().contains("<table") && events[0]["text"].is_string());
    assert_eq!(kinds(&events), ["result", "execution_complete"]);
    let two = "import matplotlib.pyplot as plt\nfor _ in range(2): plt.figure(); plt.plot([1])";
    for code in [two.to_owned(), format!("import matplotlib; matplotlib.use('Agg')\n{two}")] {
        let events = context.run(&code).await;
        assert_eq!(kinds(&events), ["result", "result", "execution_complete"], "{code}");
        assert!(events[..2].iter().all(|event| event["png"].as_str().unwrap().starts_with("iVBOR")));
    }
    let code = "from IPython.display import *\n\
                display(SVG('<svg/>'), HTML('<b>h</b>'), Latex('$x$'), Markdown('*m*'), Javascript('1'), JSON([1]))";
    let events = context.run(code).await;
    for (event, field) in events.iter().zip(["svg", "html", "latex", "markdown", "javascript", "json"]) {
        assert!(!event[field].is_null(), "{field}: {event}");
    }
}

#[tokio::test]
async fn streams_results_and_errors_keep_apart_and_in_order() {
    let context = Context::of(json!({})).await;
    let code =
        "import sys\nprint('ä😀', flush=True)\nprint('b', file=sys.stderr, flush=True)\ndisplay(1)\n1 / 0";
    let events = context.run(code).await;
    assert_eq!(kinds(&events), ["stdout", "stderr", "result", "error"]);
    assert_eq!((&events[0]["text"], &events[1]["text"]), (&json!("ä😀\n"), &json!("b\n")));
    let error = &events[3];
    assert_eq!(
        (&error["ename"], &error["evalue"]),
        (&json!("ZeroDivisionError"), &json!("division by zero"))
    );
    let traceback = error["traceback"].as_array().unwrap();
    assert!(traceback.iter().all(|line| !line.as_str().unwrap().contains('\u{1b}')), "no colours: {error}");
    let events = context.run("def (").await;
    assert_eq!((events.len(), &events[0]["ename"]), (1, &json!("SyntaxError")));
    assert_eq!(context.run("1").await[1]["execution_count"], 3);
}

#[tokio::test]
async fn text_comes_as_it_is_written() {
    let context = Context::of(json!({})).await;
    let gate = context.agent.path("gate");
    let code = format!(
        "import os, time\nprint('first')\nwhile not os.path.exists({:?}): time.sleep(0.01)\nprint('second')",
        gate.to_str().unwrap()
    );
    let body = json!({ "context_id": context.id, "code": code });
    let mut events = context.agent.open_events(Method::POST, "/api/execute/code", body).await;
    assert_eq!(events.next().await.unwrap()["text"], "first\n");
    std::fs::write(gate, "").unwrap();
    assert_eq!(events.next().await.unwrap()["text"], "second\n");
}

#[tokio::test]
async fn plain_values_of_python_are_json_too_and_the_notebook_sees_text_alone() {
    let context = Context::of(json!({})).await;
    let events = context.run("[1, {'a': (2, None)}]").await;
    assert_eq!(events[0]["json"], json!([1, { "a": [2, null] }]));
    for text in ["{1: float('nan')}", "[object()]", "'text'", "5"] {
        assert_eq!(context.run(text).await[0].get("json"), None, "{text} is no JSON");
    }
    let mut notebook = Notebook::enter(context.agent, context.id).await;
    let frames = notebook.run("{'a': 1}").await;
    let data = &of(&frames, "result")[0]["data"];
    assert_eq!(data, &json!({ "text/plain": "{'a': 1}" }));
}

#[tokio::test]
async fn javascript_has_require_values_without_colour_and_objects_as_json() {
    let context = Context::of(json!({ "language": "js" })).await;
    assert_eq!(context.value("const path = require('path'); path.join('a', 'b')").await, "\"a/b\"");
    assert_eq!(context.value("const path = await Promise.resolve(6); path * 7").await, "42");
    let package = context.agent.path("node_modules/mine");
    std::fs::create_dir_all(&package).unwrap();
    std::fs::write(package.join("index.js"), "module.exports = { seven: 7 }").unwrap();
    assert_eq!(context.value("require('mine').seven").await, "7");
    let events = context.run("({ a: [1, 'x'], n: null })").await;
    assert_eq!(events[0]["json"], json!({ "a": [1, "x"], "n": null }));
    assert!(events[0]["text"].as_str().unwrap().contains("a: [ 1, \"x\" ]"), "{events:?}");
    let events = context.run("new Map([[1, 2]])").await;
    assert_eq!((&events[0]["text"], events[0].get("json")), (&json!("Map(1) { 1 => 2 }"), None));
    assert_eq!(context.value("Object.keys({ b: 1 }).concat(Object.keys([])).join()").await, "\"b\"");
    let events = context.run("console.log('out'); console.error('err'); throw new TypeError('bad')").await;
    assert_eq!(kinds(&events), ["stdout", "stderr", "error"]);
    assert_eq!((&events[2]["ename"], &events[2]["evalue"]), (&json!("TypeError"), &json!("bad")));
    let events = context.run_with("const n: number = 3; n", json!({ "language": "typescript" })).await;
    assert_eq!(events[0]["text"], "3");
}

#[tokio::test]
async fn any_kernelspec_of_the_sandbox_is_a_language() {
    let home = tempfile::tempdir().unwrap();
    let kernels = PathBuf::from(&env()[&OsString::from("JUPYTER_PATH")]).join("kernels");
    let own = home.path().join(".local/share/jupyter/kernels/mine");
    std::fs::create_dir_all(&own).unwrap();
    let text = std::fs::read_to_string(kernels.join("python3/kernel.json")).unwrap();
    std::fs::copy(kernels.join("python3/ipykernel_quick.py"), own.join("ipykernel_quick.py")).unwrap();
    let mut spec: Value = serde_json::from_str(&text).unwrap();
    (spec["language"], spec["display_name"]) = (json!("cobol"), json!("Mine"));
    std::fs::write(own.join("kernel.json"), spec.to_string()).unwrap();
    let mut env = env();
    env.insert("HOME".into(), home.path().into());
    env.remove(&OsString::from("XDG_DATA_HOME"));
    let agent = TestAgent::start_with(env).await;
    let (status, answer) =
        agent.post("/api/contexts", json!({ "language": "cobol", "variables": { "x": 1 } })).await;
    assert_eq!((status, &answer["context"]["field"]), (StatusCode::NOT_IMPLEMENTED, &json!("variables")));
    let context = Context::within(agent, json!({ "language": "mine" })).await;
    assert_eq!(context.value("6 * 7").await, "42");
    let body = json!({ "context_id": context.id, "code": "1", "env_vars": { "A": "b" } });
    let (status, answer) = context.agent.post("/api/execute/code", body).await;
    assert_eq!((status, &answer["context"]["field"]), (StatusCode::NOT_IMPLEMENTED, &json!("env_vars")));
}

#[tokio::test]
async fn a_sandbox_without_kernels_says_so_for_good() {
    let empty = tempfile::tempdir().unwrap();
    let mut env = env();
    for name in ["JUPYTER_PATH", "XDG_DATA_HOME", "PATH"] {
        env.insert(name.into(), empty.path().into());
    }
    let agent = TestAgent::start_with(env).await;
    for (language, code) in [("python", "PYTHON_NOT_AVAILABLE"), ("javascript", "JAVASCRIPT_NOT_AVAILABLE")] {
        let (status, answer) = agent.post("/api/contexts", json!({ "language": language })).await;
        assert_eq!((status, &answer["code"]), (StatusCode::NOT_IMPLEMENTED, &json!(code)));
        let body = json!({ "language": language, "code": "1" });
        let (status, answer) = agent.post("/api/execute/code", body).await;
        assert_eq!((status, &answer["code"]), (StatusCode::NOT_IMPLEMENTED, &json!(code)));
    }
}

#[tokio::test]
async fn output_that_is_larger_than_what_is_kept_comes_whole() {
    let context = Context::of(json!({})).await;
    for _ in 0..2 {
        let events = context.run("print('x' * 5_000_000); 'y' * 5_000_000").await;
        let length = |kind: &str| {
            let texts = events.iter().filter(|event| event["type"] == kind);
            texts.map(|event| event["text"].as_str().unwrap_or_default().len()).sum::<usize>()
        };
        assert_eq!((length("stdout"), length("result"), length("stderr")), (5_000_001, 5_000_002, 0));
    }
}

#[tokio::test]
async fn what_javascript_does_not_catch_is_told_and_stops_nothing() {
    let context = Context::of(json!({ "language": "javascript" })).await;
    let waits = "await new Promise((done) => setTimeout(done, 200)); 'over'";
    for throws in [
        "setTimeout(() => { throw new Error('later') }, 10);",
        "Promise.reject(new Error('later'));",
        "queueMicrotask(() => { throw new Error('later') });",
    ] {
        let begun = std::time::Instant::now();
        let events = context.run(&format!("{throws} {waits}")).await;
        let stderr: Vec<_> = events.iter().filter(|event| event["type"] == "stderr").collect();
        assert!(
            stderr.iter().any(|event| event["text"].as_str().unwrap().contains("later")),
            "{throws} {events:?}"
        );
        assert!(events.iter().any(|event| event["type"] == "result"), "{throws} {events:?}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{throws} {:?}", begun.elapsed());
    }
}
