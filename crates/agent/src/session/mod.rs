//! Sessions: a persistent bash each, whose directory and environment outlive a command.

use crate::server::Routes;

/// The routes of this module.
pub fn routes() -> Routes {
    Routes::new()
}
