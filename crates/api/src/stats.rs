//! What a sandbox uses.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// `GET /v1/sandboxes/{id}/stats`, and the agent's `GET /api/stats`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct Stats {
    /// Processor time used since the start, microseconds. A rate needs two readings.
    pub cpu_micros: u64,
    /// Percent of one core since the last reading, where the teller keeps one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_percent: Option<f64>,
    pub memory_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_limit_bytes: Option<u64>,
    pub processes: u64,
    /// Bytes under `/workspace` and the home folder, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_bytes: Option<u64>,
    pub network_rx_bytes: u64,
    pub network_tx_bytes: u64,
}
