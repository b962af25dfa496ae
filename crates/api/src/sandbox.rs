//! A sandbox's record and the requests that make and change one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// Where a sandbox stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum SandboxState {
    Creating,
    Running,
    Paused,
    Stopped,
    Failed,
}

/// What a sandbox may use. An absent limit is not set; a limit that the engine cannot enforce is
/// refused when it is asked for (`capabilities.limits` of the engine says which it can).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[ts(export, optional_fields)]
pub struct Limits {
    /// Cores, for example 1.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
    #[serde(rename = "memoryMiB", skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u64>,
    /// Processes and threads together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids: Option<u64>,
    #[serde(rename = "diskMiB", skip_serializing_if = "Option::is_none")]
    pub disk_mib: Option<u64>,
}

/// What a sandbox may reach beyond itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum NetworkMode {
    /// Its own loopback and nothing else.
    #[default]
    Off,
    /// Only the hosts in `allow`.
    Allow,
    /// The internet, but never the host's loopback.
    On,
}

/// The outbound policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[ts(export)]
pub struct Network {
    pub mode: NetworkMode,
    /// Host names, used when `mode` is `allow`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub allow: Vec<String>,
}

/// Body of `POST /v1/sandboxes`. Everything is optional: `{}` makes a working sandbox.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[ts(export, optional_fields)]
pub struct CreateSandbox {
    /// 1–63 of `[a-z0-9-]`, no hyphen at an edge. Made up when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// For people; the id when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Engine id; the first available one when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// Image; the engine's default when absent (`host` on the embedded engine).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    #[ts(as = "Option<BTreeMap<String, String>>")]
    pub env: BTreeMap<String, String>,
    #[ts(as = "Option<Limits>")]
    pub limits: Limits,
    #[ts(as = "Option<Network>")]
    pub network: Network,
    /// Idle time after which it stops, in seconds or as `"10m"`. Its files stay. Never when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleep_after: Option<SleepAfter>,
    /// Never stop it for idleness.
    #[ts(as = "Option<bool>")]
    pub keep_alive: bool,
    #[ts(as = "Option<BTreeMap<String, String>>")]
    pub labels: BTreeMap<String, String>,
}

/// An idle time: seconds, or a number with `s`, `m` or `h`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(untagged)]
#[ts(export)]
pub enum SleepAfter {
    Seconds(u64),
    Text(String),
}

impl SleepAfter {
    /// The time in seconds, or `None` when the text is no time.
    pub fn seconds(&self) -> Option<u64> {
        match self {
            Self::Seconds(seconds) => Some(*seconds),
            Self::Text(text) => {
                let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
                let count: u64 = digits.parse().ok()?;
                match &text[digits.len()..] {
                    "" | "s" => Some(count),
                    "m" => count.checked_mul(60),
                    "h" => count.checked_mul(3600),
                    _ => None,
                }
            }
        }
    }
}

/// Body of `PATCH /v1/sandboxes/{id}`: only what is named changes. `env` and `limits` count from
/// the next start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[ts(export, optional_fields)]
pub struct PatchSandbox {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleep_after: Option<SleepAfter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_alive: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
}

/// Why a sandbox is not running although nobody asked it to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum FailureKind {
    OutOfMemory,
    Killed,
    EngineGone,
    /// Its first process ended by itself; `exitCode` says how.
    Exited,
    StartFailed,
}

/// The reason of a `failed` state, for people and programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct Failure {
    pub kind: FailureKind,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
}

/// One sandbox as the gateway tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct Sandbox {
    pub id: String,
    pub name: String,
    /// Id of its engine.
    pub engine: String,
    pub image: String,
    pub state: SandboxState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Failure>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC; absent when it does not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    #[ts(as = "BTreeMap<String, String>")]
    pub env: BTreeMap<String, String>,
    pub limits: Limits,
    pub network: Network,
    /// Seconds of idleness after which it stops.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleep_after: Option<u64>,
    pub keep_alive: bool,
    pub labels: BTreeMap<String, String>,
    /// Exposed ports.
    pub ports: Vec<crate::port::ExposedPort>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_time_is_seconds_or_a_number_with_a_unit() {
        assert_eq!(SleepAfter::Seconds(90).seconds(), Some(90));
        assert_eq!(SleepAfter::Text("10m".into()).seconds(), Some(600));
        assert_eq!(SleepAfter::Text("2h".into()).seconds(), Some(7200));
        assert_eq!(SleepAfter::Text("soon".into()).seconds(), None);
        assert_eq!(SleepAfter::Text("5d".into()).seconds(), None);
    }

    #[test]
    fn an_empty_body_is_a_whole_request_and_an_unknown_field_is_not() {
        let empty: CreateSandbox = serde_json::from_str("{}").expect("an empty body");
        assert_eq!(empty, CreateSandbox::default());
        assert!(serde_json::from_str::<CreateSandbox>(r#"{"cpu":1}"#).is_err());
    }

    #[test]
    fn limits_are_spelled_as_the_design_says() {
        let limits: Limits = serde_json::from_str(r#"{"memoryMiB":512,"diskMiB":1}"#).expect("limits");
        assert_eq!(limits.memory_mib, Some(512));
    }
}
