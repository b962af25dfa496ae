//! Terminals: a shell under a PTY each, replayable by cursor, with credit for each viewer.

use crate::server::Routes;

/// The routes of this module.
pub fn routes() -> Routes {
    Routes::new()
}
