//! Sessions: a shell's working directory and environment that outlive a command.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// The session used when a request names none.
pub const DEFAULT_SESSION: &str = "default";
/// The id that asks for no session at all (reference §2.1).
pub const DISABLE_SESSION: &str = "__DISABLE_SESSION__";

/// Body of `POST /api/session/create`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[ts(export, optional_fields)]
pub struct CreateSession {
    /// 1 to 256 bytes; made up when absent.
    pub id: Option<String>,
    /// For people.
    pub name: Option<String>,
    /// `null` unsets a variable.
    pub env: Option<BTreeMap<String, Option<String>>>,
    /// A folder that exists; the workspace when absent.
    pub cwd: Option<String>,
    /// For each of its commands that says none of its own; 0 is none.
    pub command_timeout_ms: Option<u64>,
    /// `true` is refused: sessions share the sandbox's files and processes.
    pub isolation: Option<bool>,
}

/// What is known of a session (`GET /api/session/{id}`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct Session {
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub cwd: String,
    /// RFC 3339, UTC.
    pub created_at: String,
}
