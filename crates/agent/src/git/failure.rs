//! How git failed, as a typed error. No I/O.

use std::io;
use std::time::Duration;

use sandpit_api::{ApiError, ErrorCode};

use super::OPERATION;
use super::address::without_secrets;

/// Why a git command gave nothing.
#[derive(Debug)]
pub enum Failed {
    NotStarted(io::Error),
    TimedOut(Duration),
    /// The request was closed.
    Cancelled,
    /// It said this.
    Refused(String),
}

/// What git says (in English, lower case), and what it means. The first that fits.
const MEANINGS: [(&str, ErrorCode); 22] = [
    ("already exists and is not an empty directory", ErrorCode::FileExists),
    ("remote branch", ErrorCode::GitBranchNotFound),
    ("authentication failed", ErrorCode::GitAuthFailed),
    ("could not read username", ErrorCode::GitAuthFailed),
    ("could not read password", ErrorCode::GitAuthFailed),
    ("permission denied (", ErrorCode::GitAuthFailed),
    ("host key verification failed", ErrorCode::GitAuthFailed),
    ("error: 403", ErrorCode::GitAuthFailed),
    ("repository not found", ErrorCode::GitRepositoryNotFound),
    ("error: 404", ErrorCode::GitRepositoryNotFound),
    ("does not appear to be a git repository", ErrorCode::GitRepositoryNotFound),
    ("does not exist", ErrorCode::GitRepositoryNotFound),
    ("' not found", ErrorCode::GitRepositoryNotFound),
    ("could not resolve host", ErrorCode::GitNetworkError),
    ("unable to access", ErrorCode::GitNetworkError),
    ("unable to connect", ErrorCode::GitNetworkError),
    ("could not connect", ErrorCode::GitNetworkError),
    ("connection refused", ErrorCode::GitNetworkError),
    ("rpc failed", ErrorCode::GitNetworkError),
    ("the remote end hung up", ErrorCode::GitNetworkError),
    ("permission denied", ErrorCode::PermissionDenied),
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
                    .with("timeoutMs", limit as u64)
            }
            Self::Cancelled => ApiError::new(ErrorCode::OperationInterrupted, "the request was closed"),
            Self::Refused(text) => ApiError::new(code(&text), message(&text)),
        };
        error.with("repoUrl", plain).during(OPERATION)
    }
}

fn code(text: &str) -> ErrorCode {
    let text = text.to_lowercase();
    let meaning = MEANINGS.iter().find(|(words, _)| text.contains(words));
    meaning.map_or(ErrorCode::GitCloneFailed, |(_, code)| *code)
}

/// What git said, but for what it was about to do, where that would have been, and that the other end does
/// not know how to leave out what is not asked for.
fn message(text: &str) -> String {
    let told = |line: &&str| {
        let of_filter = line.starts_with("warning: ") && line.contains("filter");
        !of_filter && !line.starts_with("Cloning into ")
    };
    let lines = text.lines().filter(told);
    without_secrets(lines.collect::<Vec<_>>().join("\n").trim())
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
    fn what_git_says_of_its_own_doings_is_left_out() {
        let text = "Cloning into '/tmp/x'...\nwarning: --filter is ignored in local clones; use file:// instead.\n\
                    fatal: Remote branch nope not found in upstream origin\n";
        assert_eq!(message(text), "fatal: Remote branch nope not found in upstream origin");
    }

    #[test]
    fn what_is_not_known_is_a_failed_clone() {
        assert_eq!(code("fatal: early EOF"), ErrorCode::GitCloneFailed);
    }
}
