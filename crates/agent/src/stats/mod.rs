//! What the sandbox uses: processor, memory, processes, disk, network.

use crate::server::Routes;

/// The routes of this module.
pub fn routes() -> Routes {
    Routes::new()
}
