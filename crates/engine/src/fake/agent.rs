//! The fake engine's agent: just enough of the real one's answers for the contract, and an echo.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use sandpit_api::{ApiError, ErrorCode};
use serde_json::{Value, json};

/// Contents by sandbox and path. A sandbox made anew under an old id starts with none.
pub type Files = Arc<Mutex<BTreeMap<(String, String), String>>>;

pub async fn answer(files: Files, id: String, mut request: Request<Incoming>) -> Response<Full<Bytes>> {
    if request.headers().contains_key(header::UPGRADE) {
        return echo_bytes(&mut request);
    }
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let key = (id, asked["path"].as_str().unwrap_or_default().to_owned());
    match head.uri.path() {
        "/api/ping" => json_answer(&json!({ "success": true, "message": "pong" })),
        "/api/write" => {
            files.lock().insert(key, asked["content"].as_str().unwrap_or_default().to_owned());
            json_answer(&json!({ "success": true }))
        }
        "/api/read" => match files.lock().get(&key) {
            Some(content) => json_answer(&json!({ "success": true, "content": content })),
            None => error(&ApiError::new(ErrorCode::FileNotFound, "no such file")),
        },
        _ => echo(&head, body),
    }
}

/// The request's body, with its method and target in `x-echo`.
fn echo(head: &http::request::Parts, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    if let Ok(value) = format!("{} {}", head.method, head.uri).parse() {
        response.headers_mut().insert("x-echo", value);
    }
    if let Some(kind) = head.headers.get(header::CONTENT_TYPE) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind.clone());
    }
    response
}

fn echo_bytes(request: &mut Request<Incoming>) -> Response<Full<Bytes>> {
    let upgrade = hyper::upgrade::on(&mut *request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            let (mut read, mut write) = tokio::io::split(TokioIo::new(upgraded));
            let _ = tokio::io::copy(&mut read, &mut write).await;
        }
    });
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("upgrade"));
    if let Some(protocol) = request.headers().get(header::UPGRADE) {
        response.headers_mut().insert(header::UPGRADE, protocol.clone());
    }
    response
}

fn json_answer(value: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(value.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

fn error(error: &ApiError) -> Response<Full<Bytes>> {
    let mut response = json_answer(&serde_json::to_value(error).unwrap_or_default());
    *response.status_mut() =
        StatusCode::from_u16(error.http_status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}
