//! The same window for a browser: the built UI, which is part of this program.

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, header};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../ui/dist/"]
#[allow_missing = true]
struct Built;

/// Shows HTML of sandboxes in an opaque origin; `docs/PROTOCOL.md` says what its policy is.
const OUTPUT_FRAME: &str = "output-frame.html";
const OUTPUT_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; \
     img-src data: blob:; font-src data:; media-src data: blob:; form-action 'none'; base-uri 'none'; sandbox allow-scripts";

const NOT_BUILT: &str = "The window for a browser is not part of this build. `make build` builds it.\n";

/// Every file of the UI at its path, and the page itself at `/`. `previews` is the proxy's port.
pub fn router(previews: u16) -> Router {
    Router::new().fallback(async move |request: Request| file(&request, previews))
}

fn file(request: &Request, previews: u16) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = match request.uri().path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    let Some(file) = Built::get(path) else {
        let text = if Built::get("index.html").is_none() { NOT_BUILT } else { "There is no such page.\n" };
        return (StatusCode::NOT_FOUND, text).into_response();
    };
    let etag = format!("\"{}\"", hex(&file.metadata.sha256_hash()));
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let known =
        request.headers().get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let headers = [
        (header::CONTENT_TYPE, Some(kind(file.metadata.mimetype()))),
        (header::ETAG, Some(etag)),
        (header::CACHE_CONTROL, Some(kept(path).to_owned())),
        (header::CONTENT_SECURITY_POLICY, policy(path, host, previews)),
        // The output frame is framed, by the window and nothing else, and its answer has no origin.
        (header::X_FRAME_OPTIONS, (path == OUTPUT_FRAME).then(|| "SAMEORIGIN".to_owned())),
    ];
    let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let body = if known { Body::empty() } else { Body::from(file.data.into_owned()) };
    let mut response = (status, body).into_response();
    for (name, value) in headers {
        let value = value.and_then(|value| HeaderValue::try_from(value).ok());
        response.headers_mut().extend(value.map(|value| (name, value)));
    }
    response
}

/// Names under `assets/` hold a hash of what is in them.
fn kept(path: &str) -> &'static str {
    if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" }
}

fn kind(mime: &str) -> String {
    if mime.starts_with("text/") { format!("{mime}; charset=utf-8") } else { mime.to_owned() }
}

/// The window's policy, as strict as the desktop app's. Only pages have one.
fn policy(path: &str, host: &str, previews: u16) -> Option<String> {
    if !path.ends_with(".html") {
        return None;
    }
    if path == OUTPUT_FRAME {
        return Some(OUTPUT_POLICY.to_owned());
    }
    Some(format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
         font-src 'self' data:; media-src 'self' data: blob:; connect-src 'self' ws://{host} wss://{host}; \
         frame-src 'self' http://*.localhost:{previews}; worker-src 'self'; manifest-src 'self'; object-src 'none'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_runs_only_its_own_scripts_and_frames_only_previews() {
        let policy = policy("index.html", "127.0.0.1:4000", 4001).expect("a policy");
        assert!(policy.contains("script-src 'self';"), "{policy}");
        assert!(policy.contains("frame-src 'self' http://*.localhost:4001;"), "{policy}");
        assert!(policy.contains("ws://127.0.0.1:4000"), "{policy}");
    }

    #[test]
    fn the_output_frame_has_its_own_policy_and_no_network() {
        let policy = policy(OUTPUT_FRAME, "127.0.0.1:4000", 4001).expect("a policy");
        assert!(policy.contains("sandbox allow-scripts") && !policy.contains("connect-src"), "{policy}");
    }

    #[tokio::test]
    async fn a_path_that_is_no_file_of_the_ui_is_not_found() {
        for path in ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/none", "//etc/passwd"] {
            let request = Request::builder().uri(path).body(Body::empty()).expect("a request");
            assert_eq!(file(&request, 1).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
