//! Where a command runs: a directory and the exported environment.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use sandpit_api::ApiError;

/// Changes to an environment as requests say them; `None` unsets.
pub type EnvChange = BTreeMap<String, Option<String>>;

/// A directory and an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub cwd: PathBuf,
    pub env: BTreeMap<OsString, OsString>,
}

impl Place {
    /// This place with `env` changed.
    #[must_use]
    pub fn with_env(mut self, env: Option<&EnvChange>) -> Self {
        for (name, value) in env.into_iter().flatten() {
            match value {
                Some(value) => self.env.insert(name.into(), value.into()),
                None => self.env.remove(name.as_ref() as &std::ffi::OsStr),
            };
        }
        self
    }

    /// This place with another directory; a relative one starts from here.
    #[must_use]
    pub fn at(mut self, cwd: Option<&str>) -> Self {
        if let Some(cwd) = cwd {
            self.cwd = self.cwd.join(cwd);
        }
        self
    }

    /// This place, or the nearest folder above it that exists: shells must start somewhere.
    #[must_use]
    pub fn existing(mut self) -> Self {
        while !self.cwd.is_dir() {
            match self.cwd.parent().map(Path::to_path_buf) {
                Some(parent) => self.cwd = parent,
                None => break,
            }
        }
        self
    }
}

/// The first name of `env` that no shell accepts, if any.
fn bad_name(env: Option<&EnvChange>) -> Option<&str> {
    let good = |name: &str| {
        let mut chars = name.chars();
        chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && chars.all(|rest| rest.is_ascii_alphanumeric() || rest == '_')
    };
    env.into_iter().flat_map(BTreeMap::keys).map(String::as_str).find(|name| !good(name))
}

/// The longest `NAME=value` that Linux passes to a program (`MAX_ARG_STRLEN`), its NUL not counted.
const VARIABLE_LENGTH: usize = (128 << 10) - 1;

/// Whether every shell and program takes `env`.
///
/// # Errors
/// `VALIDATION_FAILED` of `field`, with the variable as `context.name`.
pub fn check_env(field: &str, env: Option<&EnvChange>) -> Result<(), ApiError> {
    if let Some(name) = bad_name(env) {
        let message = format!("{name:?} is no name of a variable");
        return Err(ApiError::invalid(field, message).with("name", name));
    }
    for (name, value) in env.into_iter().flatten() {
        let value = value.as_deref().unwrap_or_default();
        if value.contains('\0') || name.len() + 1 + value.len() > VARIABLE_LENGTH {
            let message = format!("{name} has a NUL, or more than {VARIABLE_LENGTH} bytes with its name");
            return Err(ApiError::invalid(field, message).with("name", name.as_str()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            cwd: "/a".into(),
            env: BTreeMap::from([("KEEP".into(), "1".into()), ("DROP".into(), "2".into())]),
        }
    }

    #[test]
    fn an_environment_is_changed_by_setting_and_unsetting() {
        let change = EnvChange::from([("NEW".into(), Some("3".into())), ("DROP".into(), None)]);
        let changed = place().with_env(Some(&change));
        assert_eq!(changed.env, BTreeMap::from([("KEEP".into(), "1".into()), ("NEW".into(), "3".into())]));
    }

    #[test]
    fn a_directory_may_be_relative_or_gone() {
        assert_eq!(place().at(Some("b")).cwd, Path::new("/a/b"));
        assert_eq!(place().at(Some("/tmp/surely/not/there")).existing().cwd, Path::new("/tmp"));
    }

    #[test]
    fn names_that_no_shell_accepts_are_found() {
        let change = EnvChange::from([("OK_1".into(), None), ("not ok".into(), None)]);
        assert_eq!(bad_name(Some(&change)), Some("not ok"));
        assert_eq!(bad_name(None), None);
        let refused =
            |value: String| check_env("env", Some(&EnvChange::from([("A".into(), Some(value))]))).is_err();
        assert!(refused("a\0".into()) && refused("a".repeat(1 << 17)) && !refused("a".repeat(1 << 16)));
    }
}
