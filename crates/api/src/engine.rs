//! Engines as data: what one is, whether it works, and what it can do.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum EngineKind {
    Embedded,
    Docker,
    Podman,
    Remote,
    /// In memory, for tests.
    Fake,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum EngineState {
    Available,
    Unavailable,
}

/// Whether one thing can be had here and, if not, why and what would mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct Capability {
    pub available: bool,
    /// Why not, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What a person can do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix_it: Option<String>,
}

impl Capability {
    pub fn yes() -> Self {
        Self { available: true, reason: None, fix_it: None }
    }

    pub fn no(reason: impl Into<String>, fix_it: Option<String>) -> Self {
        Self { available: false, reason: Some(reason.into()), fix_it }
    }
}

/// What an engine can do; what it cannot is refused with `NOT_SUPPORTED`, never ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Capabilities {
    pub pause: Capability,
    pub cpu_limit: Capability,
    pub memory_limit: Capability,
    pub pids_limit: Capability,
    pub disk_limit: Capability,
    /// `network.mode: on`.
    pub network_on: Capability,
    /// `network.mode: allow`.
    pub network_allow: Capability,
    /// The prepared code runtime: contexts in Python, JavaScript and TypeScript.
    pub code_runtime: Capability,
}

/// One engine as `GET /v1/engines` tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct Engine {
    pub id: String,
    pub kind: EngineKind,
    pub state: EngineState,
    /// Version of what does the work, for example `bubblewrap 0.8.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    pub capabilities: Capabilities,
    /// Why it is unavailable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix_it: Option<String>,
}

/// `GET /v1/health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Health {
    pub name: String,
    pub version: String,
    pub protocol: u32,
}
