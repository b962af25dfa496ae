//! Sessions: a persistent bash each, whose directory and environment outlive a command.

mod place;

use crate::server::Routes;

pub use place::{EnvChange, Place, bad_name};

/// The routes of this module.
pub fn routes() -> Routes {
    Routes::new()
}
