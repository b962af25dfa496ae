//! Terminals over their routes and sockets, with a real bash and a real PTY.

mod resume;
mod sharing;

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{net::UnixStream, time::timeout};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use crate::server::testing::TestAgent;

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// A viewer as a test sees it.
struct Screen {
    socket: WebSocketStream<UnixStream>,
    pub output: Vec<u8>,
    cursor: u64,
    acks: bool,
}

impl Screen {
    pub async fn attach(agent: &TestAgent, query: &str) -> Self {
        let socket = agent.socket(&format!("/ws/terminal?{query}")).await;
        Self { socket, output: Vec::new(), cursor: 0, acks: true }
    }

    /// The next text frame; output on the way to it is kept, and acknowledged.
    async fn frame(&mut self) -> Value {
        loop {
            if let Some(frame) = self.step().await {
                return frame;
            }
        }
    }

    pub async fn step(&mut self) -> Option<Value> {
        let message = self.socket.next().await.unwrap().unwrap();
        match message {
            Message::Binary(bytes) => {
                self.output.extend_from_slice(&bytes);
                self.cursor += bytes.len() as u64;
                if self.acks {
                    self.say(json!({ "type": "ack", "cursor": self.cursor })).await;
                }
                None
            }
            Message::Text(text) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                if matches!(frame["type"].as_str(), Some("ready" | "truncated")) {
                    self.cursor = frame["cursor"].as_u64().unwrap();
                }
                Some(frame)
            }
            _ => None,
        }
    }

    pub async fn until_type(&mut self, kind: &str) -> Value {
        loop {
            let frame = timeout(PATIENCE, self.frame()).await.unwrap_or_else(|_| panic!("no {kind}"));
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    pub async fn until_text(&mut self, text: &str) {
        while !String::from_utf8_lossy(&self.output).contains(text) {
            let shown = String::from_utf8_lossy(&self.output).into_owned();
            timeout(PATIENCE, self.step()).await.unwrap_or_else(|_| panic!("no {text:?} in {shown:?}"));
        }
    }

    /// Drops the output up to the end of `text`, which was shown.
    pub fn forget_through(&mut self, text: &str) {
        let at = self.output.windows(text.len()).position(|shown| shown == text.as_bytes()).unwrap();
        self.output.drain(..at + text.len());
    }

    async fn say(&mut self, frame: Value) {
        self.socket.send(Message::Text(frame.to_string().into())).await.unwrap();
    }

    pub async fn input(&mut self, text: &str) {
        self.socket.send(Message::Binary(text.as_bytes().to_vec().into())).await.unwrap();
    }
}

async fn create(agent: &TestAgent, request: Value) -> String {
    let (status, body) = agent.post("/api/terminals", request).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    body["terminal"]["id"].as_str().unwrap().to_owned()
}

/// A terminal that runs `script`.
async fn run(agent: &TestAgent, script: &str) -> String {
    create(agent, json!({ "command": ["bash", "-c", script] })).await
}

#[tokio::test]
async fn a_login_shell_starts_in_the_workspace_and_echoes() {
    let agent = TestAgent::start().await;
    let id = create(&agent, json!({ "cols": 100, "rows": 30 })).await;
    let mut screen = Screen::attach(&agent, &format!("id={id}")).await;
    let ready = screen.frame().await;
    assert_eq!((ready["type"].as_str(), ready["terminal"]["running"].as_bool()), (Some("ready"), Some(true)));
    screen.input("pwd; stty size; echo $TERM $COLORTERM; shopt login_shell\n").await;
    screen.until_text("workspace\r\n").await;
    screen.until_text("30 100\r\n").await;
    screen.until_text("xterm-256color truecolor\r\n").await;
    screen.until_text("login_shell    \ton\r\n").await;
}

#[tokio::test]
async fn a_size_set_by_one_viewer_reaches_the_program_and_the_others() {
    let agent = TestAgent::start().await;
    let id = create(&agent, json!({})).await;
    let mut first = Screen::attach(&agent, &format!("id={id}")).await;
    let mut second = Screen::attach(&agent, &format!("id={id}")).await;
    first.say(json!({ "type": "resize", "cols": 111, "rows": 33 })).await;
    let resized = second.until_type("resized").await;
    assert_eq!((resized["cols"].as_u64(), resized["rows"].as_u64()), (Some(111), Some(33)));
    first.input("stty size\n").await;
    first.until_text("33 111\r\n").await;
}

#[tokio::test]
async fn a_later_viewer_sees_the_same_bytes_and_resumes_from_a_cursor() {
    let agent = TestAgent::start().await;
    let id = run(&agent, "printf 'one\\033[1mtwo\\0three\\n'; sleep 60").await;
    let mut first = Screen::attach(&agent, &format!("id={id}")).await;
    first.until_text("three\r\n").await;
    let mut second = Screen::attach(&agent, &format!("id={id}")).await;
    let replayed = second.until_type("replayed").await;
    assert_eq!((&second.output, replayed["cursor"].as_u64()), (&first.output, Some(first.cursor)));
    let mut third = Screen::attach(&agent, &format!("id={id}&since=3")).await;
    third.until_type("replayed").await;
    assert_eq!(third.output, first.output[3..]);
}

#[tokio::test]
async fn an_exit_is_told_after_all_output_also_to_those_who_come_later() {
    let agent = TestAgent::start().await;
    let id = run(&agent, "seq 20000; exit 7").await;
    let mut screen = Screen::attach(&agent, &format!("id={id}")).await;
    let exit = screen.until_type("exit").await;
    assert_eq!((exit["exitCode"].as_i64(), exit["cursor"].as_u64()), (Some(7), Some(screen.cursor)));
    assert!(screen.output.ends_with(b"20000\r\n"));
    let mut later = Screen::attach(&agent, &format!("id={id}")).await;
    assert_eq!(later.until_type("exit").await["exitCode"], 7);
    let (_, body) = agent.get(&format!("/api/terminals/{id}")).await;
    assert_eq!((&body["terminal"]["running"], &body["terminal"]["exitCode"]), (&json!(false), &json!(7)));
}

#[tokio::test]
async fn a_death_by_signal_names_the_signal() {
    let agent = TestAgent::start().await;
    let id = run(&agent, "kill -SEGV $$").await;
    let exit = Screen::attach(&agent, &format!("id={id}")).await.until_type("exit").await;
    assert_eq!((exit["exitCode"].as_i64(), exit["signal"].as_str()), (Some(139), Some("SIGSEGV")));
}

#[tokio::test]
async fn a_restart_goes_on_after_the_old_output() {
    let agent = TestAgent::start().await;
    let id = run(&agent, "echo once; exit 1").await;
    let mut screen = Screen::attach(&agent, &format!("id={id}")).await;
    let ended = screen.until_type("exit").await;
    let (status, _) = agent.post(&format!("/api/terminals/{id}/restart"), Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    let restarted = screen.until_type("restarted").await;
    assert_eq!(restarted["cursor"], ended["cursor"]);
    screen.until_type("exit").await;
    assert_eq!(screen.output, b"once\r\nonce\r\n");
}

#[tokio::test]
async fn no_byte_is_lost_to_a_viewer_that_acknowledges() {
    let agent = TestAgent::start().await;
    std::fs::write(agent.path("data"), pattern(20 << 20)).unwrap();
    // Raw, so that the terminal changes nothing. It starts when the viewer is there.
    let id = run(&agent, "stty raw; read -n1; cat data").await;
    let mut screen = Screen::attach(&agent, &format!("id={id}")).await;
    screen.until_type("replayed").await;
    // A flood must not begin before `stty` was run.
    tokio::time::sleep(Duration::from_millis(200)).await;
    screen.input("x").await;
    screen.until_type("exit").await;
    assert_eq!(screen.output.len(), (20 << 20) + 1, "with the echoed key");
    assert_eq!(Sha256::digest(&screen.output[1..]), Sha256::digest(pattern(20 << 20)));
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length as u64).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

#[tokio::test]
async fn a_flood_waits_for_a_viewer_that_does_not_acknowledge() {
    let agent = TestAgent::start().await;
    let id = run(&agent, "yes").await;
    let terminal = agent.agent.terminals.find(&id).unwrap();
    let mut screen = Screen::attach(&agent, &format!("id={id}")).await;
    screen.acks = false;
    let ready = screen.until_type("ready").await["cursor"].as_u64().unwrap();
    let owed = 512 << 10;
    while (screen.output.len() as u64) < owed {
        screen.step().await;
    }
    // A tick later nothing more has come, neither to the viewer nor out of the PTY.
    let silence = timeout(Duration::from_millis(200), screen.socket.next()).await;
    assert!(silence.is_err(), "{silence:?}");
    let stood = terminal.feed.end();
    assert!(stood < ready + owed + (1 << 20) + 65_536, "{stood}");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(terminal.feed.end(), stood);
    screen.say(json!({ "type": "ack", "cursor": screen.cursor })).await;
    let before = screen.output.len();
    while screen.output.len() < before + 100_000 {
        screen.step().await;
    }
}

#[tokio::test]
async fn a_slow_viewer_is_told_of_its_gap_and_does_not_hold_up_a_quick_one() {
    let agent = TestAgent::start().await;
    let id = run(&agent, "read; head -c 4000000 /dev/zero | tr '\\0' x; sleep 60").await;
    let mut slow = Screen::attach(&agent, &format!("id={id}")).await;
    slow.acks = false;
    slow.until_type("replayed").await;
    let mut quick = Screen::attach(&agent, &format!("id={id}")).await;
    quick.until_type("replayed").await;
    quick.input("\n").await;
    while quick.output.len() < 4_000_000 {
        quick.step().await;
    }
    let mut gap = None;
    slow.acks = true;
    while slow.cursor < quick.cursor {
        gap = slow.step().await.filter(|frame| frame["type"] == "truncated").or(gap);
    }
    let lost = quick.output.len() - slow.output.len();
    assert!(gap.is_some() && lost > 1 << 20, "{gap:?} {lost}");
}

#[tokio::test]
async fn terminals_are_listed_renamed_and_removed() {
    let agent = TestAgent::start().await;
    let id = create(&agent, json!({ "id": "t1" })).await;
    create(&agent, json!({})).await;
    let (_, body) = agent.get("/api/terminals").await;
    let names: Vec<_> = body["terminals"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["Terminal 1", "Terminal 2"]);
    let (_, body) =
        agent.call(Method::PATCH, &format!("/api/terminals/{id}"), json!({ "name": "build" })).await;
    assert_eq!(body["terminal"]["name"], "build");
    let pid = body["terminal"]["pid"].as_i64().unwrap() as i32;
    let (status, _) = agent.delete(&format!("/api/terminals/{id}")).await;
    assert_eq!(status, StatusCode::OK);
    let gone = async {
        while crate::reap::entry(pid).is_some_and(|entry| !entry.ended) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, gone).await.unwrap();
    let (status, body) = agent.get(&format!("/api/terminals/{id}")).await;
    assert_eq!((status, body["code"].as_str()), (StatusCode::NOT_FOUND, Some("TERMINAL_NOT_FOUND")));
}

#[tokio::test]
async fn bad_requests_are_refused_and_leave_nothing() {
    let agent = TestAgent::start().await;
    for request in [json!({ "command": [] }), json!({ "env": { "a b": "c" } }), json!({ "cols": -1 })] {
        let (status, body) = agent.post("/api/terminals", request).await;
        assert_eq!((status, body["code"].as_str()), (StatusCode::BAD_REQUEST, Some("VALIDATION_FAILED")));
    }
    let odd = [
        (json!({ "command": ["a\0"] }), "command"),
        (json!({ "cwd": "\0" }), "cwd"),
        (json!({ "name": "\0" }), "name"),
        (json!({ "sessionId": "" }), "sessionId"),
        (json!({ "shell": "zsh" }), "shell"),
    ];
    for (request, field) in odd {
        let (status, body) = agent.post("/api/terminals", request).await;
        assert_eq!((status, &body["context"]["field"]), (StatusCode::BAD_REQUEST, &json!(field)), "{body}");
    }
    let (status, body) = agent.post("/api/terminals", json!({ "command": [".."] })).await;
    assert_eq!((status, body["code"].as_str()), (StatusCode::FORBIDDEN, Some("COMMAND_PERMISSION_DENIED")));
    let (status, body) = agent.post("/api/terminals", json!({ "command": ["/no/such"] })).await;
    assert_eq!((status, body["code"].as_str()), (StatusCode::NOT_FOUND, Some("COMMAND_NOT_FOUND")));
    let (_, body) = agent.get("/api/terminals").await;
    assert_eq!(body["terminals"], json!([]));
}

#[tokio::test]
async fn the_references_socket_replays_is_ready_and_tells_the_exit() {
    let agent = TestAgent::start().await;
    let mut socket = agent.socket("/ws/pty?sessionId=s1&cols=90&rows=20").await;
    let mut output = String::new();
    let mut texts = Vec::new();
    socket.send(Message::Binary("stty size; exit 4\n".into())).await.unwrap();
    while texts.last().is_none_or(|text: &Value| text["type"] != "exit") {
        match timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap() {
            Message::Binary(bytes) => output.push_str(&String::from_utf8_lossy(&bytes)),
            Message::Text(text) => texts.push(serde_json::from_str::<Value>(&text).unwrap()),
            _ => {}
        }
    }
    assert_eq!((&texts[0]["type"], &texts.last().unwrap()["code"]), (&json!("ready"), &json!(4)));
    assert!(output.contains("20 90\r\n"), "{output}");
}
