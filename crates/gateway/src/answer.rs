//! How a handler reads a body and answers: JSON, or the one error body with the status of its code.

use std::convert::Infallible;

use axum::{
    Json,
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};
use sandpit_api::{ApiError, ErrorCode, body::parse};
use serde::de::DeserializeOwned;

/// The largest JSON body that a route of the gateway itself reads.
const LARGEST_BODY: usize = 1024 * 1024;

/// An error as an answer.
#[derive(Debug)]
pub struct Failed(pub ApiError);

/// What every handler of the gateway returns.
pub type Answer<T> = Result<T, Failed>;

impl From<ApiError> for Failed {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.http_status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.0)).into_response()
    }
}

/// The sandbox that a path names, as it is written: a valid id needs no escapes.
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        // "", "v1", "sandboxes", the id
        Ok(Self(parts.uri.path().split('/').nth(3).unwrap_or_default().to_owned()))
    }
}

/// A JSON body, whatever its content type says; an empty body is `{}`. What does not fit is
/// `VALIDATION_FAILED` with the field that is wrong.
pub struct Input<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Input<T> {
    type Rejection = Failed;

    async fn from_request(request: Request<Body>, _state: &S) -> Answer<Self> {
        let bytes = axum::body::to_bytes(request.into_body(), LARGEST_BODY).await.map_err(|_| {
            let message = format!("The body is cut off, or larger than {LARGEST_BODY} bytes.");
            ApiError::new(ErrorCode::FileTooLarge, message)
                .with("maxBytes", LARGEST_BODY)
                .suggest("Send less in one request.")
        })?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        Ok(Self(parse(text)?))
    }
}
