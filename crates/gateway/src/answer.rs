//! How a handler reads a body and answers: JSON, or the one error body with the status of its code.

use std::convert::Infallible;

use axum::{
    Json,
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};
use sandpit_api::{ApiError, ErrorCode};
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
            ApiError::new(ErrorCode::FileTooLarge, message).with("limit", LARGEST_BODY)
        })?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        Ok(Self(parse(text)?))
    }
}

fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, ApiError> {
    // Serde would take an array for a struct, field by field.
    let is_object = text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    if !is_object && serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok() {
        return Err(ApiError::invalid("body", "The body is JSON, but no object."));
    }
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| wrong(&error))?;
    json.end().map_err(|error| ApiError::invalid("body", format!("The body is not JSON: {error}.")))?;
    Ok(value)
}

fn wrong(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let inner = error.inner();
    if !inner.is_data() {
        return ApiError::invalid("body", format!("The body is not JSON: {inner}."));
    }
    let field = field_of(&error.path().to_string(), &inner.to_string());
    ApiError::invalid(&field, format!("The field {field} is wrong: {inner}."))
}

/// The path to the wrong field. Serde names an unknown one in its message only.
fn field_of(path: &str, message: &str) -> String {
    let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'));
    match (unknown, path) {
        (Some((name, _)), path) if path == "." || path == name => name.to_owned(),
        (Some((name, _)), path) if path.ends_with(&format!(".{name}")) => path.to_owned(),
        (Some((name, _)), path) => format!("{}.{name}", path.trim_end_matches(".?")),
        (None, ".") => "body".to_owned(),
        (None, path) => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use sandpit_api::sandbox::CreateSandbox;

    use super::*;

    fn field(text: &str) -> String {
        let error = parse::<CreateSandbox>(text.as_bytes()).expect_err("a body that is wrong");
        assert_eq!(error.code, ErrorCode::ValidationFailed);
        error.context["field"].as_str().expect("a field").to_owned()
    }

    #[test]
    fn an_unknown_field_is_named() {
        assert_eq!(field(r#"{"cpu":1}"#), "cpu");
        assert_eq!(field(r#"{"limits":{"memory":1}}"#), "limits.memory");
        assert_eq!(field(r#"{"name":"a","network":{"modes":"on"}}"#), "network.modes");
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named_with_its_path() {
        assert_eq!(field(r#"{"name":5}"#), "name");
        assert_eq!(field(r#"{"limits":{"pids":-1}}"#), "limits.pids");
        assert_eq!(field(r#"{"env":{"A":1}}"#), "env.A");
        assert_eq!(field(r#"{"network":{"mode":"wild"}}"#), "network.mode");
    }

    #[test]
    fn what_is_no_json_object_is_a_wrong_body() {
        assert_eq!(field("{"), "body");
        assert_eq!(field("[]x"), "body");
        assert_eq!(field("{} {}"), "body");
        assert_eq!(field("7"), "body");
    }
}
