//! A gateway over the fake engine, whose agent does what a test tells it to.

use std::{collections::HashMap, ops::Deref, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Request, State},
    response::{IntoResponse, Response, Sse, sse},
    routing::{any, get},
};
use bytes::Bytes;
use futures::StreamExt;
use http::{Method, StatusCode, header};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use sandpit_api::{ApiError, ErrorCode, event::Event, port::ListeningPort};
use sandpit_engine::{AgentClient, fake::FakeEngine};
use sandpit_gateway::{Config, Failed, Gateway};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpStream, sync::watch};
use tower::ServiceExt;

/// What a test steers: which ports listen, and what is running.
#[derive(Default)]
pub struct Agent {
    ports: Mutex<HashMap<String, watch::Sender<Vec<ListeningPort>>>>,
    pub processes: Mutex<Value>,
    /// Bytes of `/api/flood` that were asked for.
    pub flooded: std::sync::atomic::AtomicUsize,
}

impl Agent {
    fn watched(&self, id: &str) -> watch::Receiver<Vec<ListeningPort>> {
        self.ports.lock().entry(id.to_owned()).or_default().subscribe()
    }

    pub fn listens(&self, id: &str, ports: &[u16]) {
        let ports = ports.iter().map(|port| ListeningPort {
            port: *port,
            address: "127.0.0.1".to_owned(),
            pid: Some(7),
            process: Some("server".to_owned()),
            command: None,
        });
        self.ports.lock().entry(id.to_owned()).or_default().send_replace(ports.collect());
    }
}

/// A gateway, its engine and its agents.
pub struct World {
    pub gateway: Gateway,
    caller: Caller,
    pub engine: FakeEngine,
    pub agent: Arc<Agent>,
    folder: TempDir,
}

pub async fn world() -> World {
    let folder = tempfile::tempdir().expect("a folder");
    let agent = Arc::new(Agent { processes: Mutex::new(json!([])), ..Agent::default() });
    let answers = agent.clone();
    let engine = FakeEngine::with_agent(move |id, request: http::Request<hyper::body::Incoming>| {
        let router = agent_router().with_state((id, answers.clone()));
        async move { router.oneshot(request.map(Body::new)).await.into_response() }
    });
    let gateway = open(&engine, &folder).await;
    World { caller: Caller(gateway.clone()), gateway, engine, agent, folder }
}

async fn open(engine: &FakeEngine, folder: &TempDir) -> Gateway {
    let config = Config {
        data_dir: folder.path().to_owned(),
        engines: vec![Arc::new(engine.clone())],
        frame_ancestors: vec!["tauri://localhost".to_owned()],
    };
    Gateway::open(config).await.expect("an open gateway")
}

type Steered = (String, Arc<Agent>);

fn agent_router() -> Router<Steered> {
    Router::new()
        .route("/api/ping", get(async || Json(json!({ "success": true }))))
        .route("/api/echo", any(async |request: Request| request.into_body()))
        .route(
            "/api/seen",
            any(async |request: Request| format!("{} {:?}", request.uri(), request.headers())),
        )
        .route("/api/flood", get(flood))
        .route("/api/broken", get(broken))
        .route(
            "/api/hang-up",
            get(async || -> StatusCode { panic!("this connection ends without an answer") }),
        )
        .route("/api/process/list", get(processes))
        .route("/api/contexts", get(async || Json(json!({ "contexts": [] }))))
        .route("/api/ports/watch", get(watch_ports))
        .route("/api/tunnel/{port}", get(tunnel))
        .route("/ws/echo", get(echo))
}

async fn processes(State((_, agent)): State<Steered>) -> Json<Value> {
    Json(json!({ "processes": *agent.processes.lock() }))
}

async fn watch_ports(State((id, agent)): State<Steered>) -> impl IntoResponse {
    let seen = tokio_stream::wrappers::WatchStream::new(agent.watched(&id));
    Sse::new(seen.map(|ports| sse::Event::default().json_data(json!({ "ports": ports }))))
}

/// Gives as much as is taken, 64 KiB at a time.
async fn flood(State((_, agent)): State<Steered>) -> Body {
    let chunks = futures::stream::repeat(Bytes::from(vec![b'x'; 65536]));
    let counted = chunks.map(move |chunk| {
        agent.flooded.fetch_add(chunk.len(), std::sync::atomic::Ordering::Relaxed);
        Ok::<_, std::io::Error>(chunk)
    });
    Body::from_stream(counted)
}

