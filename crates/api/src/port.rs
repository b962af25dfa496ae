//! Ports: those a sandbox listens on, and those exposed as preview URLs.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::ErrorCode;

/// A TCP port that a process inside the sandbox listens on (agent, `GET /api/ports`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct ListeningPort {
    pub port: u16,
    /// Local address, for example `127.0.0.1`, `0.0.0.0` or `::`.
    pub address: String,
    /// Pid inside the sandbox, where its owner could be found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Short name, for example `python3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
    /// The whole command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// Body of `POST /api/port-watch`: what has to be there for a port to be ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(export, optional_fields)]
pub struct PortWatch {
    /// From 1 to 65535.
    #[schema(value_type = u16, minimum = 1)]
    #[ts(type = "number")]
    pub port: i64,
    #[serde(default)]
    #[ts(as = "Option<PortMode>")]
    pub mode: PortMode,
    /// What is asked for by `http`; `/` when absent.
    pub path: Option<String>,
    /// The lowest status of an answer that will do; 200 when absent.
    #[schema(minimum = 100, maximum = 999)]
    pub status_min: Option<u16>,
    /// The highest; 399 when absent.
    #[schema(minimum = 100, maximum = 999)]
    pub status_max: Option<u16>,
    /// The process that is to open the port: its end ends the watch.
    pub process_id: Option<String>,
    /// The longest pause between two looks, milliseconds. The agent looks each 10 ms anyway.
    pub interval: Option<u64>,
    /// Without end when absent.
    pub timeout_ms: Option<u64>,
}

/// What makes a port ready.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum PortMode {
    /// An answer to `GET path` with a status in the range.
    #[default]
    Http,
    /// A connection that is accepted.
    Tcp,
}

/// One server-sent event of `POST /api/port-watch`: `watching`, then one of the others, and the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[ts(export, optional_fields)]
pub enum PortWatchEvent {
    Watching {
        port: u16,
    },
    #[schema(rename_all = "camelCase")]
    Ready {
        port: u16,
        /// Of the answer; absent for `tcp`.
        #[serde(skip_serializing_if = "Option::is_none")]
        status_code: Option<u16>,
    },
    /// The process ended before the port was ready.
    #[schema(rename_all = "camelCase")]
    ProcessExited {
        port: u16,
        exit_code: i32,
    },
    /// The time is over.
    Error {
        port: u16,
        error: String,
        code: ErrorCode,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum PortStatus {
    /// Something listens there now.
    Active,
    /// Exposed, but nothing listens there now.
    Inactive,
}

/// A port with a preview URL, stable for a sandbox and port until it is unexposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct ExposedPort {
    pub port: u16,
    pub url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub status: PortStatus,
}

/// Body of `POST /v1/sandboxes/{id}/ports`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(export, optional_fields)]
pub struct ExposePort {
    pub port: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 1–16 of `[a-z0-9_]`; made up when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// `GET /v1/sandboxes/{id}/ports`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Ports {
    pub exposed: Vec<ExposedPort>,
    pub listening: Vec<ListeningPort>,
}
