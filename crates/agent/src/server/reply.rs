//! How handlers answer: JSON, the reference's `success` and `timestamp`, and the one error body.

use std::io;

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use sandpit_api::{ApiError, ErrorCode};
use serde::Serialize;
use serde_json::Value;

pub use super::extract::{Json, Path, Query};

/// What a handler returns.
pub type Reply = Result<Response>;

/// A result whose error answers the request.
pub type Result<T = Response, E = Failure> = std::result::Result<T, E>;

/// An [`ApiError`] on its way to the client. Boxed, so that results stay small.
#[derive(Debug)]
pub struct Failure(pub Box<ApiError>);

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self(Box::new(error))
    }
}

impl From<Box<ApiError>> for Failure {
    fn from(error: Box<ApiError>) -> Self {
        Self(error)
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        *failure.0
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.http_status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.0)).into_response()
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, "application/json")], Body::from(body)).into_response(),
            Err(error) => internal(error).into_response(),
        }
    }
}

/// 200 with `value` as it is.
pub fn ok(value: impl Serialize) -> Reply {
    Ok(Json(value).into_response())
}

/// 200 with the fields of `value` (an object) beside the reference's `success: true` and `timestamp`.
pub fn success(value: &impl Serialize) -> Reply {
    let Value::Object(mut object) = serde_json::to_value(value).map_err(internal)? else {
        return Err(internal("an answer must be an object"));
    };
    object.insert("success".to_owned(), true.into());
    object.insert("timestamp".to_owned(), now().into());
    ok(object)
}

/// The present moment as every timestamp on the wire is written.
pub fn now() -> String {
    jiff::Timestamp::now().to_string()
}

/// Something that must not happen; the text is for people.
pub fn internal(error: impl std::fmt::Display) -> Failure {
    ApiError::new(ErrorCode::InternalError, error.to_string()).into()
}

/// The error of `operation` (for example `file.read`) on `path`, by the system's reason.
pub fn file_error(operation: &str, path: &std::path::Path, error: &io::Error) -> ApiError {
    let code = code_of(error);
    let shown = path.to_string_lossy();
    ApiError::new(code, format!("{}: {shown}", reason(code, error)))
        .with("path", shown.as_ref())
        .during(operation)
}

/// The code for the system's reason; `FILESYSTEM_ERROR` when it has none of its own.
pub fn code_of(error: &io::Error) -> ErrorCode {
    use rustix::io::Errno;
    match Errno::from_io_error(error) {
        Some(Errno::NOENT) => ErrorCode::FileNotFound,
        Some(Errno::ACCESS | Errno::PERM) => ErrorCode::PermissionDenied,
        Some(Errno::EXIST | Errno::NOTEMPTY) => ErrorCode::FileExists,
        Some(Errno::ISDIR) => ErrorCode::IsDirectory,
        Some(Errno::NOTDIR) => ErrorCode::NotDirectory,
        Some(Errno::NAMETOOLONG) => ErrorCode::NameTooLong,
        Some(Errno::NOSPC | Errno::DQUOT) => ErrorCode::NoSpace,
        Some(Errno::ROFS) => ErrorCode::ReadOnly,
        Some(Errno::MFILE | Errno::NFILE) => ErrorCode::TooManyFiles,
        Some(Errno::LOOP | Errno::MLINK) => ErrorCode::TooManyLinks,
        Some(Errno::BUSY | Errno::TXTBSY) => ErrorCode::ResourceBusy,
        Some(Errno::FBIG) => ErrorCode::FileTooLarge,
        Some(Errno::INVAL) if error.kind() == io::ErrorKind::InvalidInput => ErrorCode::ValidationFailed,
        _ => ErrorCode::FilesystemError,
    }
}

fn reason(code: ErrorCode, error: &io::Error) -> String {
    match code {
        ErrorCode::FileNotFound => "no such file or folder".to_owned(),
        ErrorCode::PermissionDenied => "permission denied".to_owned(),
        ErrorCode::FileExists => "already exists".to_owned(),
        ErrorCode::IsDirectory => "is a folder".to_owned(),
        ErrorCode::NotDirectory => "not a folder".to_owned(),
        _ => error.to_string(),
    }
}
