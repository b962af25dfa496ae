//! Speaks HTTP/1.1 to an agent over any byte stream: typed requests, streamed bodies and upgrades.
//!
//! It knows no route of the agent and no engine beyond [`Engine::dial`].

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Body, Incoming},
    client::conn::http1,
    upgrade::Upgraded,
};
use hyper_util::rt::TokioIo;
use sandpit_api::{ApiError, ErrorCode};
use serde::{Serialize, de::DeserializeOwned};

use crate::{ByteStream, Engine, Result};

/// Most bytes of an answer that is read whole. Longer ones are to be streamed.
const MAX_ANSWER: usize = 64 << 20;

/// One connection to an agent. Requests on it follow one another; dial again for parallel ones.
/// `B` is the body sent: `Full<Bytes>` for typed requests, or whatever a gateway passes on.
pub struct AgentClient<B = Full<Bytes>> {
    sender: http1::SendRequest<B>,
}

impl<B> AgentClient<B>
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// Dials the agent of the sandbox `id`. Errors are those of [`Engine::dial`], or `AGENT_UNREACHABLE`.
    pub async fn dial(engine: &dyn Engine, id: &str) -> Result<Self> {
        Self::over(engine.dial(id).await?).await
    }

    /// Speaks over `stream`; `AGENT_UNREACHABLE` when nothing answers.
    pub async fn over(stream: Box<dyn ByteStream>) -> Result<Self> {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(unreachable_agent)?;
        tokio::spawn(async move {
            // The sender reports the same error to whoever waits for the answer.
            let _ = connection.with_upgrades().await;
        });
        Ok(Self { sender })
    }

    /// Sends `request` and gives the answer as it is, body unread, whatever its status.
    /// `request` has a path and no authority; `Host` is filled in when it is missing.
    pub async fn send(&mut self, mut request: Request<B>) -> Result<Response<Incoming>> {
        request.headers_mut().entry(header::HOST).or_insert(header::HeaderValue::from_static("sandbox"));
        self.sender.ready().await.map_err(unreachable_agent)?;
        self.sender.send_request(request).await.map_err(unreachable_agent)
    }

    /// Sends a request that asks for an upgrade and gives the bytes that follow the `101`.
    /// Any other answer is an error.
    pub async fn upgrade(&mut self, request: Request<B>) -> Result<(Response<()>, TokioIo<Upgraded>)> {
        let mut response = self.send(request).await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(refusal(response).await);
        }
        let upgraded = hyper::upgrade::on(&mut response).await.map_err(unreachable_agent)?;
        Ok((response.map(drop), TokioIo::new(upgraded)))
    }
}

impl AgentClient<Full<Bytes>> {
    /// `GET path`, answered with JSON.
    pub async fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<T> {
        let request = Request::get(path).body(Full::default()).map_err(|e| bad_request(path, e))?;
        self.json(request).await
    }

    /// `POST path` with JSON, answered with JSON.
    pub async fn post<T: DeserializeOwned>(&mut self, path: &str, body: &impl Serialize) -> Result<T> {
        self.call(Method::POST, path, body).await
    }

    /// `method path` with JSON, answered with JSON.
    pub async fn call<T: DeserializeOwned>(
        &mut self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T> {
        let json =
            serde_json::to_vec(body).map_err(|e| ApiError::new(ErrorCode::InternalError, e.to_string()))?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(json))
            .map_err(|e| bad_request(path, e))?;
        self.json(request).await
    }

    async fn json<T: DeserializeOwned>(&mut self, request: Request<Full<Bytes>>) -> Result<T> {
        let response = self.send(request).await?;
        if !response.status().is_success() {
            return Err(refusal(response).await);
        }
        serde_json::from_slice(&whole(response).await?).map_err(unreachable_agent)
    }
}

/// The error an agent answered with; what is no [`ApiError`] becomes `AGENT_UNREACHABLE`.
pub async fn refusal(response: Response<Incoming>) -> ApiError {
    let status = response.status();
    let body = match whole(response).await {
        Ok(body) => body,
        Err(error) => return error,
    };
    serde_json::from_slice(&body).unwrap_or_else(|_| unreachable_agent(format!("it answered {status}")))
}

async fn whole(response: Response<Incoming>) -> Result<Bytes> {
    let limited = http_body_util::Limited::new(response.into_body(), MAX_ANSWER);
    Ok(limited.collect().await.map_err(unreachable_agent)?.to_bytes())
}

fn unreachable_agent(error: impl std::fmt::Display) -> ApiError {
    ApiError::new(ErrorCode::AgentUnreachable, format!("The sandbox's agent does not answer: {error}"))
}

fn bad_request(path: &str, error: http::Error) -> ApiError {
    ApiError::new(ErrorCode::InternalError, format!("no request can be made for {path}: {error}"))
}
