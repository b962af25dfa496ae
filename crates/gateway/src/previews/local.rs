//! What a server inside a sandbox is told of where it is, and what its answers are told back.
//!
//! Development servers accept requests to `localhost` only, against DNS rebinding, and compare `Origin`
//! with `Host`; so both become `localhost:<port>`, and a redirect to there becomes one to the preview.

use http::{HeaderMap, HeaderName, HeaderValue, header};

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// A request on its way in. `host` is the preview's, which is found in `X-Forwarded-Host`.
pub fn inwards(headers: &mut HeaderMap, host: &str, port: u16) {
    let local = format!("localhost:{port}");
    if headers
        .get(header::ORIGIN)
        .is_some_and(|origin| origin.as_bytes() == format!("http://{host}").as_bytes())
    {
        set(headers, header::ORIGIN, &format!("http://{local}"));
    }
    set(headers, header::HOST, &local);
    set(headers, FORWARDED_HOST, host);
    set(headers, FORWARDED_PROTO, "http");
}

/// An answer on its way out.
pub fn outwards(headers: &mut HeaderMap, host: &str, port: u16) {
    let Some(location) = headers.get(header::LOCATION).and_then(|value| value.to_str().ok()) else { return };
    let rest = ["localhost", "127.0.0.1", "[::1]"].into_iter().find_map(|name| {
        let rest = location.strip_prefix(&format!("http://{name}:{port}"))?;
        (rest.is_empty() || rest.starts_with(['/', '?', '#'])).then_some(rest)
    });
    if let Some(rest) = rest {
        let here = format!("http://{host}{rest}");
        set(headers, header::LOCATION, &here);
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "8080-demo-abc.localhost:4000";

    fn sent(origin: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::from_iter([
            (header::HOST, HeaderValue::from_static(HOST)),
            (header::ORIGIN, HeaderValue::from_static(origin)),
        ]);
        inwards(&mut headers, HOST, 8080);
        headers
    }

    #[test]
    fn a_server_sees_itself_as_localhost_and_learns_the_real_host() {
        let headers = sent("http://8080-demo-abc.localhost:4000");
        assert_eq!(headers[header::HOST], "localhost:8080");
        assert_eq!(headers[header::ORIGIN], "http://localhost:8080");
        assert_eq!(headers[FORWARDED_HOST], HOST);
    }

    #[test]
    fn the_origin_of_another_page_stays_what_it_is() {
        assert_eq!(sent("http://evil.org")[header::ORIGIN], "http://evil.org");
        assert_eq!(
            sent("http://9090-demo-abc.localhost:4000")[header::ORIGIN],
            "http://9090-demo-abc.localhost:4000"
        );
    }

    #[test]
    fn only_a_redirect_to_the_server_itself_becomes_one_to_the_preview() {
        let redirected = |to: &'static str| {
            let mut headers = HeaderMap::from_iter([(header::LOCATION, HeaderValue::from_static(to))]);
            outwards(&mut headers, HOST, 8080);
            headers[header::LOCATION].to_str().expect("text").to_owned()
        };
        assert_eq!(redirected("http://localhost:8080/login?a"), format!("http://{HOST}/login?a"));
        assert_eq!(redirected("http://127.0.0.1:8080"), format!("http://{HOST}"));
        for elsewhere in
            ["/login", "http://localhost:80801/", "http://localhost:9090/", "https://localhost:8080/"]
        {
            assert_eq!(redirected(elsewhere), elsewhere);
        }
    }
}
