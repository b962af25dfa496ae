//! An agent served in process on a Unix socket in a temporary folder, and a plain client of it.
//!
//! Tests of any module use it; no sandbox is needed.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf, sync::Arc};

use axum::body::Body;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    net::{UnixListener, UnixStream},
    task::JoinHandle,
};
use tokio_tungstenite::WebSocketStream;

use crate::{Agent, Config, server};

/// Stops serving, and removes its folders, when dropped.
pub struct TestAgent {
    pub agent: Arc<Agent>,
    socket: PathBuf,
    server: JoinHandle<()>,
    folder: TempDir,
}

impl Drop for TestAgent {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("sandpit-test-").tempdir().unwrap()
}

impl TestAgent {
    /// An agent with an empty workspace, and the test's own environment with an empty home: what a person's
    /// own profile does takes its time, and may leave something behind when a test ends its shell.
    pub async fn start() -> Self {
        let folder = folder();
        let home = folder.path().join("home");
        std::fs::create_dir(&home).unwrap();
        let own = [(OsString::from("HOME"), home.into())];
        Self::start_in(folder, std::env::vars_os().chain(own).collect())
    }

    /// An agent with an empty workspace, whose sandbox has the environment `env`.
    pub async fn start_with(env: BTreeMap<OsString, OsString>) -> Self {
        Self::start_in(folder(), env)
    }

    fn start_in(folder: TempDir, env: BTreeMap<OsString, OsString>) -> Self {
        let workspace = folder.path().join("workspace");
        std::fs::create_dir(&workspace).unwrap();
        let agent = Agent::new(Config { workspace, env }).unwrap();
        let socket = folder.path().join("agent.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let app = server::router(agent.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { agent, socket, server, folder }
    }

    /// A path in the workspace.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("workspace").join(name)
    }

    /// A new connection to the agent.
    pub async fn dial(&self) -> UnixStream {
        UnixStream::connect(&self.socket).await.unwrap()
    }

    /// Sends `request` on a connection of its own; the answer's body is not read yet.
    pub async fn send(&self, request: Request<Body>) -> Response<Incoming> {
        let stream = TokioIo::new(self.dial().await);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        tokio::spawn(connection.with_upgrades());
        sender.send_request(request).await.unwrap()
    }

    /// Sends `body` (`Value::Null`: none) and reads the answer as JSON (`Null` when it is empty).
    pub async fn call(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).header("host", "agent");
        let request = if body.is_null() {
            request.body(Body::empty())
        } else {
            request.header("content-type", "application/json").body(Body::from(body.to_string()))
        };
        let response = self.send(request.unwrap()).await;
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let value = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        (status, value)
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::GET, path, Value::Null).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(Method::POST, path, body).await
    }

    pub async fn delete(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::DELETE, path, Value::Null).await
    }

    /// The events of a server-sent answer, until it ends.
    pub async fn events(&self, method: Method, path: &str, body: Value) -> Vec<Value> {
        let mut events = self.open_events(method, path, body).await;
        let mut all = Vec::new();
        while let Some(event) = events.next().await {
            all.push(event);
        }
        all
    }

    /// A server-sent answer, to be read event by event.
    pub async fn open_events(&self, method: Method, path: &str, body: Value) -> Events {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let request = Request::builder().method(method).uri(path).header("host", "agent").body(body).unwrap();
        let response = self.send(request).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events { body: response.into_body(), text: Vec::new() }
    }

    /// A WebSocket to `path`.
    pub async fn socket(&self, path: &str) -> WebSocketStream<UnixStream> {
        let stream = self.dial().await;
        let (socket, _) = tokio_tungstenite::client_async(format!("ws://agent{path}"), stream).await.unwrap();
        socket
    }
}

/// The pid that a command writes into `file`, once it has.
pub async fn pid_in(file: PathBuf) -> i32 {
    loop {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        if let Some(pid) = text.strip_suffix('\n').and_then(|line| line.parse().ok()) {
            return pid;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// Server-sent events as they come.
pub struct Events {
    body: Incoming,
    text: Vec<u8>,
}

impl Events {
    /// The next event, or `None` at the end of the answer.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.text.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = self.text.drain(..end + 2).collect();
                return Some(serde_json::from_slice(event.strip_prefix(b"data: ").unwrap()).unwrap());
            }
            let frame = self.body.frame().await?.unwrap();
            self.text.extend_from_slice(frame.data_ref().unwrap());
        }
    }
}

#[tokio::test]
async fn an_agent_says_that_it_is_healthy() {
    let agent = TestAgent::start().await;
    let (status, body) = agent.get("/api/ping").await;
    assert_eq!((status, body["status"].as_str()), (StatusCode::OK, Some("healthy")));
}

#[tokio::test]
async fn an_unknown_route_and_a_wrong_method_are_told_apart() {
    let agent = TestAgent::start().await;
    let (status, body) = agent.get("/api/nothing").await;
    assert_eq!((status, body["code"].as_str()), (StatusCode::NOT_FOUND, Some("ROUTE_NOT_FOUND")));
    let (status, body) = agent.delete("/api/ping").await;
    assert_eq!((status, body["code"].as_str()), (StatusCode::METHOD_NOT_ALLOWED, Some("METHOD_NOT_ALLOWED")));
}

#[tokio::test]
async fn a_field_that_no_route_knows_is_refused_by_every_route() {
    let agent = TestAgent::start().await;
    // Its input is read after it was found.
    let process = json!({ "command": "cat", "processId": "id", "stdin": true });
    agent.post("/api/process/start", process).await;
    let document = server::openapi::whole();
    let mut asked = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        // It takes the answer of another route as it is.
        if path == "/api/trash/restore" {
            continue;
        }
        let with_body =
            operations.as_object().unwrap().iter().filter(|(_, operation)| {
                operation["requestBody"]["content"].get("application/json").is_some()
            });
        for (method, _) in with_body {
            let route = path.replace(['{', '}'], "");
            let method = method.to_uppercase().parse().unwrap();
            let (status, body) = agent.call(method, &route, json!({ "noSuchField": 1 })).await;
            let refused = (status, &body["code"], &body["context"]["field"]);
            let expected = (StatusCode::BAD_REQUEST, &json!("VALIDATION_FAILED"), &json!("noSuchField"));
            assert_eq!(refused, expected, "{path}: {body}");
            asked += 1;
        }
    }
    assert!(asked > 20, "{asked} routes with a body");
}

#[tokio::test]
async fn on_tcp_only_those_who_know_the_token_are_served() {
    use tower::ServiceExt;
    let agent = TestAgent::start().await;
    let app = server::listen::guarded(server::router(agent.agent.clone()), "secret".to_owned());
    for (sent, status) in
        [(None, 401), (Some("Bearer secre"), 401), (Some("secret"), 401), (Some("Bearer secret"), 200)]
    {
        let request = Request::get("/api/ping");
        let request = sent.into_iter().fold(request, |request, token| request.header("authorization", token));
        let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{sent:?}");
    }
}
