//! Listening ports of the sandbox, and a tunnel to each.

use crate::server::Routes;

/// The routes of this module.
pub fn routes() -> Routes {
    Routes::new()
}
