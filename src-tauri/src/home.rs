//! Where the app keeps what is its own.

use std::path::PathBuf;

/// `$SANDPIT_DATA_DIR`, else `$XDG_DATA_HOME/sandpit`, else `~/.local/share/sandpit`.
pub fn data_dir() -> Option<PathBuf> {
    let given = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    given("SANDPIT_DATA_DIR")
        .or_else(|| Some(given("XDG_DATA_HOME")?.join("sandpit")))
        .or_else(|| Some(given("HOME")?.join(".local/share/sandpit")))
}
