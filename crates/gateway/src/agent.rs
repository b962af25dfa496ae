//! `/v1/sandboxes/{id}/api/**` and `/ws/**`: to the sandbox's agent, untouched.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::{HeaderValue, Uri, header, uri::PathAndQuery};
use http_body_util::{BodyExt, Limited};
use sandpit_api::{ApiError, ErrorCode, sandbox::SandboxState};
use sandpit_engine::refuse;
use serde::de::DeserializeOwned;

use crate::{
    answer::{Answer, Failed, Id},
    forward::{self, Outgoing},
    gateway::Gateway,
    upstream::Unanswered,
};

/// The longest answer that the gateway itself reads, bytes; what runs in a sandbox is not trusted.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

/// Any method of any route of the agent.
pub async fn pass(
    State(gateway): State<Gateway>,
    Id(id): Id,
    uri: Uri,
    request: Request,
) -> Answer<Response> {
    if gateway.roster.state(&id).is_none() {
        gateway.inspect(&id).await?;
    }
    // Before it is looked at, so that it cannot be put to sleep in between.
    let used = gateway.activity.enter(&id);
    gateway.awake(&id).await?;
    let (mut request, upgrade) = Outgoing::new(request).split();
    *request.uri_mut() = at_agent(&uri)?;
    request.headers_mut().insert(header::HOST, HeaderValue::from_static("sandbox"));
    let answer = match gateway.upstream.agent(&id, request).await {
        Ok(answer) => answer,
        Err(unanswered) => return Err(Failed(gateway.explain(&id, unanswered).await)),
    };
    match forward::back(upgrade, answer, used, gateway.stop.clone()) {
        Ok(answer) => Ok(answer),
        Err(unanswered) => Err(Failed(gateway.explain(&id, unanswered).await)),
    }
}

impl Gateway {
    /// Why the agent of a sandbox that was running does not answer: it may not run any more.
    pub(crate) async fn explain(&self, id: &str, unanswered: Unanswered) -> ApiError {
        let why = match unanswered {
            Unanswered::Refused(error) if error.code != ErrorCode::AgentUnreachable => return error,
            Unanswered::Refused(error) => error.message,
            Unanswered::Broken(why) => format!("The sandbox's agent ended the connection: {why}."),
        };
        match self.inspect(id).await {
            Ok(record) if record.state != SandboxState::Running => refuse::not_running(id, record.state),
            Ok(_) => ApiError::new(ErrorCode::AgentUnreachable, why)
                .with("sandboxId", id)
                .suggest("Restart the sandbox; its files stay."),
            Err(error) => error,
        }
    }

    /// A request of the gateway's own to an agent; it does not count as use.
    pub(crate) async fn ask(
        &self,
        id: &str,
        path: &str,
    ) -> Result<http::Response<hyper::body::Incoming>, ApiError> {
        let request = http::Request::get(path)
            .header(header::HOST, "sandbox")
            .body(Body::empty())
            .map_err(|error| ApiError::new(ErrorCode::InternalError, error.to_string()))?;
        match self.upstream.agent(id, request).await {
            Ok(answer) if answer.status().is_success() => Ok(answer),
            Ok(answer) => Err(sandpit_engine::client::refusal(answer).await),
            Err(unanswered) => Err(self.explain(id, unanswered).await),
        }
    }

    /// What an agent says at `path`; none when it says nothing of that kind within `time`.
    pub(crate) async fn read<T: DeserializeOwned>(&self, id: &str, path: &str, time: Duration) -> Option<T> {
        let reading = async {
            let answer = self.ask(id, path).await.ok()?;
            let bytes = Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await.ok()?.to_bytes();
            serde_json::from_slice(&bytes).ok()
        };
        tokio::time::timeout(time, reading).await.ok().flatten()
    }
}

/// The agent's own path, byte for byte as the client wrote it.
fn at_agent(uri: &Uri) -> Result<Uri, ApiError> {
    let whole = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    // "", "v1", "sandboxes", the id, and the rest
    let rest = whole.splitn(5, '/').nth(4).unwrap_or_default();
    format!("/{rest}").parse().map_err(|_| ApiError::invalid("path", "The path is no path."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_sees_the_path_as_it_was_written() {
        let at = |uri: &'static str| at_agent(&Uri::from_static(uri)).expect("a path").to_string();
        assert_eq!(at("/v1/sandboxes/demo/api/ping"), "/api/ping");
        assert_eq!(at("/v1/sandboxes/demo/api/files/raw?path=%2Fa%20b&x"), "/api/files/raw?path=%2Fa%20b&x");
        assert_eq!(at("/v1/sandboxes/demo/ws/terminal?id=1/2"), "/ws/terminal?id=1/2");
        assert_eq!(at("/v1/sandboxes/demo/ws?x"), "/ws?x");
        assert_eq!(at("/v1/sandboxes/demo/api/../../x//y"), "/api/../../x//y");
    }
}
