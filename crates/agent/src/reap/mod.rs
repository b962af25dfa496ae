//! Duties of PID 1: orphans are reaped, and the exit statuses of the agent's own children are not
//! stolen. Every child of the agent is started through [`own`].

use std::io;

use tokio::process::Child;

/// Starts a child and records it as the agent's own, so that only its [`Child`] takes its status.
///
/// # Errors
/// Those of `spawn`.
pub fn own<E: From<io::Error>>(spawn: impl FnOnce() -> Result<Child, E>) -> Result<Child, E> {
    spawn()
}

/// Waits until the agent is asked to end (SIGTERM or SIGINT).
pub async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        }
        // Without handlers the default action of the signals ends the agent.
        _ => std::future::pending().await,
    }
}
