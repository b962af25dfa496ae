//! The refusals every engine gives, said once.

use sandpit_api::{ApiError, ErrorCode, sandbox::SandboxState};

use crate::Result;

/// `SANDBOX_NOT_FOUND`.
pub fn not_found(id: &str) -> ApiError {
    ApiError::new(ErrorCode::SandboxNotFound, format!("There is no sandbox {id}.")).with("sandboxId", id)
}

/// `SANDBOX_ALREADY_EXISTS`.
pub fn exists(id: &str) -> ApiError {
    ApiError::new(ErrorCode::SandboxExists, format!("There is a sandbox {id} already.")).with("sandboxId", id)
}

/// `SANDBOX_NOT_RUNNING`, with the state it is in.
pub fn not_running(id: &str, state: SandboxState) -> ApiError {
    let name = serde_json::to_value(state).unwrap_or_default();
    let shown = name.as_str().unwrap_or("not running").to_owned();
    let suggestion = match state {
        SandboxState::Paused => "Resume it first.",
        SandboxState::Creating => "Wait until it runs.",
        _ => "Start it first.",
    };
    ApiError::new(ErrorCode::SandboxNotRunning, format!("The sandbox {id} is {shown}."))
        .with("sandboxId", id)
        .with("state", shown)
        .suggest(suggestion)
}

/// `NOT_SUPPORTED`: `what` cannot be had here, because of `why`.
pub fn not_supported(what: &str, why: &str) -> ApiError {
    ApiError::new(ErrorCode::NotSupported, format!("{what} cannot be had here: {why}")).with("what", what)
}

/// Refuses unless its processes exist: it runs or is paused.
pub fn unless_alive(id: &str, state: SandboxState) -> Result<()> {
    match state {
        SandboxState::Running | SandboxState::Paused => Ok(()),
        _ => Err(not_running(id, state)),
    }
}
