//! Which addresses of repositories git is given. No I/O.

use http::Uri;
use sandpit_api::{ApiError, ErrorCode};

/// The longest address, bytes (reference §7).
const LONGEST: usize = 2048;

/// The transports of git that run nothing but what they are named for. For any other it would run a
/// helper, and for `ext::` a command.
pub const PROTOCOLS: [&str; 5] = ["https", "http", "ssh", "git", "file"];

/// # Errors
/// `INVALID_GIT_URL`.
pub fn check(url: &str) -> Result<(), ApiError> {
    let bad = url.is_empty() || url.len() > LONGEST || url.starts_with('-') || url.contains(char::is_control);
    if !bad && has_known_transport(url) {
        return Ok(());
    }
    let message =
        "repoUrl is not the address of a repository (https, http, ssh, git, file, user@host:path, or a path)";
    Err(ApiError::new(ErrorCode::InvalidGitUrl, message).with("field", "repoUrl"))
}

fn has_known_transport(url: &str) -> bool {
    match url.split_once("://") {
        Some(("file", path)) => !path.is_empty(),
        Some((scheme, rest)) => PROTOCOLS.contains(&scheme) && !rest.starts_with('-') && has_host(url),
        None => !url.contains("::"),
    }
}

/// Whether it has a host, and a port that is a number if any: else a part of a password may be taken
/// for the path, and told.
fn has_host(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let Some(authority) = uri.authority() else { return false };
    let place = authority.as_str().rsplit('@').next().unwrap_or_default();
    !authority.host().is_empty() && (place == authority.host() || authority.port_u16().is_some())
}

/// The last part of an address, without `.git`.
pub fn repository_name(url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let last = path.rsplit(['/', ':']).next().unwrap_or_default();
    let plain = last.strip_suffix(".git").unwrap_or(last);
    (!matches!(plain, "" | "." | "..")).then(|| plain.to_owned())
}

/// `text` with every user and password, and every query, of an address in it made unreadable.
pub fn without_secrets(text: &str) -> String {
    let mut parts = text.split("://");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find([' ', '\'', '"', '\n', '\t']).unwrap_or(part.len());
        let (address, after) = part.split_at(end);
        let host = address.find(['/', '?', '#']).unwrap_or(address.len());
        let (host, path) = address.split_at(host);
        let shown = host.rsplit_once('@').map_or(host.to_owned(), |(_, host)| format!("***@{host}"));
        let path = path.split_once('?').map_or(path.to_owned(), |(path, _)| format!("{path}?***"));
        plain.extend(["://", &shown, &path, after]);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_named_by_the_end_of_its_address() {
        let name = |url| repository_name(url).unwrap_or_default();
        assert_eq!(name("https://h/a/b.git"), "b");
        assert_eq!(name("git@h:a/b.git/"), "b");
        assert_eq!(name("https://h/b?x=/y#z"), "b");
        assert_eq!(repository_name("https://h/.."), None);
    }

    #[test]
    fn options_commands_and_nonsense_are_no_address() {
        for bad in [
            "",
            "-x",
            "--upload-pack=touch x",
            "ext::sh -c touch% x",
            "fd::7",
            "javascript://x",
            "ssh://-oProxyCommand=x/y",
            "https://",
            "https:///x",
            "https://me:half/of@h/x",
            "https://h:port/x",
            "ssh://git@h:a/b",
            "https://h/a\nb",
            "https://h/a\0b",
        ] {
            let error = check(bad).expect_err(bad);
            assert_eq!((error.code, &error.context["field"]), (ErrorCode::InvalidGitUrl, &"repoUrl".into()));
        }
        assert!(check(&format!("https://h/{}", "x".repeat(5000))).is_err());
    }

    #[test]
    fn what_git_knows_is_an_address() {
        for good in [
            "https://h/a.git",
            "http://[::1]:8080/a",
            "https://me:secret@h:443/a?x=y",
            "ssh://git@h:22/a",
            "git@h:a/b.git",
            "git://h/a",
            "file:///a",
            "/a/b",
            "a",
        ] {
            check(good).expect(good);
        }
    }

    #[test]
    fn secrets_in_addresses_are_not_shown() {
        let text = "fatal: 'https://me:se@cret@h/a@b?token=secret' and http://secret@h: no";
        assert_eq!(without_secrets(text), "fatal: 'https://***@h/a@b?***' and http://***@h: no");
        assert_eq!(without_secrets("git@h:a"), "git@h:a");
    }
}
