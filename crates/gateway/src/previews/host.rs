//! The host of a preview: `{port}-{sandbox}-{token}.localhost[:proxy]`.

/// Ports below have no preview (the reference's rule).
pub const FIRST_PORT: u16 = 1024;
/// The longest label of a host name (RFC 1035).
const LONGEST_LABEL: usize = 63;

/// What a preview's host names. The token is not yet known to be the right one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub port: u16,
    pub sandbox: String,
    pub token: String,
}

/// The URL of a preview served on the port `proxy`.
pub fn url(port: u16, sandbox: &str, token: &str, proxy: u16) -> String {
    format!("http://{port}-{sandbox}-{token}.localhost:{proxy}/")
}

/// Whether the label of such a host is one that resolvers take.
pub fn fits(port: u16, sandbox: &str, token: usize) -> bool {
    port.to_string().len() + 1 + sandbox.len() + 1 + token <= LONGEST_LABEL
}

/// 1–16 of `[a-z0-9_]`.
pub fn is_token(token: &str) -> bool {
    let letters = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    (1..=16).contains(&token.len()) && token.bytes().all(letters)
}

/// Reads a `Host` header exactly: nothing else names a preview, not even in other letters.
pub fn parse(host: &str, proxy: u16) -> Option<Named> {
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    if port.is_some_and(|port| port != proxy.to_string()) {
        return None;
    }
    let label = name.strip_suffix(".localhost")?;
    let (rest, token) = label.rsplit_once('-')?;
    let (port, sandbox) = rest.split_once('-')?;
    let right = is_port(port) && sandpit_engine::id::validate(sandbox).is_ok() && is_token(token);
    let port = port.parse().ok().filter(|port| right && *port >= FIRST_PORT)?;
    Some(Named { port, sandbox: sandbox.to_owned(), token: token.to_owned() })
}

fn is_port(text: &str) -> bool {
    (4..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(port: u16, sandbox: &str, token: &str) -> Option<Named> {
        Some(Named { port, sandbox: sandbox.to_owned(), token: token.to_owned() })
    }

    #[test]
    fn the_token_comes_after_the_last_hyphen() {
        assert_eq!(parse("8080-demo-abc.localhost:4000", 4000), named(8080, "demo", "abc"));
        assert_eq!(parse("8080-my-own-box-a_1.localhost", 4000), named(8080, "my-own-box", "a_1"));
        assert_eq!(parse("8080-80-81-82.localhost:4000", 4000), named(8080, "80-81", "82"));
    }

    #[test]
    fn every_other_host_names_nothing() {
        let wrong = [
            "",
            "localhost",
            "localhost:4000",
            "127.0.0.1:4000",
            ".localhost",
            "8080-demo-abc",
            "8080-demo.localhost",
            "8080-demo-abc.localhost.",
            "8080-demo-abc.localhost:4001",
            "8080-demo-abc.localhost:04000",
            "8080-demo-abc.localhost:",
            "8080-demo-abc.localhost:4000:4000",
            "8080-demo-abc.LOCALHOST:4000",
            "8080-Demo-abc.localhost:4000",
            "8080-demo-ABC.localhost:4000",
            "x.8080-demo-abc.localhost:4000",
            "8080-demo-abc.localhost.evil.org",
            "80-demo-abc.localhost",
            "08080-demo-abc.localhost",
            "70000-demo-abc.localhost",
            "1023-demo-abc.localhost",
            "+8080-demo-abc.localhost",
            "8080--abc.localhost",
            "8080--demo-abc.localhost",
            "8080-demo--abc.localhost",
            "8080-demo-.localhost",
            "8080-demo-seventeenletters_.localhost",
            "8080-demo-a b.localhost",
            " 8080-demo-abc.localhost",
            "user@8080-demo-abc.localhost",
            "8080-de.mo-abc.localhost",
            "8080-demo-abc.localhost/",
        ];
        for host in wrong {
            assert_eq!(parse(host, 4000), None, "{host}");
        }
    }

    proptest! {
        #[test]
        fn what_a_url_is_made_of_is_read_from_its_host(
            port in FIRST_PORT..,
            sandbox in "[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?",
            token in "[a-z0-9_]{1,16}",
            proxy in 1u16..,
        ) {
            let url = url(port, &sandbox, &token, proxy);
            let host = url.strip_prefix("http://").and_then(|rest| rest.strip_suffix('/')).expect("a url");
            prop_assert_eq!(parse(host, proxy), named(port, &sandbox, &token));
        }

        #[test]
        fn what_is_read_is_all_there_was(host in "[0-9a-zA-Z_.:@/-]{0,80}|[0-9]{1,6}-[a-z0-9-]{0,9}-[a-z_]{0,4}\\.localhost(:[0-9]{1,5})?") {
            if let Some(Named { port, sandbox, token }) = parse(&host, 80) {
                let plain = format!("{port}-{sandbox}-{token}.localhost");
                let with_port = format!("{plain}:80");
                prop_assert!(host == plain || host == with_port);
            }
        }
    }
}
