//! The preview proxy: each exposed port as an origin of its own on loopback.
//!
//! It passes HTTP, WebSocket and any other upgrade to the server inside the sandbox, and changes only
//! what follows from the host name: the server sees itself as `localhost`.

pub mod host;
mod local;
mod page;

use std::{net::Ipv6Addr, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use sandpit_api::{ApiError, ErrorCode, sandbox::SandboxState};
use sandpit_engine::refuse;
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;

use crate::{
    accept,
    forward::{self, Outgoing},
    gateway::Gateway,
    upstream::Unanswered,
};
use host::Named;

/// Sent by the waiting page only: "does the port answer now?", which the server never sees.
const PROBE: HeaderName = HeaderName::from_static("x-sandpit-probe");

/// Serves previews on a loopback listener, and on the same port of the other loopback address: a browser
/// may try that one first, and nobody else is to answer there.
pub async fn serve(gateway: Gateway, listener: TcpListener) {
    let router = Router::new().fallback(preview).with_state(gateway.clone());
    let other = TcpListener::bind((Ipv6Addr::LOCALHOST, gateway.previews.port())).await;
    let on = |listener| accept::serve(listener, router.clone(), std::future::pending(), Duration::ZERO);
    match other {
        Ok(other) => drop(tokio::join!(on(listener), on(other))),
        Err(error) => {
            tracing::debug!(%error, "previews are served on 127.0.0.1 only");
            on(listener).await;
        }
    }
}

async fn preview(State(gateway): State<Gateway>, request: Request) -> Response {
    let frames = frame_ancestors(&gateway.frame_ancestors);
    let wants_page = page::wanted(request.headers());
    let mut response = match answer(&gateway, request).await {
        Ok(response) => response,
        Err(error) if wants_page => page::waiting(&error),
        Err(error) => crate::Failed(error).into_response(),
    };
    // Appended: a policy that the page itself sends stays in force beside ours.
    response.headers_mut().append(header::CONTENT_SECURITY_POLICY, frames);
    response
}

/// Only the app and the page itself may frame it, so that no other preview can.
fn frame_ancestors(origins: &[String]) -> HeaderValue {
    let policy =
        origins.iter().fold("frame-ancestors 'self'".to_owned(), |policy, origin| policy + " " + origin);
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("frame-ancestors 'self'"))
}

async fn answer(gateway: &Gateway, request: Request) -> Result<Response, ApiError> {
    let host = forward::the_host(&request).unwrap_or_default().to_owned();
    let named = host::parse(&host, gateway.previews.port()).filter(|named| known(gateway, named));
    let named = named.ok_or_else(|| {
        ApiError::new(ErrorCode::InvalidToken, "No preview has this address.")
            .suggest("Copy the preview's address from the ports panel again.")
    })?;
    match gateway.roster.state(&named.sandbox) {
        Some(SandboxState::Running) => {}
        Some(state) => return Err(refuse::not_running(&named.sandbox, state)),
        None => return Err(refuse::not_found(&named.sandbox)),
    }
    if request.headers().contains_key(PROBE) {
        return probe(gateway, &named).await;
    }
    pass(gateway, &host, named, request).await
}

/// Whether the port is exposed with this very token, compared without telling by time how much is right.
fn known(gateway: &Gateway, named: &Named) -> bool {
    let same = |token: &str| bool::from(token.as_bytes().ct_eq(named.token.as_bytes()));
    let right = gateway.saved.with(&named.sandbox, |kept| {
        kept.ports.get(&named.port).is_some_and(|exposure| same(&exposure.token))
    });
    right.unwrap_or(false)
}

async fn pass(gateway: &Gateway, host: &str, named: Named, request: Request) -> Result<Response, ApiError> {
    let Named { port, sandbox, .. } = named;
    let used = gateway.activity.enter(&sandbox);
    let (mut request, upgrade) = Outgoing::new(request).split();
    local::inwards(request.headers_mut(), host, port);
    let broken = |unanswered| async { explain(gateway, &sandbox, port, unanswered).await };
    let mut answer = match gateway.upstream.server(&sandbox, port, request).await {
        Ok(answer) => answer,
        Err(unanswered) => return Err(broken(unanswered).await),
    };
    local::outwards(answer.headers_mut(), host, port);
    match forward::back(upgrade, answer, used, gateway.stop.clone()) {
        Ok(response) => Ok(response),
        Err(unanswered) => Err(broken(unanswered).await),
    }
}

async fn explain(gateway: &Gateway, id: &str, port: u16, unanswered: Unanswered) -> ApiError {
    let message = match unanswered {
        Unanswered::Refused(error) if error.code == ErrorCode::ServiceNotResponding => {
            format!("Nothing listens on port {port}.")
        }
        Unanswered::Refused(error) => return gateway.explain(id, Unanswered::Refused(error)).await,
        Unanswered::Broken(_) => format!("What listens on port {port} hung up without an answer."),
    };
    ApiError::new(ErrorCode::ServiceNotResponding, message).with("sandboxId", id).with("port", port)
}

/// 204 once the port accepts a connection. Whatever listens there is asked nothing.
async fn probe(gateway: &Gateway, named: &Named) -> Result<Response, ApiError> {
    if gateway.upstream.accepts(&named.sandbox, named.port).await {
        return Ok((StatusCode::NO_CONTENT, HeaderMap::new(), Body::empty()).into_response());
    }
    let message = format!("Nothing listens on port {}.", named.port);
    Err(ApiError::new(ErrorCode::ServiceNotResponding, message))
}
