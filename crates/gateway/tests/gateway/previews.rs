//! Previews over real sockets: hosts, tokens, WebSockets, and the page shown when nothing answers.

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    extract::{Request, WebSocketUpgrade, ws},
    response::{IntoResponse, Redirect, Response, Sse, sse},
    routing::{any, get},
};
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::{HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use sandpit_engine::AgentClient;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use crate::common::{World, text, world};

/// A server "inside the sandbox": the tests' agent tunnels to this machine's loopback.
async fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    serve(listener);
    port
}

fn serve(listener: TcpListener) {
    let port = listener.local_addr().expect("an address").port();
    let router = Router::new()
        .route("/echo", any(async |request: Request| request.into_body()))
        .route("/seen", any(async |request: Request| format!("{:?}", request.headers())))
        .route("/away", get(async move || Redirect::to(&format!("http://localhost:{port}/seen"))))
        .route("/policy", get(async || [(header::CONTENT_SECURITY_POLICY, "default-src 'self'")]))
        .route("/ticks", get(ticks))
        .route("/ws", get(socket));
    tokio::spawn(async move { axum::serve(listener, router).await });
}

async fn ticks() -> impl IntoResponse {
    let ticks = futures::stream::iter(0..1000).then(async |count| {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok::<_, std::convert::Infallible>(sse::Event::default().data(count.to_string()))
    });
    Sse::new(ticks)
}

async fn socket(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async |mut socket: ws::WebSocket| {
        while let Some(Ok(message)) = socket.next().await {
            let _ = socket.send(message).await;
        }
    })
}

/// An exposed port, and the host of its preview.
async fn exposed(world: &World, port: u16) -> String {
    let exposed = world.post("/v1/sandboxes/demo/ports", json!({ "port": port })).await;
    let url = exposed["url"].as_str().expect("a url");
    url.trim_start_matches("http://").trim_end_matches('/').to_owned()
}

fn ask(host: &str, path: &str) -> http::request::Builder {
    http::Request::builder().uri(path).header(header::HOST, host)
}

async fn send(world: &World, request: http::request::Builder, body: Body) -> http::Response<Incoming> {
    let stream = TcpStream::connect(world.gateway.preview_address()).await.expect("a connection");
    let mut client = AgentClient::over(Box::new(stream)).await.expect("a client");
    client.send(request.body(body).expect("a request")).await.expect("an answer")
}

async fn get_path(world: &World, host: &str, path: &str) -> http::Response<Incoming> {
    let request = ask(host, path);
    send(world, request, Body::empty()).await
}

#[tokio::test]
async fn a_preview_passes_bodies_and_sees_itself_as_localhost() {
    let world = world().await;
    world.demo().await;
    let port = server().await;
    let host = exposed(&world, port).await;
    let request = ask(&host, "/echo").method("POST");
    let body = vec![b'z'; 3_000_000];
    let echoed = send(&world, request, Body::from(body.clone())).await;
    assert_eq!(echoed.into_body().collect().await.expect("a body").to_bytes(), body);
    let seen = text(get_path(&world, &host, "/seen").await).await;
    assert!(seen.contains(&format!("\"host\": \"localhost:{port}\"")), "{seen}");
    assert!(seen.contains(&format!("\"x-forwarded-host\": \"{host}\"")), "{seen}");
    let away = get_path(&world, &host, "/away").await;
    assert_eq!(away.status(), StatusCode::SEE_OTHER);
    assert_eq!(away.headers()[header::LOCATION], format!("http://{host}/seen"));
}

#[tokio::test]
async fn a_web_socket_and_server_sent_events_pass_as_they_come() {
    let world = world().await;
    world.demo().await;
    let host = exposed(&world, server().await).await;
    let stream = TcpStream::connect(world.gateway.preview_address()).await.expect("a connection");
    let mut request = format!("ws://{host}/ws").into_client_request().expect("a request");
    let origin = HeaderValue::try_from(format!("http://{host}")).expect("an origin");
    request.headers_mut().insert(header::ORIGIN, origin);
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.expect("a socket");
    socket.send(Message::text("hot reload")).await.expect("sent");
    assert_eq!(socket.next().await.expect("an echo").expect("a message"), Message::text("hot reload"));
    let mut ticks = get_path(&world, &host, "/ticks").await.into_body();
    let first = ticks.frame().await.expect("a frame").expect("bytes").into_data().expect("data");
    assert_eq!(first, Bytes::from("data: 0\n\n"));
}

