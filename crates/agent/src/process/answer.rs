//! What the process routes answer with, beside `success` and the moment.

use sandpit_api::process::Process;
use serde::Serialize;
use utoipa::ToSchema;

/// The process that was started.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StartedProcess {
    pub process_id: String,
    pub pid: Option<u32>,
    pub command: String,
}

/// The processes that are remembered.
#[derive(Serialize, ToSchema)]
pub struct AllProcesses {
    pub processes: Vec<Process>,
}

/// One process.
#[derive(Serialize, ToSchema)]
pub struct OneProcess {
    pub process: Process,
}

/// The process that was meant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TheProcess {
    pub process_id: String,
}

/// How many processes were ended, or forgotten.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cleaned {
    pub cleaned_count: usize,
}

/// What is kept of a process's output.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProcessLogs {
    pub process_id: String,
    pub stdout: String,
    pub stderr: String,
    /// There was more between `since` and this: the oldest is gone.
    pub truncated: bool,
    /// Where this ends: `since` of the next request.
    pub cursor: u64,
}

/// What a process was given.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WrittenInput {
    pub process_id: String,
    pub bytes_written: u64,
}
