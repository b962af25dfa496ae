//! Background processes (reference §2.2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

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
#[serde(rename_all = "camelCase", default)]
#[ts(export, optional_fields)]
pub struct StartProcess {
    #[ts(optional = false)]
    pub command: String,
    pub session_id: Option<String>,
    pub process_id: Option<String>,
    pub timeout_ms: Option<u64>,
    pub env: Option<BTreeMap<String, Option<String>>>,
    pub cwd: Option<String>,
    pub encoding: Option<String>,
    /// Forget the record when it ends well.
    pub auto_cleanup: Option<bool>,
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

/// One server-sent event of `GET /api/process/{id}/stream`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[ts(export)]
pub enum ProcessEvent {
    ProcessInfo {
        process_id: String,
        command: String,
        status: ProcessStatus,
        timestamp: String,
    },
    Stdout {
        data: String,
        process_id: String,
        timestamp: String,
    },
    Stderr {
        data: String,
        process_id: String,
        timestamp: String,
    },
    /// Bytes were dropped because the reader was slower than the bounded log.
    Truncated {
        process_id: String,
        timestamp: String,
    },
    Exit {
        process_id: String,
        exit_code: i32,
        data: String,
        timestamp: String,
    },
}
