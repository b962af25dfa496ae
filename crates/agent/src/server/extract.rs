//! What a request says, or an `ApiError` that names the field that is wrong: never axum's own text.

use std::time::Duration;

use axum::{
    body::BodyDataStream,
    extract::{FromRequest, FromRequestParts, Request},
    http::request::Parts,
    response::IntoResponse,
};
use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use futures::StreamExt;
use sandpit_api::{
    ApiError, ErrorCode,
    body::{parse, wrong_field},
};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::reply::Failure;

/// The most a JSON body may have. A file of 32 MiB as base64 fits; larger ones go raw.
pub const JSON_LIMIT: usize = 64 << 20;

const TOO_LARGE: &str = "Send what is large to /api/files/raw, which has no limit, and name that file.";

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How long the rest of a refused body is taken in.
const LINGER: Duration = Duration::from_secs(10);

/// A JSON body, whatever its `Content-Type` says. As an answer: `application/json`.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let body = gather(request.into_body().into_data_stream()).await?;
        // No body is what some clients send for "nothing to say".
        let text: &[u8] = if body.is_empty() { b"{}" } else { &body };
        Ok(Self(parse(text)?))
    }
}

async fn gather(mut pieces: BodyDataStream) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(cut_off)?;
        if body.len() + piece.len() > JSON_LIMIT {
            linger(&mut pieces).await;
            let message = format!("the body is larger than {JSON_LIMIT} bytes");
            let error = ApiError::new(ErrorCode::FileTooLarge, message).with("maxBytes", JSON_LIMIT);
            return Err(error.suggest(TOO_LARGE).into());
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// The error of a body that ended before its end.
pub fn cut_off(error: axum::Error) -> ApiError {
    ApiError::invalid("body", format!("the body was cut off: {error}"))
}

/// Takes in the rest of a body that is refused, for a while: most clients read no answer before they
/// have sent everything.
pub async fn linger(pieces: &mut BodyDataStream) {
    // A client that sends on after that sees its connection end.
    let _ = timeout(LINGER, async { while let Some(Ok(_)) = pieces.next().await {} }).await;
}

/// Refuses a text with a NUL, which nothing on Linux is called.
pub fn no_nul(field: &str, text: Option<&str>) -> Result<(), ApiError> {
    match text {
        Some(text) if text.contains('\0') => Err(ApiError::invalid(field, format!("{field} has a NUL"))),
        _ => Ok(()),
    }
}

/// The bytes that base64 stands for, with its padding or without.
pub fn base64(field: &str, text: &str) -> Result<Vec<u8>, ApiError> {
    BASE64.decode(text).map_err(|error| ApiError::invalid(field, format!("{field} is not base64: {error}")))
}

/// A limit of time; 0 is none, as in the reference (§5).
pub fn limit(milliseconds: Option<u64>) -> Option<Duration> {
    milliseconds.filter(|time| *time > 0).map(Duration::from_millis)
}

/// The query string.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        query.map(|axum::extract::Query(value)| Self(value)).map_err(|error| {
            let message = error.body_text();
            let reason = message.split_once(": ").map_or(message.as_str(), |(_, reason)| reason);
            let (field, reason) = reason.split_once(": ").unwrap_or((".", reason));
            wrong_field(field, reason).into()
        })
    }
}

/// The parameters of the path.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value))
            .map_err(|error| ApiError::invalid("path", error.body_text()).into())
    }
}

/// The session that a request names beside its body (reference §2.1): `X-Session-Id`, or `session` or
/// `sessionId` in the query. `Authorization` is a token, never a session.
pub struct InSession(Option<String>);

impl InSession {
    /// Sets the session of a body that names none.
    pub fn unless(self, named: &mut Option<String>) {
        if named.is_none() {
            *named = self.0;
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionQuery {
    session: Option<String>,
    session_id: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for InSession {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        if let Some(header) = parts.headers.get("x-session-id") {
            let invalid = |_| ApiError::invalid("x-session-id", "X-Session-Id is not plain text");
            return Ok(Self(Some(header.to_str().map_err(invalid)?.to_owned())));
        }
        let Query(query) = Query::<SessionQuery>::from_request_parts(parts, state).await?;
        Ok(Self(query.session.or(query.session_id)))
    }
}

/// A WebSocket upgrade; a plain request is told what was expected.
pub struct Upgrade(pub axum::extract::ws::WebSocketUpgrade);

impl<S: Send + Sync> FromRequestParts<S> for Upgrade {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let upgrade = axum::extract::ws::WebSocketUpgrade::from_request_parts(parts, state).await;
        upgrade.map(Self).map_err(|error| {
            let reason = error.into_response().status();
            ApiError::invalid("upgrade", format!("a WebSocket upgrade is expected here ({reason})")).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use sandpit_api::{exec::Execute, sandbox::CreateSandbox};

    use super::*;

    #[test]
    fn fuzz_any_body_is_read_or_its_wrong_field_named() {
        fn look<T: DeserializeOwned>(text: &[u8]) {
            if let Err(error) = parse::<T>(text) {
                assert!(
                    error.http_status == 400
                        && error.context["field"].as_str().is_some_and(|f| !f.is_empty())
                );
            }
        }
        bolero::check!().for_each(|text: &[u8]| {
            look::<Execute>(text);
            look::<CreateSandbox>(text);
            look::<sandpit_api::process::StartProcess>(text);
            look::<sandpit_api::context::CreateContext>(text);
            look::<sandpit_api::terminal::CreateTerminal>(text);
        });
    }

    #[tokio::test]
    async fn a_session_is_named_by_body_header_or_query_and_never_by_a_token() {
        use axum::body::Body;
        use http_body_util::BodyExt;
        let agent = crate::server::testing::TestAgent::start().await;
        let session = async |path: &str, header: (&str, &str), body: &str| {
            let request = axum::http::Request::post(path).header("host", "agent").header(header.0, header.1);
            let answer = agent.send(request.body(Body::from(body.to_owned())).unwrap()).await;
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            serde_json::from_slice::<serde_json::Value>(&body).unwrap()["sessionId"].clone()
        };
        let (plain, named) = (r#"{"command":"true"}"#, r#"{"command":"true","sessionId":"body"}"#);
        assert_eq!(session("/api/execute", ("x-session-id", "head"), plain).await, "head");
        assert_eq!(session("/api/execute?session=q1", ("accept", "*/*"), plain).await, "q1");
        assert_eq!(session("/api/execute?sessionId=q2", ("accept", "*/*"), plain).await, "q2");
        assert_eq!(session("/api/execute?session=q", ("x-session-id", "head"), named).await, "body");
        assert_eq!(session("/api/execute", ("authorization", "Bearer t"), plain).await, "default");
    }
}
