//! What the TCP face lets in and what it refuses: token, host, origin.

use axum::routing::any;
use http::Method;
use tower::ServiceExt;

use super::*;
use crate::routes;

const TOKEN: &str = "a-token-of-this-test";

fn guard(address: &str) -> Guard {
    Guard::new(TOKEN, address.parse().expect("an address"), false)
}

/// Every path there is.
fn paths() -> Vec<String> {
    let own = routes::described().into_openapi().paths.paths.into_keys();
    own.chain(routes::PASSED.map(str::to_owned)).collect()
}

/// Answers 200 with what it was sent, where the real gateway would answer.
fn guarded() -> Router {
    let echo = || {
        any(async |request: Request| {
            let seen = format!("{:?}", request.headers());
            (StatusCode::OK, seen)
        })
    };
    let api = paths().iter().fold(Router::new(), |router, path| router.route(path, echo()));
    guard("127.0.0.1:4000").router(api, Router::new().fallback(async || "the page"))
}

fn request(method: Method, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:4000")
}

async fn status(request: http::request::Builder) -> StatusCode {
    let request = request.body(Body::empty()).expect("a request");
    guarded().oneshot(request).await.expect("an answer").status()
}

async fn text(request: http::request::Builder) -> (StatusCode, String) {
    let answer = guarded().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn every_method_of_every_route_is_closed_without_the_token() {
    let methods = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
    ];
    let paths: Vec<_> = paths().into_iter().chain(["/v1", "/v1/", "/v1/none"].map(str::to_owned)).collect();
    assert!(paths.len() > 15);
    for path in paths {
        let path =
            path.replace("{sandbox}", "demo").replace("{port}", "8080").replace("{*path}", "files/raw");
        for method in &methods {
            let closed = StatusCode::UNAUTHORIZED;
            assert_eq!(status(request(method.clone(), &path)).await, closed, "{method} {path}");
            let wrong = request(method.clone(), &path).header(header::AUTHORIZATION, "Bearer wrong");
            assert_eq!(status(wrong).await, closed, "{method} {path} with a wrong token");
        }
    }
}

#[tokio::test]
async fn the_token_opens_and_a_near_one_does_not() {
    let with = |value: &str| request(Method::GET, "/v1/health").header(header::AUTHORIZATION, value);
    assert_eq!(status(with(&format!("Bearer {TOKEN}"))).await, StatusCode::OK);
    assert_eq!(status(with(&format!("bearer {TOKEN}"))).await, StatusCode::OK);
    for wrong in [TOKEN, "Bearer", "Bearer ", "Basic YTpi", &format!("Bearer {TOKEN}x"), "Bearer a-token"] {
        assert_eq!(status(with(wrong)).await, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    let query = format!("/v1/health?token={TOKEN}");
    assert_eq!(status(request(Method::GET, &query)).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_browser_s_socket_brings_the_token_as_a_subprotocol() {
    let offers = |value: &str| {
        request(Method::GET, "/v1/sandboxes/demo/ws/pty").header(header::SEC_WEBSOCKET_PROTOCOL, value)
    };
    assert_eq!(status(offers(&format!("sandpit, bearer.{TOKEN}"))).await, StatusCode::OK);
    assert_eq!(status(offers("sandpit, bearer.wrong")).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(offers("sandpit")).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_token_goes_no_further_than_this_door() {
    let asked = request(Method::GET, "/v1/sandboxes/demo/api/ping")
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(header::SEC_WEBSOCKET_PROTOCOL, format!("sandpit, bearer.{TOKEN}, mine"));
    let (status, seen) = text(asked).await;
    assert_eq!(status, StatusCode::OK);
    assert!(!seen.contains(TOKEN), "{seen}");
    assert!(seen.contains("mine"), "{seen}");
}

#[tokio::test]
async fn another_host_is_refused_before_anything_is_answered() {
    for host in
        ["evil.org", "127.0.0.1", "127.0.0.1:4001", "localhost", "LOCALHOST:4000", "127.0.0.1:4000.evil.org"]
    {
        for path in ["/v1/health", "/"] {
            let asked = Request::builder()
                .uri(path)
                .header(header::HOST, host)
                .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
            assert_eq!(status(asked).await, StatusCode::FORBIDDEN, "{host}{path}");
        }
    }
    let twice = request(Method::GET, "/").header(header::HOST, "evil.org");
    assert_eq!(status(twice).await, StatusCode::FORBIDDEN);
    assert_eq!(status(Request::builder().uri("/")).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn only_the_host_s_own_origin_may_ask() {
    let from = |origin: &str| {
        request(Method::POST, "/v1/sandboxes")
            .header(header::ORIGIN, origin)
            .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
    };
    assert_eq!(status(from("http://127.0.0.1:4000")).await, StatusCode::OK);
    for other in
        ["null", "http://localhost:4000", "https://127.0.0.1:4000", "http://8080-demo-abc.localhost:4001"]
    {
        assert_eq!(status(from(other)).await, StatusCode::FORBIDDEN, "{other}");
    }
}

#[tokio::test]
async fn the_page_needs_no_token_and_every_answer_has_the_security_headers() {
    for path in ["/", "/v1/health"] {
        let request = request(Method::GET, path).body(Body::empty()).expect("a request");
        let answer = guarded().oneshot(request).await.expect("an answer");
        for (name, value) in HEADERS {
            assert_eq!(answer.headers()[&name], value, "{path} {name}");
        }
    }
    assert_eq!(text(request(Method::GET, "/")).await.1, "the page");
}

#[test]
fn a_listener_on_every_address_is_asked_at_addresses_and_never_at_names() {
    let guard = guard("0.0.0.0:4000");
    for host in ["192.168.1.5:4000", "127.0.0.1:4000", "[::1]:4000", "localhost:4000"] {
        assert!(guard.serves(host), "{host}");
    }
    for host in ["evil.org:4000", "192.168.1.5", "192.168.1.5:80", ""] {
        assert!(!guard.serves(host), "{host}");
    }
}

#[test]
fn the_origins_are_those_of_the_address_and_of_localhost() {
    assert_eq!(guard("127.0.0.1:4000").origins(), ["http://127.0.0.1:4000", "http://localhost:4000"]);
}
