//! What the kernel said about a path, as a typed error. The table of codes is `reply::code_of`.

use std::io;
use std::path::Path;

use rustix::io::Errno;
use sandpit_api::{ApiError, ErrorCode};

use super::name;
use crate::server::reply;

/// The outcome of a file operation.
pub type Result<T, E = Box<ApiError>> = std::result::Result<T, E>;

/// The error of `operation` (for example `file.read`) on `path`.
pub fn fault(operation: &str, path: &Path, error: impl Into<io::Error>) -> Box<ApiError> {
    let error = error.into();
    let errno = Errno::from_io_error(&error);
    let code = reply::code_of(&error);
    let shown = name::encode(path.as_os_str());
    let message = format!("{shown}: {}", sentence(&error));
    let mut fault = ApiError::new(code, message).with("path", shown.as_ref()).during(operation);
    if let Some(errno) = errno {
        fault = fault.with("errno", errno.raw_os_error());
    }
    Box::new(fault)
}

/// `error` without the `(os error N)` that the standard library adds.
pub fn sentence(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

/// What any operation on a path may end with, as [`reply::code_of`] says.
pub const CODES: [ErrorCode; 13] = [
    ErrorCode::FileNotFound,
    ErrorCode::PermissionDenied,
    ErrorCode::ReadOnly,
    ErrorCode::FileExists,
    ErrorCode::ResourceBusy,
    ErrorCode::IsDirectory,
    ErrorCode::NotDirectory,
    ErrorCode::NameTooLong,
    ErrorCode::FileTooLarge,
    ErrorCode::NoSpace,
    ErrorCode::TooManyFiles,
    ErrorCode::TooManyLinks,
    ErrorCode::FilesystemError,
];

/// Runs blocking file work on a thread where it may wait.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(ApiError::new(ErrorCode::InternalError, format!("the operation broke off: {error}")).into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errno_has_its_code_wherever_it_comes_from() {
        let cases = [
            (Errno::NOSPC, ErrorCode::NoSpace),
            (Errno::ISDIR, ErrorCode::IsDirectory),
            (Errno::NAMETOOLONG, ErrorCode::NameTooLong),
            (Errno::ACCESS, ErrorCode::PermissionDenied),
            (Errno::ROFS, ErrorCode::ReadOnly),
            (Errno::LOOP, ErrorCode::TooManyLinks),
            (Errno::IO, ErrorCode::FilesystemError),
        ];
        for (errno, code) in cases {
            let fault = fault("file.read", Path::new("/x"), errno);
            assert_eq!(fault.code, code);
            assert_eq!(fault.context["path"], "/x");
            assert!(!fault.message.contains("os error"), "{}", fault.message);
        }
    }
}
