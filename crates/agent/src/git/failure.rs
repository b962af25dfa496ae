//! How git failed, as a typed error. No I/O.

use std::io;
use std::time::Duration;

use sandpit_api::{ApiError, ErrorCode};

/// Why a git command gave nothing.
#[derive(Debug)]
pub enum Failed {
    NotStarted(io::Error),
    TimedOut(Duration),
    /// It said this.
    Refused(String),
}

/// What git says (in English, lower case), and what it means. The first that fits.
const MEANINGS: [(&str, ErrorCode); 16] = [
    ("already exists and is not an empty directory", ErrorCode::FileExists),
    ("remote branch", ErrorCode::GitBranchNotFound),
    ("authentication failed", ErrorCode::GitAuthFailed),
    ("could not read username", ErrorCode::GitAuthFailed),
    ("could not read password", ErrorCode::GitAuthFailed),
    ("permission denied (", ErrorCode::GitAuthFailed),
    ("error: 403", ErrorCode::GitAuthFailed),
    ("repository not found", ErrorCode::GitRepositoryNotFound),
    ("error: 404", ErrorCode::GitRepositoryNotFound),
    ("does not appear to be a git repository", ErrorCode::GitRepositoryNotFound),
    ("does not exist", ErrorCode::GitRepositoryNotFound),
    ("' not found", ErrorCode::GitRepositoryNotFound),
    ("could not resolve host", ErrorCode::GitNetworkError),
    ("unable to access", ErrorCode::GitNetworkError),
    ("unable to connect", ErrorCode::GitNetworkError),
    ("no space left on device", ErrorCode::NoSpace),
];

impl Failed {
    /// The error of a clone of `url`, without the secrets an address may hold.
    pub fn told(self, url: &str) -> ApiError {
        let plain = without_secrets(url);
        let error = match self {
            Self::NotStarted(error) if error.kind() == io::ErrorKind::NotFound => {
                ApiError::new(ErrorCode::CommandNotFound, "git is not installed in this sandbox")
            }
            Self::NotStarted(error) => {
                ApiError::new(ErrorCode::GitOperationFailed, format!("git could not be run: {error}"))
            }
            Self::TimedOut(limit) => {
                let limit = limit.as_millis();
                ApiError::new(ErrorCode::GitNetworkError, format!("git was stopped after {limit} ms"))
            }
            Self::Refused(text) => ApiError::new(code(&text), text.replace(url, &plain).trim().to_owned()),
        };
        error.with("repoUrl", plain).during("git.checkout")
    }
}

fn code(text: &str) -> ErrorCode {
    let text = text.to_lowercase();
    let meaning = MEANINGS.iter().find(|(words, _)| text.contains(words));
    meaning.map_or(ErrorCode::GitCloneFailed, |(_, code)| *code)
}

fn without_secrets(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    match host.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://***@{host}/{path}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_not_repeated() {
        let url = "https://me:secret@h/a.git";
        let text = format!("fatal: Authentication failed for '{url}'");
        let error = Failed::Refused(text).told(url);
        assert_eq!(error.code, ErrorCode::GitAuthFailed);
        assert!(!serde_json::to_string(&error).unwrap().contains("secret"));
    }

    #[test]
    fn what_is_not_known_is_a_failed_clone() {
        assert_eq!(code("fatal: early EOF"), ErrorCode::GitCloneFailed);
    }
}
