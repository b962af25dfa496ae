//! Where everything that Sandpit keeps lies.

use std::{env, path::PathBuf};

/// `$SANDPIT_DATA_DIR`, else `$XDG_DATA_HOME/sandpit`, else `~/.local/share/sandpit`. `None` when none
/// of the three says where.
pub fn data_dir() -> Option<PathBuf> {
    let given = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    given("SANDPIT_DATA_DIR")
        .or_else(|| Some(given("XDG_DATA_HOME")?.join("sandpit")))
        .or_else(|| Some(given("HOME")?.join(".local/share/sandpit")))
}
