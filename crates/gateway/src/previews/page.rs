//! The page that people see while a preview has nothing to show. It asks again by itself, and shows the
//! server's own page as soon as the port answers.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rand::distr::{Alphanumeric, SampleString};
use sandpit_api::{ApiError, ErrorCode};

const TEMPLATE: &str = include_str!("waiting.html");

/// Whether the client asks for a page.
pub fn wanted(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepts.is_some_and(|accepts| accepts.contains("text/html")) && !headers.contains_key(super::PROBE)
}

/// The page for `error`, with its status.
pub fn waiting(error: &ApiError) -> Response {
    let (title, hint) = words(error);
    let nonce = Alphanumeric.sample_string(&mut rand::rng(), 22);
    let html = TEMPLATE
        .replace("{nonce}", &nonce)
        .replace("{code}", error.code.name())
        .replace("{title}", &escaped(title))
        .replace("{message}", &escaped(&error.message))
        .replace("{hint}", &escaped(hint));
    let status = StatusCode::from_u16(error.http_status).unwrap_or(StatusCode::BAD_GATEWAY);
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; base-uri 'none'"
    );
    let mut response = (status, Body::from(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.extend(HeaderValue::try_from(policy).map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
    response
}

fn words(error: &ApiError) -> (&'static str, &'static str) {
    let state = error.context.get("state").and_then(|state| state.as_str());
    match (error.code, state) {
        (ErrorCode::ServiceNotResponding, _) => {
            ("Waiting for the server", "Start it in the sandbox. This page shows it as soon as it answers.")
        }
        (ErrorCode::SandboxNotRunning, Some("creating")) => {
            ("The sandbox is starting", "This page goes on by itself.")
        }
        (ErrorCode::SandboxNotRunning, Some("paused")) => {
            ("The sandbox is paused", "Resume it, and this page goes on by itself.")
        }
        (ErrorCode::SandboxNotRunning, Some("failed")) => {
            ("The sandbox has crashed", "Start it and its server again; this page goes on by itself.")
        }
        (ErrorCode::SandboxNotRunning, _) => {
            ("The sandbox is stopped", "Start it and its server again; this page goes on by itself.")
        }
        (ErrorCode::InvalidToken | ErrorCode::SandboxNotFound, _) => (
            "No preview here",
            "The port is not exposed any more, or the sandbox is gone. Copy the address again.",
        ),
        _ => ("The sandbox does not answer", "Restart it if this lasts; its files stay."),
    }
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            // The template's own braces are filled in one after the other.
            '{' => html.push_str("&#123;"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_page_says_what_is_wrong_and_shows_no_markup_of_others() {
        let error = ApiError::new(ErrorCode::ServiceNotResponding, "<script>{hint}</script>");
        let response = waiting(&error);
        assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a page");
        let html = String::from_utf8_lossy(&body);
        assert!(html.contains("&lt;script&gt;&#123;hint}"), "{html}");
        assert!(html.contains("SERVICE_NOT_RESPONDING") && html.contains("Waiting for the server"));
        assert!(!html.contains("{nonce}") && !html.contains("{title}"));
    }

    #[test]
    fn only_a_client_that_asks_for_html_gets_the_page() {
        let asks = |accept: &'static str| {
            wanted(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]))
        };
        assert!(asks("text/html,application/xhtml+xml;q=0.9"));
        assert!(!asks("*/*") && !asks("application/json") && !wanted(&HeaderMap::new()));
    }
}
