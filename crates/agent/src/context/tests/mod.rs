//! Contexts with real kernels, from outside. They need the code runtime: `make runtime`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::UnixStream;
use tokio::time::timeout;
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use crate::server::testing::TestAgent;

mod input;
mod notebook;
mod reference;
mod terms;

/// Long enough for a busy machine; a test that passes never waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

fn env() -> BTreeMap<OsString, OsString> {
    let runtime = std::env::var_os("SANDPIT_RUNTIME").map(PathBuf::from);
    let runtime = runtime.expect("SANDPIT_RUNTIME names the code runtime (`make test` sets it)");
    let kernels = runtime.join("share/jupyter");
    assert!(kernels.join("kernels/python3").exists(), "{} is no code runtime", runtime.display());
    let mut env: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
    let path = env.get(&OsString::from("PATH")).cloned().unwrap_or_default();
    let path = std::iter::once(runtime.join("bin")).chain(std::env::split_paths(&path));
    env.insert("PATH".into(), std::env::join_paths(path).unwrap());
    env.insert("JUPYTER_PATH".into(), kernels.into());
    env
}

struct Notebook {
    agent: TestAgent,
    socket: WebSocketStream<UnixStream>,
    id: String,
    runs: usize,
}

impl Notebook {
    async fn open(body: Value) -> Self {
        let agent = TestAgent::start_with(env()).await;
        Self::open_in(agent, body).await
    }

    async fn open_in(agent: TestAgent, body: Value) -> Self {
        let (status, answer) = agent.post("/api/contexts", body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let id = answer["contextId"].as_str().unwrap().to_owned();
        Self::enter(agent, id).await
    }

    async fn enter(agent: TestAgent, id: String) -> Self {
        let socket = agent.socket(&format!("/ws/context?id={id}")).await;
        let mut notebook = Self { agent, socket, id, runs: 0 };
        assert_eq!(notebook.next().await["type"], "ready");
        notebook
    }

    async fn send(&mut self, frame: Value) {
        self.socket.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// Queues `code`; answers with its request id.
    async fn queue(&mut self, code: &str, stop_on_error: bool) -> String {
        self.runs += 1;
        let id = format!("r{}", self.runs);
        let frame = json!({ "type": "execute", "requestId": id, "code": code, "stopOnError": stop_on_error });
        self.send(frame).await;
        id
    }

    async fn next(&mut self) -> Value {
        loop {
            let message =
                timeout(PATIENCE, self.socket.next()).await.expect("a frame in time").unwrap().unwrap();
            if let Message::Text(text) = message {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// Every frame up to the end of the run with `id`.
    async fn until_done(&mut self, id: &str) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await;
            let done = frame["type"] == "done" && frame["requestId"] == id;
            frames.push(frame);
            if done {
                return frames;
            }
        }
    }

    async fn run(&mut self, code: &str) -> Vec<Value> {
        let id = self.queue(code, false).await;
        self.until_done(&id).await
    }
}

fn of<'a>(frames: &'a [Value], kind: &str) -> Vec<&'a Value> {
    frames.iter().filter(|frame| frame["type"] == kind).collect()
}

fn text(frames: &[Value]) -> String {
    of(frames, "stream").iter().map(|frame| frame["text"].as_str().unwrap()).collect()
}

fn result(frames: &[Value]) -> &str {
    of(frames, "result").first().and_then(|frame| frame["data"]["text/plain"].as_str()).unwrap_or("-")
}

fn status(frames: &[Value]) -> &str {
    frames.last().unwrap()["status"].as_str().unwrap()
}
