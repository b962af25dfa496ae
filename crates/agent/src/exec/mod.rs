//! Commands in a session or without one, answered whole or as a stream.

use crate::server::Routes;

/// The routes of this module.
pub fn routes() -> Routes {
    Routes::new()
}
