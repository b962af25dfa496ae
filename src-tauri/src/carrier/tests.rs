//! What the page can rely on, whatever routes are carried.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::ws::{CloseFrame, Message, WebSocketUpgrade},
    routing::{any, get, put},
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use serde_json::{Value, json};
use tokio::{sync::Notify, time::timeout};

use super::{
    Ask, Carrier, Failure,
    pack::{self, Kind},
    pipe::FULL,
};

fn carrier(router: Router) -> Carrier {
    let served = router.clone();
    Carrier::new(router, move || {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let service = TowerToHyperService::new(served.clone());
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(ours), service);
        tokio::spawn(connection.with_upgrades());
        theirs
    })
}

fn ask(id: u32, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    pack::head(&json!({"id": id, "method": method, "path": path, "headers": [["x-asked", "yes"]]}), body)
}

/// The head, and the whole body however many pieces it came in.
async fn whole(carrier: &Carrier, id: u32, path: &str) -> (Value, Vec<u8>) {
    let answer = carrier.fetch(&ask(id, "GET", path, b"")).await.expect("an answer");
    let (head, first) = pack::unpack_head::<Value>(&answer).expect("packed");
    let mut body = first.to_vec();
    let mut more = head["more"] == true;
    while more {
        let mut piece = carrier.body(id).await.expect("a piece");
        more = piece.pop() == Some(0);
        body.extend(piece);
    }
    (head, body)
}

fn frames(kind: Kind, id: u32, all: &[&[u8]]) -> Vec<u8> {
    let mut packed = id.to_le_bytes().to_vec();
    all.iter().for_each(|data| pack::frame(&mut packed, kind, data));
    packed
}

/// Everything until the socket's end, unpacked by hand: the page's `End` is not one `unpack_frames` takes.
async fn until_end(carrier: &Carrier, id: u32) -> (Vec<(u8, Vec<u8>)>, Value) {
    let mut got = Vec::new();
    loop {
        let packed = carrier.socket_take(id).await.expect("frames");
        let mut rest = packed.as_slice();
        while let [kind, a, b, c, d, tail @ ..] = rest {
            let (data, tail) = tail.split_at(u32::from_le_bytes([*a, *b, *c, *d]) as usize);
            if *kind == Kind::End as u8 {
                return (got, serde_json::from_slice(data).expect("a reason"));
            }
            got.push((*kind, data.to_vec()));
            rest = tail;
        }
    }
}

#[tokio::test]
async fn a_short_answer_is_one_message() {
    let echo =
        |headers: http::HeaderMap, body: String| async move { format!("{:?} {body}", headers["x-asked"]) };
    let carrier = carrier(Router::new().route("/echo", put(echo)));
    let answer = carrier.fetch(&ask(1, "PUT", "/echo", b"hello")).await.expect("an answer");
    let (head, body) = pack::unpack_head::<Value>(&answer).expect("packed");
    assert_eq!((&head["status"], &head["more"]), (&json!(200), &json!(false)));
    assert_eq!(body, b"\"yes\" hello");
    assert!(matches!(carrier.body(1).await, Err(Failure::Ended)), "nothing of it is kept");
}

