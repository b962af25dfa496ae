//! One command in a session, answered whole or as a stream (reference §2.2, §2.3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// Body of `POST /api/execute` and `POST /api/execute/stream`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[ts(export, optional_fields)]
pub struct Execute {
    #[ts(optional = false)]
    pub command: String,
    pub session_id: Option<String>,
    /// Start a process instead, and answer its start. Not of a stream.
    #[ts(as = "Option<bool>")]
    pub background: bool,
    /// 0 is none.
    pub timeout_ms: Option<u64>,
    /// For this command only; `null` unsets a variable.
    pub env: Option<BTreeMap<String, Option<String>>>,
    /// For this command only.
    pub cwd: Option<String>,
    /// `base64` makes `stdout` and `stderr` base64; text otherwise.
    pub encoding: Option<String>,
    /// Standard input, base64. Empty when absent.
    pub stdin: Option<String>,
    /// The most bytes of output in one event of a stream, from 1 on.
    pub buffer_size: Option<u32>,
    /// Who asks; decides how loud the agent's log is about it.
    pub origin: Option<Origin>,
}

/// Who asks for a command: a person's program, or the SDK for its own ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum Origin {
    User,
    Internal,
}

/// Answer of `POST /api/execute`: HTTP 200 whatever the exit code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Executed {
    /// Whether the exit code is 0.
    pub success: bool,
    pub exit_code: i32,
    pub stdout: String,
    pub stderr: String,
    pub command: String,
    /// Milliseconds.
    pub duration: u64,
    pub session_id: String,
    /// RFC 3339, UTC.
    pub timestamp: String,
}

/// One server-sent event of `POST /api/execute/stream`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
#[ts(export)]
pub enum ExecEvent {
    #[schema(rename_all = "camelCase")]
    Start {
        command: String,
        session_id: String,
        timestamp: String,
    },
    Stdout {
        data: String,
        timestamp: String,
    },
    Stderr {
        data: String,
        timestamp: String,
    },
    #[schema(rename_all = "camelCase")]
    Complete {
        exit_code: i32,
        timestamp: String,
    },
    /// `data` says the same as `error`, which the official client does not read.
    Error {
        error: String,
        data: String,
        code: crate::ErrorCode,
        /// Facts a program may use, as in the error of `POST /api/execute`.
        #[ts(type = "Record<string, unknown>")]
        #[schema(value_type = Object)]
        context: serde_json::Map<String, serde_json::Value>,
        timestamp: String,
    },
}
