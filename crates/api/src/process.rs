//! Background processes (reference §2.2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::exec::Origin;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum ProcessStatus {
    Starting,
    Running,
    Completed,
    Failed,
    Killed,
    Error,
}

/// Body of `POST /api/process/start`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[ts(export, optional_fields)]
pub struct StartProcess {
    /// For `bash -c`: at most 131 071 bytes. What is longer is written to a file first.
    #[ts(optional = false)]
    pub command: String,
    /// Whose directory and environment it starts with.
    pub session_id: Option<String>,
    /// 1 to 255 characters that may stand in a path. One is made up when absent.
    pub process_id: Option<String>,
    /// After so long it and all it started are ended. 0 or nothing: never.
    pub timeout_ms: Option<u64>,
    /// `null` unsets a variable.
    pub env: Option<BTreeMap<String, Option<String>>>,
    /// Absolute, or relative to the session's.
    pub cwd: Option<String>,
    /// How its output is told: `utf-8`, or `base64`.
    pub encoding: Option<String>,
    /// Forget the record soon after it has ended well.
    pub auto_cleanup: Option<bool>,
    /// Whether it is given an input, for `POST /api/process/{id}/stdin`. Else that is empty.
    #[ts(as = "Option<bool>")]
    pub stdin: bool,
    /// Who asks; decides how loud the agent's log is about it.
    pub origin: Option<Origin>,
}

/// Body of `DELETE /api/process/{id}`: the signal to send, `TERM` when absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(export, optional_fields)]
pub struct KillProcess {
    pub signal: Option<SignalName>,
}

/// A signal by its name, with or without `SIG`, or by its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(untagged)]
#[ts(export)]
pub enum SignalName {
    Name(String),
    Number(i32),
}

/// JSON body of `POST /api/process/{id}/stdin`; any other content type is the bytes themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export, optional_fields)]
pub struct ProcessInput {
    pub data: String,
    /// `utf-8`, or `base64`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub encoding: Option<String>,
}

/// A background process, alive or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct Process {
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    pub command: String,
    pub status: ProcessStatus,
    /// RFC 3339, UTC.
    pub start_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
}

/// One server-sent event of `GET /api/process/{id}/stream`. `cursor`, wherever it is, counts the bytes
/// of both streams up to there: with it as `since` the stream goes on right after this event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[ts(export)]
pub enum ProcessEvent {
    /// Sent first.
    #[schema(rename_all = "camelCase")]
    ProcessInfo { process_id: String, command: String, status: ProcessStatus, cursor: u64, timestamp: String },
    #[schema(rename_all = "camelCase")]
    Stdout { data: String, process_id: String, cursor: u64, timestamp: String },
    #[schema(rename_all = "camelCase")]
    Stderr { data: String, process_id: String, cursor: u64, timestamp: String },
    /// Bytes before `cursor` are gone: the reader was slower than the bounded log, or came late.
    #[schema(rename_all = "camelCase")]
    Truncated { process_id: String, cursor: u64, timestamp: String },
    /// It has ended, and all its output has been told.
    #[schema(rename_all = "camelCase")]
    Exit {
        process_id: String,
        exit_code: i32,
        /// For people.
        data: String,
        cursor: u64,
        timestamp: String,
    },
}