#[tokio::test]
async fn a_long_body_comes_whole_and_in_order() {
    let pieces = || (0..400_u32).map(|n| Ok::<_, Infallible>(vec![n as u8; 10_000]));
    let carrier = carrier(
        Router::new()
            .route("/", get(move || async move { Body::from_stream(futures::stream::iter(pieces())) })),
    );
    let (_, body) = whole(&carrier, 7, "/").await;
    assert_eq!(body, pieces().flat_map(|piece| piece.unwrap_or_default()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_body_that_nobody_takes_is_not_read_on() {
    let read = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = read.clone();
    let carrier = carrier(Router::new().route(
        "/",
        get(move || async move {
            Body::from_stream(futures::stream::iter((0..1000).map(move |_| {
                counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                Ok::<_, Infallible>(vec![0; 64 << 10])
            })))
        }),
    ));
    carrier.fetch(&ask(1, "GET", "/", b"")).await.expect("a head");
    tokio::time::sleep(Duration::from_millis(50)).await;
    let pieces = read.load(std::sync::atomic::Ordering::Relaxed) * (64 << 10);
    assert!(pieces <= 3 * FULL, "{pieces} bytes were read ahead");
}

#[tokio::test]
async fn a_body_that_breaks_off_says_so_after_what_came() {
    let pieces = || [Ok(b"some".to_vec()), Err(std::io::Error::other("the cable"))];
    let carrier = carrier(
        Router::new()
            .route("/", get(move || async move { Body::from_stream(futures::stream::iter(pieces())) })),
    );
    let answer = carrier.fetch(&ask(1, "GET", "/", b"")).await.expect("a head");
    let mut got = pack::unpack_head::<Value>(&answer).expect("packed").1.to_vec();
    loop {
        let mut piece = carrier.body(1).await.expect("a piece");
        let state = piece.pop();
        if state == Some(2) {
            assert!(String::from_utf8_lossy(&piece).contains("the cable"));
            break;
        }
        got.extend(piece);
    }
    assert_eq!(got, b"some");
}

#[tokio::test]
async fn what_has_not_answered_can_be_cancelled() {
    let started = Arc::new(Notify::new());
    let said = started.clone();
    let never = move || async move {
        said.notify_one();
        std::future::pending::<()>().await
    };
    let carrier = Arc::new(carrier(Router::new().route("/", get(never))));
    let asking = tokio::spawn({
        let carrier = carrier.clone();
        async move { carrier.fetch(&ask(3, "GET", "/", b"")).await }
    });
    started.notified().await;
    carrier.cancel(3);
    let ended = timeout(Duration::from_secs(5), asking).await.expect("in time").expect("joined");
    assert!(matches!(ended, Err(Failure::Ended)));
}

fn echoing() -> Router {
    Router::new().route(
        "/ws",
        any(|ws: WebSocketUpgrade| async {
            ws.on_upgrade(|mut socket| async move {
                while let Some(Ok(message)) = socket.recv().await {
                    if matches!(&message, Message::Text(text) if text.as_str() == "bye") {
                        let close = CloseFrame { code: 4001, reason: "so long".into() };
                        let _ = socket.send(Message::Close(Some(close))).await;
                        return;
                    }
                    let _ = socket.send(message).await;
                }
            })
        }),
    )
}

#[tokio::test]
async fn a_socket_keeps_order_and_kind_and_tells_how_it_closed() {
    let carrier = carrier(echoing());
    assert!(carrier.socket_open(5, "/ws".to_owned()).await.expect("opened").is_none());
    carrier.socket_send(&frames(Kind::Binary, 5, &[b"\x00\xff", b""])).await.expect("sent");
    carrier.socket_send(&frames(Kind::Text, 5, &["wört".as_bytes(), b"bye"])).await.expect("sent");
    let (got, end) = until_end(&carrier, 5).await;
    assert_eq!(got, [(1, b"\x00\xff".to_vec()), (1, vec![]), (0, "wört".as_bytes().to_vec())]);
    assert_eq!(end, json!({"code": 4001, "reason": "so long"}));
}

#[tokio::test]
async fn a_refused_socket_brings_the_answer() {
    let refusing = any(|| async { (http::StatusCode::CONFLICT, "not now") });
    let carrier = carrier(Router::new().route("/ws", refusing));
    let refusal = carrier.socket_open(1, "/ws".to_owned()).await.expect("an outcome").expect("a refusal");
    assert_eq!((refusal.status, refusal.body.as_str()), (409, "not now"));
}

#[tokio::test]
async fn what_a_page_had_ends_when_it_goes() {
    let carrier = carrier(echoing());
    carrier.socket_open(1, "/ws".to_owned()).await.expect("opened");
    carrier.clear();
    assert!(matches!(carrier.socket_take(1).await, Err(Failure::Ended)));
}

#[tokio::test]
async fn a_file_is_sent_and_an_answer_saved_without_the_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    std::fs::write(&from, vec![7; 3 << 20]).expect("written");
    let size = |body: axum::body::Bytes| async move { body.len().to_string() };
    let router = Router::new()
        .route("/up", put(size).layer(axum::extract::DefaultBodyLimit::disable()))
        .route("/down", get(|| async { "the answer" }));
    let carrier = carrier(router);
    let head: Ask = serde_json::from_value(json!({"id": 1, "method": "PUT", "path": "/up", "headers": []}))
        .expect("an ask");
    let answer = carrier.send_file(head, &from, |_| {}).await.expect("sent");
    assert_eq!(pack::unpack_head::<Value>(&answer).expect("packed").1, (3 << 20).to_string().as_bytes());
    carrier.save_answer(2, "/down", &to).await.expect("saved");
    assert_eq!(std::fs::read(&to).expect("there"), b"the answer");
    let refused = carrier.save_answer(3, "/nowhere", &folder.path().join("none")).await;
    assert!(matches!(refused, Err(Failure::Refused(_))));
    assert_eq!(std::fs::read_dir(&folder).expect("listed").count(), 2, "no part of a file is left");
}
