//! Code that makes a kernel what a context asks for, or warms it. It leaves no name behind in the kernel
//! but those that were asked for.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::spec::Dialect;
use crate::session::EnvChange;

const WARM_PYTHON: &str = include_str!("prepare/warm.py");
const STREAMS_PYTHON: &str = include_str!("prepare/streams.py");
const VALUES_PYTHON: &str = include_str!("prepare/values.py");
const VALUES_DENO: &str = include_str!("prepare/values.js");
const ENV_PYTHON: &str = include_str!("prepare/env.py");
const ENV_DENO: &str = include_str!("prepare/env.js");
const UNCAUGHT_DENO: &str = include_str!("prepare/uncaught.js");

/// deno has no `require` of its own. Looked up from the context's folder, so it is made after moving there.
const REQUIRE: &str = "Object.defineProperty(globalThis, 'require', { configurable: true, writable: true, \
    value: (await import('node:module')).createRequire(Deno.cwd() + '/') });\n";

/// Python that sees no name of the kernel's, since a variable may be called `list`, and leaves none.
fn alone(code: &str) -> String {
    format!("__import__('builtins').exec({}, {{}})\n", json!(code))
}

/// Code that warms a new kernel; `None` when nothing is gained.
pub fn warm(dialect: Option<Dialect>) -> Option<String> {
    Some(match dialect? {
        Dialect::Python => alone(WARM_PYTHON),
        Dialect::Deno => REQUIRE.to_owned(),
    })
}

/// Whether `variables` can be set in a kernel that runs already: some are read only at its start.
pub fn can_set<'a>(mut variables: impl Iterator<Item = &'a str>) -> bool {
    !variables.any(|name| {
        ["PYTHON", "LD_", "MPL", "DENO_", "JUPYTER", "IPYTHON", "NO_COLOR"]
            .iter()
            .any(|p| name.starts_with(p))
    })
}

/// Code that moves a kernel to `cwd` and sets `variables` in its environment.
pub fn settle(dialect: Dialect, cwd: &Path, variables: &EnvChange) -> String {
    // JSON strings are literals in all three languages; the path is UTF-8 since it came as text.
    let cwd = json!(cwd.to_string_lossy());
    let start = match dialect {
        Dialect::Python => format!("__import__('os').chdir({cwd})\n"),
        Dialect::Deno => format!("Deno.chdir({cwd});\n"),
    };
    let steps = variables.iter().map(|(name, value)| match (dialect, value) {
        (Dialect::Python, Some(value)) => {
            format!("__import__('os').environ[{}] = {}\n", json!(name), json!(value))
        }
        (Dialect::Python, None) => format!("__import__('os').environ.pop({}, None)\n", json!(name)),
        (Dialect::Deno, Some(value)) => format!("Deno.env.set({}, {});\n", json!(name), json!(value)),
        (Dialect::Deno, None) => format!("Deno.env.delete({});\n", json!(name)),
    });
    std::iter::once(start).chain(steps).collect()
}

/// Code that every kernel of a context runs before its first run, once it is in its folder: what the
/// kernel lacks, and the context's own `variables`.
pub fn furnish(dialect: Dialect, variables: &Map<String, Value>) -> String {
    let given = (!variables.is_empty()).then(|| json!(json!(variables).to_string()));
    match (dialect, given) {
        (Dialect::Python, Some(text)) => {
            alone(STREAMS_PYTHON) + &format!("globals().update(__import__('json').loads({text}))\n")
        }
        (Dialect::Python, None) => alone(STREAMS_PYTHON),
        (Dialect::Deno, Some(text)) => {
            format!("{REQUIRE}{UNCAUGHT_DENO}Object.assign(globalThis, JSON.parse({text}));\n")
        }
        (Dialect::Deno, None) => format!("{REQUIRE}{UNCAUGHT_DENO}"),
    }
}

/// Code after which plain values are told as JSON too, and figures of a backend without a screen are
/// shown, as the reference does; or after which they are not.
pub fn values(dialect: Dialect, on: bool) -> String {
    match dialect {
        Dialect::Python => alone(&VALUES_PYTHON.replace("(ON)", if on { "(True)" } else { "(False)" })),
        Dialect::Deno => VALUES_DENO.replace("(ON)", if on { "(true)" } else { "(false)" }),
    }
}

/// Code that sets `variables` until [`restore`].
pub fn lend(dialect: Dialect, variables: &EnvChange) -> String {
    environment(dialect, &json!(json!(variables).to_string()).to_string())
}

/// Code that makes the environment what it was before [`lend`].
pub fn restore(dialect: Dialect) -> String {
    environment(dialect, r#""null""#)
}

fn environment(dialect: Dialect, text: &str) -> String {
    match dialect {
        Dialect::Python => alone(&ENV_PYTHON.replace("GIVEN", text)),
        Dialect::Deno => ENV_DENO.replace("GIVEN", text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_in_a_value_stay_in_the_value() {
        let variables = EnvChange::from([("A".to_owned(), Some("\"\n'".to_owned())), ("B".to_owned(), None)]);
        let code = settle(Dialect::Python, Path::new("/a b"), &variables);
        assert!(code.contains(r#"chdir("/a b")"#));
        assert!(code.contains(r#"environ["A"] = "\"\n'""#), "{code}");
        assert!(code.contains(r#"environ.pop("B", None)"#));
    }

    #[test]
    fn what_is_read_at_the_start_needs_a_new_kernel() {
        assert!(can_set(["A", "PATH"].into_iter()));
        assert!(!can_set(["A", "PYTHONPATH"].into_iter()));
    }
}
