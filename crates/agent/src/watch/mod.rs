//! Changes in the sandbox's files: the reference's server-sent shape, and the tree's socket.

use crate::server::Routes;

/// The routes of this module.
pub fn routes() -> Routes {
    Routes::new()
}
