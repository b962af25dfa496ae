//! Many requests on one WebSocket, `/ws` or `/api/ws` (reference §2.4).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use ts_rs::TS;
use utoipa::ToSchema;

/// A text frame from a client. `id` is the client's own and names the request in every answer.
#[derive(Debug, Deserialize, TS, ToSchema)]
#[ts(export, optional_fields)]
pub struct Call {
    #[serde(rename = "type")]
    pub kind: CallKind,
    pub id: String,
    /// Of a request.
    pub method: Option<String>,
    /// Of a request: any route of the agent, with its query.
    pub path: Option<String>,
    /// Of a request: sent on as JSON.
    #[ts(type = "unknown")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<Box<RawValue>>,
    pub headers: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum CallKind {
    Request,
    /// Drops the request: what it runs is stopped, and nothing more is told of it.
    Cancel,
}

/// A text frame to a client.
#[derive(Debug, Serialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
#[ts(export, optional_fields)]
pub enum CallFrame {
    /// The answer, or the end of a stream. The last frame of its request.
    Response {
        id: String,
        status: u16,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[ts(type = "unknown")]
        #[schema(value_type = Option<Object>)]
        body: Option<Box<RawValue>>,
        done: bool,
    },
    /// One server-sent event.
    Stream { id: String, data: String },
    /// A frame that is no request, or a request that broke off.
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        code: CallError,
        message: String,
        status: u16,
    },
}

/// What is wrong with a frame; what is wrong with a request is an `ApiError` in its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[ts(export)]
pub enum CallError {
    /// It is not JSON.
    ParseError,
    /// It is not a request or a cancellation, or its id is in use.
    InvalidRequest,
    /// The answer could not be made.
    InternalError,
    /// The answer broke off.
    StreamError,
}

impl CallError {
    /// The status it is sent with.
    pub const fn status(self) -> u16 {
        match self {
            Self::ParseError | Self::InvalidRequest => 400,
            Self::InternalError | Self::StreamError => 500,
        }
    }
}
