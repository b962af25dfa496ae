//! Who may use the router on TCP: a bearer of the token, asking at the right host from the right origin.
//!
//! A web page anywhere can send requests to a port of this machine, and a name of its own can point here
//! (DNS rebinding); so the host must be this listener's, an origin must be that host's, and the token
//! must be there. The token ends here: no sandbox ever sees it.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use sandpit_api::{ApiError, ErrorCode};
use subtle::ConstantTimeEq;

use crate::{answer::Failed, forward::the_host};

/// The subprotocol that a browser's WebSocket offers beside `bearer.<token>`, and is answered with.
const SUBPROTOCOL: &str = "sandpit";
const BEARER_SUBPROTOCOL: &str = "bearer.";

/// What no answer lacks. An answer of the API may be a file of a sandbox, which is never to run as a page
/// of this origin.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// The check at the door of one listener.
#[derive(Clone)]
pub struct Guard {
    token: Arc<str>,
    scheme: &'static str,
    address: SocketAddr,
}

impl Guard {
    /// For a listener at `address`; `tls` says that it speaks `https`.
    pub fn new(token: &str, address: SocketAddr, tls: bool) -> Self {
        Self { token: token.into(), scheme: if tls { "https" } else { "http" }, address }
    }

    /// The origins under which this listener's own pages are seen.
    pub fn origins(&self) -> Vec<String> {
        self.hosts().iter().map(|host| format!("{}://{host}", self.scheme)).collect()
    }

    /// The router behind the guard: `api` for bearers of the token only, `ui` for everyone who asks at
    /// the right host, since it holds nothing secret.
    pub fn router(&self, api: Router, ui: Router) -> Router {
        let api = api.layer(middleware::from_fn_with_state(self.clone(), authorized));
        let by_path = move |request: Request| {
            let path = request.uri().path();
            let router = if path == "/v1" || path.starts_with("/v1/") { api.clone() } else { ui.clone() };
            async move { tower::ServiceExt::oneshot(router, request).await.into_response() }
        };
        Router::new().fallback(by_path).layer(middleware::from_fn_with_state(self.clone(), at_the_door))
    }

    fn hosts(&self) -> Vec<String> {
        let port = self.address.port();
        let mut hosts = vec![self.address.to_string(), format!("localhost:{port}")];
        if port == if self.scheme == "https" { 443 } else { 80 } {
            hosts.push("localhost".to_owned());
            hosts.push(self.address.to_string().trim_end_matches(&format!(":{port}")).to_owned());
        }
        hosts
    }

    /// A listener on every address is asked at any of them: an address cannot be rebound as a name can.
    fn serves(&self, host: &str) -> bool {
        let any = || host.parse::<SocketAddr>().is_ok_and(|address| address.port() == self.address.port());
        self.hosts().iter().any(|own| own == host) || (self.address.ip().is_unspecified() && any())
    }

    fn check_place(&self, request: &Request) -> Result<(), ApiError> {
        let host = the_host(request).filter(|host| self.serves(host));
        let Some(host) = host else {
            return Err(forbidden("This is not the host that the request names.", request, header::HOST));
        };
        let own = format!("{}://{host}", self.scheme);
        let mut origins = request.headers().get_all(header::ORIGIN).into_iter();
        if origins.all(|origin| origin.as_bytes() == own.as_bytes()) {
            return Ok(());
        }
        Err(forbidden("Requests from other origins are refused.", request, header::ORIGIN))
    }

    /// Takes the token out of the request and compares it, without telling by time how much is right.
    fn admit(&self, headers: &mut HeaderMap) -> bool {
        let bearer = headers.remove(header::AUTHORIZATION);
        let bearer = bearer.as_ref().and_then(|value| bearer_of(value.to_str().ok()?));
        let offered = subprotocols(headers);
        let given = bearer.or_else(|| offered.iter().find_map(|name| name.strip_prefix(BEARER_SUBPROTOCOL)));
        let right = given.is_some_and(|given| bool::from(given.as_bytes().ct_eq(self.token.as_bytes())));
        let own = |name: &String| *name == SUBPROTOCOL || name.starts_with(BEARER_SUBPROTOCOL);
        if offered.iter().any(own) {
            let rest: Vec<_> = offered.into_iter().filter(|name| !own(name)).collect();
            headers.remove(header::SEC_WEBSOCKET_PROTOCOL);
            let rest = (!rest.is_empty()).then(|| HeaderValue::try_from(rest.join(", ")).ok()).flatten();
            headers.extend(rest.map(|rest| (header::SEC_WEBSOCKET_PROTOCOL, rest)));
        }
        right
    }
}

async fn at_the_door(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let mut response = match guard.check_place(&request) {
        Ok(()) => next.run(request).await,
        Err(error) => Failed(error).into_response(),
    };
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

async fn authorized(State(guard): State<Guard>, mut request: Request<Body>, next: Next) -> Response {
    let browser = subprotocols(request.headers()).iter().any(|name| name == SUBPROTOCOL);
    if !guard.admit(request.headers_mut()) {
        return unauthorized();
    }
    let mut response = next.run(request).await;
    if browser && response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let chosen = HeaderValue::from_static(SUBPROTOCOL);
        response.headers_mut().entry(header::SEC_WEBSOCKET_PROTOCOL).or_insert(chosen);
    }
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(API_POLICY));
    response
}

fn bearer_of(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

fn subprotocols(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter();
    let names = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    names.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn unauthorized() -> Response {
    let error = ApiError::new(ErrorCode::Unauthorized, "The token is missing or wrong.")
        .suggest("Send it as \"Authorization: Bearer <token>\"; sandpitd printed it when it started.");
    let mut response = Failed(error).into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn forbidden(message: &str, request: &Request, header: HeaderName) -> ApiError {
    let given = request.headers().get(&header).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let given: String = given.unwrap_or_default().chars().take(300).collect();
    ApiError::new(ErrorCode::Forbidden, message).with(header.as_str(), given)
}

#[cfg(test)]
mod tests;
