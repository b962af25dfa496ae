//! One journey without a window: a real sandbox of the embedded engine, made, used, seen and deleted
//! through the router. It needs the agent (`SANDPIT_AGENT`), and fails without it.

use std::panic::AssertUnwindSafe;

use futures::{FutureExt, SinkExt, StreamExt};
use http::{Method, StatusCode, header};
use sandpit_gateway::{Config, Gateway, installed};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::common::{Caller, eventually, text};

/// Answers pages, and echoes one frame on a WebSocket, with nothing but Python's own library.
const SERVER: &str = r#"
import base64, hashlib, http.server
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.headers.get("Upgrade") != "websocket":
            body = b"hello from " + self.headers["Host"].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            return self.wfile.write(body)
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", "websocket")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        length = self.rfile.read(2)[1] & 127
        mask, data = self.rfile.read(4), self.rfile.read(length)
        self.wfile.write(bytes([0x81, length]) + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))
        self.close_connection = True
http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_sandbox_is_made_used_seen_and_deleted() {
    let folder = tempfile::Builder::new().prefix("sandpit-gateway-").tempdir().expect("a folder");
    let engines = installed(folder.path()).await.expect("an open engine");
    let config = Config { data_dir: folder.path().to_owned(), engines, frame_ancestors: Vec::new() };
    let gateway = Gateway::open(config).await.expect("an open gateway");
    let caller = Caller(gateway.clone());
    let made = caller.post("/v1/sandboxes", json!({ "id": "real", "env": { "GREETING": "hello" } })).await;
    assert_eq!(made["state"], "running");
    // It is deleted also when something fails, so that no process outlives the test.
    let used = AssertUnwindSafe(use_it(gateway.clone())).catch_unwind().await;
    let (status, _) = caller.call(Method::DELETE, "/v1/sandboxes/real", Value::Null).await;
    used.expect("the journey");
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert!(!folder.path().join("sandboxes/real").exists());
    assert_eq!(caller.get("/v1/sandboxes").await["sandboxes"], json!([]));
}

async fn use_it(gateway: Gateway) {
    let caller = Caller(gateway.clone());
    let said = run(&caller, "echo $GREETING from $(hostname); id -un").await;
    assert_eq!(said, "hello from real\nsandpit\n");
    assert!(caller.get("/v1/sandboxes/real/stats").await["processes"].as_u64() >= Some(1));
    caller.post("/v1/sandboxes/real/api/write", json!({ "path": "server.py", "content": SERVER })).await;
    let server = json!({ "command": "exec python3 server.py" });
    caller.post("/v1/sandboxes/real/api/process/start", server).await;
    run(&caller, "until (: < /dev/tcp/127.0.0.1/8000) 2> /dev/null; do sleep 0.01; done").await;
    let exposed = caller.post("/v1/sandboxes/real/ports", json!({ "port": 8000 })).await;
    assert_eq!(exposed["status"], "active", "what listens is told at once, however lately it began to");
    let url = exposed["url"].as_str().expect("a url");
    let host = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let ports = caller.get("/v1/sandboxes/real/ports").await;
    assert_eq!(ports["exposed"][0]["status"], "active");
    let listening = ports["listening"].clone();
    assert_eq!(
        (&listening[0]["port"], &listening[0]["process"]),
        (&json!(8000), &json!("python3")),
        "{listening}"
    );
    preview(&gateway, &host).await;
    caller.post("/v1/sandboxes/real/stop", Value::Null).await;
    eventually(async || caller.get("/v1/sandboxes/real/ports").await["listening"] == json!([])).await;
    caller.post("/v1/sandboxes/real/start", Value::Null).await;
    assert_eq!(run(&caller, "ls /workspace/server.py").await, "/workspace/server.py\n");
}

/// What a command prints.
async fn run(caller: &Caller, command: &str) -> String {
    let done = caller.post("/v1/sandboxes/real/api/execute", json!({ "command": command })).await;
    assert_eq!(done["exitCode"], 0, "{done}");
    done["stdout"].as_str().expect("text").to_owned()
}

async fn preview(gateway: &Gateway, host: &str) {
    let stream = async || TcpStream::connect(gateway.preview_address()).await.expect("a connection");
    let mut client = sandpit_engine::AgentClient::over(Box::new(stream().await)).await.expect("a client");
    for _ in 0..3 {
        let request = http::Request::get("/").header(header::HOST, host);
        let request = request.body(axum::body::Body::empty()).expect("a request");
        let page = client.send(request).await.expect("an answer");
        assert_eq!(text(page).await, "hello from localhost:8000");
    }
    let socket = tokio_tungstenite::client_async(format!("ws://{host}/"), stream().await).await;
    let (mut socket, _) = socket.expect("a socket");
    socket.send(Message::text("hot reload")).await.expect("sent");
    assert_eq!(socket.next().await.expect("an echo").expect("a message"), Message::text("hot reload"));
}
