//! The token of `sandpitd serve`: made up for one run, or kept in a file.

use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use anyhow::{Context, ensure};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

/// A new token: 256 random bits.
pub fn fresh() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// The token in `file`. A file that does not exist is made, for its owner only, with a new one.
pub fn kept(file: &Path) -> anyhow::Result<String> {
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    match made {
        Ok(mut file) => {
            let token = fresh();
            writeln!(file, "{token}")
                .and_then(|()| file.sync_all())
                .context("The token cannot be written.")?;
            Ok(token)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(file),
        Err(error) => {
            Err(error).with_context(|| format!("The token file {} cannot be made.", file.display()))
        }
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    let shown = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("The token file {shown} cannot be read."))?;
    let token = text.trim();
    ensure!(!token.is_empty(), "The token file {shown} is empty.");
    let plain = token.bytes().all(|byte| byte.is_ascii_graphic());
    ensure!(plain, "The token in {shown} holds a space, or a letter beyond ASCII.");
    if token.len() < 32 {
        tracing::warn!("the token in {shown} is short; 43 letters of base64 are 256 bits");
    }
    if fs::metadata(file)?.permissions().mode() & 0o077 != 0 {
        tracing::warn!("the token file {shown} can be read by others; chmod 600 keeps it yours");
    }
    Ok(token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_made_private_and_read_again_the_next_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        let first = kept(&file).expect("a token");
        assert_eq!(first.len(), 43);
        assert_eq!(kept(&file).expect("the same token"), first);
        assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_token_of_one_s_own_is_read_without_its_newline_and_an_unfit_one_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        fs::write(&file, "my-secret\n").expect("a file");
        assert_eq!(kept(&file).expect("a token"), "my-secret");
        for unfit in ["", "\n", "two words", "tök"] {
            fs::write(&file, unfit).expect("a file");
            assert!(kept(&file).is_err(), "{unfit:?}");
        }
    }
}
