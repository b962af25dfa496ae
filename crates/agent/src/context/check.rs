//! What a request may ask of a context, checked before anything is started.

use std::path::PathBuf;

use sandpit_api::{ApiError, ErrorCode};
use serde_json::{Map, Value};

use super::spec::{Dialect, Spec};
use crate::Agent;
use crate::file::name;
use crate::session::{EnvChange, check_env};

/// Words that name no variable (Python 3.14, ECMAScript 2025).
const PYTHON_WORDS: &str = "False None True and as assert async await break class continue def del elif else \
    except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield";
const SCRIPT_WORDS: &str = "Infinity NaN arguments await break case catch class const continue debugger default \
    delete do else enum eval export extends false finally for function globalThis if implements import in \
    instanceof interface let new null package private protected public return static super switch this throw \
    true try typeof undefined var void while with yield";

/// The folder a context starts in.
pub fn folder(agent: &Agent, cwd: Option<&str>) -> Result<PathBuf, ApiError> {
    let path = match cwd {
        Some(cwd) => name::resolve(agent.workspace(), "cwd", cwd).map_err(|error| *error)?,
        None => agent.workspace().to_owned(),
    };
    if path.is_dir() {
        return Ok(path);
    }
    let shown = name::encode(path.as_os_str());
    Err(ApiError::invalid("cwd", format!("{shown} is not a folder")).with("path", shown.as_ref()))
}

/// The variables of all runs of a context.
pub fn environment(variables: &EnvChange) -> Result<(), ApiError> {
    check_env("env_vars", Some(variables))
}

/// The variables of one run, which only a kernel that the agent can talk to takes.
pub fn environment_of_run(variables: &EnvChange, spec: &Spec) -> Result<(), ApiError> {
    if !variables.is_empty() && spec.dialect().is_none() {
        return Err(unspoken(spec, "env_vars"));
    }
    environment(variables)
}

/// Variables that the kernel of `spec` can be given.
pub fn variables(variables: &Map<String, Value>, spec: &Spec) -> Result<(), ApiError> {
    if variables.is_empty() {
        return Ok(());
    }
    let (more, words) = match spec.dialect() {
        Some(Dialect::Python) => ("", PYTHON_WORDS),
        Some(Dialect::Deno) => ("$", SCRIPT_WORDS),
        None => return Err(unspoken(spec, "variables")),
    };
    let good = |name: &str| is_word(name, more) && words.split_whitespace().all(|word| word != name);
    match variables.keys().find(|name| !good(name)) {
        None => Ok(()),
        Some(name) => {
            let message = format!("{name:?} is no name of a variable in {}", spec.display_name);
            Err(ApiError::invalid("variables", message).with("name", name.as_str()))
        }
    }
}

fn is_word(name: &str, more: &str) -> bool {
    let start = |c: char| c.is_ascii_alphabetic() || c == '_' || more.contains(c);
    name.starts_with(start) && name.chars().all(|c| start(c) || c.is_ascii_digit())
}

fn unspoken(spec: &Spec, field: &str) -> ApiError {
    let message =
        format!("{field} can be set in Python, JavaScript and TypeScript, not in {}", spec.display_name);
    ApiError::new(ErrorCode::NotSupported, message).with("field", field).with("kernel", spec.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_variables_are_words() {
        for good in ["A", "_a1", "PATH"] {
            assert!(is_word(good, ""), "{good}");
        }
        for bad in ["", "1a", "a b", "a=b", "$a", "ä"] {
            assert!(!is_word(bad, ""), "{bad}");
        }
        assert!(is_word("$a", "$"));
    }
}