#[tokio::test]
async fn only_the_exact_host_with_the_right_token_is_served() {
    let world = world().await;
    world.demo().await;
    let port = server().await;
    let host = exposed(&world, port).await;
    let proxy = world.gateway.preview_address().port();
    let wrong = [
        format!("localhost:{proxy}"),
        format!("127.0.0.1:{proxy}"),
        format!("{port}-demo-wrongtoken000000.localhost:{proxy}"),
        host.replace("-demo-", "-other-"),
        host.replace(".localhost", ".localhost.evil.org"),
        host.to_uppercase(),
    ];
    for wrong in wrong {
        let answer = get_path(&world, &wrong, "/seen").await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{wrong}");
        let error: Value = serde_json::from_str(&text(answer).await).expect("an error");
        assert_eq!(error["code"], "INVALID_TOKEN");
    }
    world.call(http::Method::DELETE, &format!("/v1/sandboxes/demo/ports/{port}"), Value::Null).await;
    assert_eq!(get_path(&world, &host, "/seen").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn only_the_app_and_the_page_itself_may_frame_a_preview_and_its_own_policy_stays() {
    let world = world().await;
    world.demo().await;
    let host = exposed(&world, server().await).await;
    let answer = get_path(&world, &host, "/policy").await;
    let policies: Vec<_> = answer.headers().get_all(header::CONTENT_SECURITY_POLICY).into_iter().collect();
    assert_eq!(policies, ["default-src 'self'", "frame-ancestors 'self' tauri://localhost"]);
}

#[tokio::test]
async fn where_nothing_listens_people_get_a_page_that_sees_when_something_does() {
    let world = world().await;
    world.demo().await;
    let reserved = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let port = reserved.local_addr().expect("an address").port();
    drop(reserved);
    let host = exposed(&world, port).await;
    let request = ask(&host, "/").header(header::ACCEPT, "text/html");
    let page = send(&world, request, Body::empty()).await;
    assert_eq!(page.status(), StatusCode::BAD_GATEWAY);
    let html = text(page).await;
    assert!(html.contains(&format!("Nothing listens on port {port}.")), "{html}");
    let error: Value =
        serde_json::from_str(&text(get_path(&world, &host, "/").await).await).expect("an error");
    assert_eq!(error["code"], "SERVICE_NOT_RESPONDING");
    let probe = async || {
        let request = ask(&host, "/").header("x-sandpit-probe", "1");
        send(&world, request, Body::empty()).await.status()
    };
    assert_eq!(probe().await, StatusCode::BAD_GATEWAY);
    serve(TcpListener::bind(("127.0.0.1", port)).await.expect("the same port"));
    assert_eq!(probe().await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_server_that_hangs_up_and_a_sandbox_that_stops_are_said_so() {
    let world = world().await;
    world.demo().await;
    let rude = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let host = exposed(&world, rude.local_addr().expect("an address").port()).await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = rude.accept().await {
            drop(stream);
        }
    });
    let page = async || {
        let request = ask(&host, "/").header(header::ACCEPT, "text/html");
        let page = send(&world, request, Body::empty()).await;
        (page.status().as_u16(), text(page).await)
    };
    let (status, html) = page().await;
    assert_eq!(status, 502);
    assert!(html.contains("hung up"), "{html}");
    world.post("/v1/sandboxes/demo/stop", Value::Null).await;
    let (status, html) = page().await;
    assert_eq!(status, 409);
    assert!(html.contains("The sandbox is stopped"), "{html}");
    world.engine.kill_agent("demo");
    assert!(page().await.1.contains("The sandbox has crashed"));
}
