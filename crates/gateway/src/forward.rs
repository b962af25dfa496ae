//! Passing a request on and its answer back, untouched but for what belongs to one connection only.
//!
//! Bodies stream in both directions, each end waiting for the slower one; a body that breaks off breaks
//! off for the client too. After a `101` the two connections are joined, whatever is spoken on them.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use http_body::{Frame, SizeHint};
use hyper::{body::Incoming, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio_util::sync::CancellationToken;

use crate::{activity::InUse, upstream::Unanswered};

/// Bytes that may wait in each direction of a joined connection.
const JOINED: usize = 64 * 1024;

/// Headers that concern one connection (RFC 9110, 7.6.1). `Expect` is answered by our own server.
const ONE_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::EXPECT,
    HeaderName::from_static("keep-alive"),
];

/// A request that is ready to be sent on, and the client's side of an upgrade it asks for.
pub struct Outgoing {
    pub request: Request<Body>,
    upgrade: Option<OnUpgrade>,
}

impl Outgoing {
    pub fn new(mut request: Request<Body>) -> Self {
        let protocol = protocol(request.headers());
        let upgrade = protocol.is_some().then(|| hyper::upgrade::on(&mut request));
        let (mut head, body) = request.into_parts();
        strip(&mut head.headers);
        if let Some(protocol) = protocol {
            head.headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            head.headers.insert(header::UPGRADE, protocol);
        }
        let mut request = Request::new(body);
        *request.method_mut() = head.method;
        *request.uri_mut() = head.uri;
        *request.headers_mut() = head.headers;
        Self { request, upgrade }
    }
}

/// What the client gets: the answer with its body still streaming, or the joined connections. `used` is
/// held until the last byte.
pub fn back(
    upgrade: Option<OnUpgrade>,
    mut answer: Response<Incoming>,
    used: InUse,
    stop: CancellationToken,
) -> Result<Response, Unanswered> {
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        strip(answer.headers_mut());
        return Ok(answer.map(|body| Body::new(Held { body, _used: used })));
    }
    let client = upgrade.ok_or_else(|| Unanswered::Broken("it upgraded a connection unasked".to_owned()))?;
    let server = hyper::upgrade::on(&mut answer);
    tokio::spawn(stop.run_until_cancelled_owned(async move {
        join(client, server).await;
        drop(used);
    }));
    let protocol = answer.headers().get(header::UPGRADE).cloned();
    let (mut head, _) = answer.into_parts();
    strip(&mut head.headers);
    head.headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    head.headers.extend(protocol.map(|protocol| (header::UPGRADE, protocol)));
    Ok(Response::from_parts(head, Body::empty()))
}

impl Outgoing {
    /// Takes it apart for sending.
    pub fn split(self) -> (Request<Body>, Option<OnUpgrade>) {
        (self.request, self.upgrade)
    }
}

async fn join(client: OnUpgrade, server: OnUpgrade) {
    let (Ok(client), Ok(server)) = tokio::join!(client, server) else { return };
    let (mut client, mut server) = (TokioIo::new(client), TokioIo::new(server));
    // An error is one end going away; dropping both tells the other.
    let _ = tokio::io::copy_bidirectional_with_sizes(&mut client, &mut server, JOINED, JOINED).await;
}

/// The one `Host`, which an absolute request target must repeat.
pub fn the_host(request: &Request<Body>) -> Option<&str> {
    let mut hosts = request.headers().get_all(header::HOST).into_iter();
    let host = hosts.next().filter(|_| hosts.next().is_none())?.to_str().ok()?;
    let target = request.uri().authority().map(http::uri::Authority::as_str);
    (target.is_none() || target == Some(host)).then_some(host)
}

/// The protocol that a request asks to change to.
fn protocol(headers: &HeaderMap) -> Option<HeaderValue> {
    let asked = tokens(headers).any(|token| token.eq_ignore_ascii_case("upgrade"));
    headers.get(header::UPGRADE).filter(|_| asked).cloned()
}

fn tokens(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::CONNECTION).into_iter();
    values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).map(str::trim)
}

/// Drops what concerns one connection: the known headers, and those that `Connection` names.
fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = tokens(headers).filter_map(|token| token.parse().ok()).collect();
    for name in named.iter().chain(&ONE_HOP) {
        headers.remove(name);
    }
}

/// A body that keeps its sandbox in use until it is read or dropped.
struct Held {
    body: Incoming,
    _used: InUse,
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let named = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        named.collect()
    }

    #[test]
    fn what_concerns_one_connection_is_dropped_and_the_rest_stays() {
        let mut headers = headers(&[
            ("connection", "keep-alive, X-Mine"),
            ("keep-alive", "timeout=5"),
            ("x-mine", "1"),
            ("transfer-encoding", "chunked"),
            ("content-type", "text/plain"),
        ]);
        strip(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["content-type"]);
    }

    #[test]
    fn an_upgrade_is_asked_for_by_both_headers_together() {
        assert!(protocol(&headers(&[("upgrade", "websocket")])).is_none());
        assert!(protocol(&headers(&[("connection", "upgrade")])).is_none());
        let both = headers(&[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")]);
        assert_eq!(protocol(&both).expect("an upgrade"), "websocket");
    }
}
