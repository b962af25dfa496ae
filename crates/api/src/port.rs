//! Ports: those a sandbox listens on, and those exposed as preview URLs.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

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
