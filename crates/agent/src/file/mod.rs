//! Files of the sandbox: read, write, list, move, trash, and raw bytes both ways (docs/PROTOCOL.md, Files).

use crate::server::Routes;

/// The routes of this module.
pub fn routes() -> Routes {
    Routes::new()
}
