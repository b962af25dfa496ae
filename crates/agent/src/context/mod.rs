//! Code contexts: Jupyter kernels, spoken to over ZeroMQ.

use crate::server::Routes;

/// The routes of this module.
pub fn routes() -> Routes {
    Routes::new()
}