async fn broken() -> Body {
    let chunks = [Ok(Bytes::from_static(b"half")), Err(std::io::Error::other("the agent broke"))];
    Body::from_stream(futures::stream::iter(chunks).then(async |chunk| {
        tokio::time::sleep(Duration::from_millis(20)).await;
        chunk
    }))
}

async fn tunnel(Path(port): Path<u16>, mut request: Request) -> Response {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else {
        return Failed(ApiError::new(ErrorCode::ServiceNotResponding, "refused")).into_response();
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut client = TokioIo::new(upgrade.await.expect("an upgrade"));
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    });
    switched("tcp")
}

async fn echo(mut request: Request) -> Response {
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let stream = TokioIo::new(upgrade.await.expect("an upgrade"));
        let role = tokio_tungstenite::tungstenite::protocol::Role::Server;
        let mut socket = tokio_tungstenite::WebSocketStream::from_raw_socket(stream, role, None).await;
        while let Some(Ok(message)) = socket.next().await {
            if message.is_close() || futures::SinkExt::send(&mut socket, message).await.is_err() {
                break;
            }
        }
    });
    let key = request.headers()[header::SEC_WEBSOCKET_KEY].as_bytes();
    let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(key);
    let mut response = switched("websocket");
    response.headers_mut().insert(header::SEC_WEBSOCKET_ACCEPT, accept.parse().expect("a header"));
    response
}

fn switched(protocol: &'static str) -> Response {
    let headers = [(header::CONNECTION, "upgrade"), (header::UPGRADE, protocol)];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

impl World {
    /// The same world, with its gateway opened anew.
    pub async fn again(self) -> Self {
        let gateway = open(&self.engine, &self.folder).await;
        Self { caller: Caller(gateway.clone()), gateway, ..self }
    }
}

impl Deref for World {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// A client of a gateway.
pub struct Caller(pub Gateway);

impl Caller {
    /// Sends one request over a new in-process connection.
    pub async fn send(&self, request: http::Request<Body>) -> http::Response<hyper::body::Incoming> {
        let mut client = AgentClient::over(Box::new(self.0.connect())).await.expect("a connection");
        client.send(request).await.expect("an answer")
    }

    /// Sends JSON, and gives the status and the JSON answered.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let request =
            http::Request::builder().method(method).uri(path).body(Body::from(text)).expect("a request");
        let answer = self.send(request).await;
        let status = answer.status();
        let bytes = answer.into_body().collect().await.expect("a body").to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.call(Method::POST, path, body).await;
        assert!(status.is_success(), "{path}: {body}");
        body
    }

    /// The code and status of a call that fails.
    pub async fn fails(&self, method: Method, path: &str, body: Value) -> (u16, String) {
        let (status, body) = self.call(method, path, body).await;
        assert!(!status.is_success(), "{path}: {body}");
        assert_eq!(body["httpStatus"], status.as_u16(), "{body}");
        (status.as_u16(), body["code"].as_str().expect("a code").to_owned())
    }

    /// Makes the sandbox `demo`.
    pub async fn demo(&self) {
        self.post("/v1/sandboxes", json!({ "id": "demo" })).await;
    }

    /// Follows the events from now on.
    pub async fn events(&self) -> Events {
        self.events_at("/v1/events").await
    }

    pub async fn events_at(&self, path: &str) -> Events {
        let request = http::Request::get(path).body(Body::empty()).expect("a request");
        Events { bytes: self.send(request).await.into_body().into_data_stream(), text: String::new() }
    }
}

/// Events as they come.
pub struct Events {
    bytes: http_body_util::BodyDataStream<hyper::body::Incoming>,
    text: String,
}

impl Events {
    pub async fn next(&mut self) -> Event {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let data = event.lines().find_map(|line| line.strip_prefix("data: ").map(str::to_owned));
                self.text = rest.to_owned();
                if let Some(data) = data {
                    return serde_json::from_str(&data).expect("an event");
                }
            } else {
                let more = self.bytes.next();
                let more =
                    tokio::time::timeout(Duration::from_secs(10), more).await.expect("an event in time");
                self.text.push_str(&String::from_utf8_lossy(&more.expect("more").expect("bytes")));
            }
        }
    }

    /// The first event, from here on, that `wanted` takes.
    pub async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = self.next().await;
            if wanted(&event) {
                return event;
            }
        }
    }
}

/// Waits until `ready` says so.
pub async fn eventually(mut ready: impl AsyncFnMut() -> bool) {
    for _ in 0..400 {
        if ready().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it did not happen within 10 s");
}

/// An answer's body as text.
pub async fn text<B>(answer: http::Response<B>) -> String
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    String::from_utf8_lossy(&answer.into_body().collect().await.expect("a body").to_bytes()).into_owned()
}
