//! Code that makes a warm kernel what a cold one would have been, or warms it. It leaves no name
//! behind in the kernel.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

/// What loading takes long: the imports that nearly every notebook has, one figure (which looks for
/// fonts) and one table.
const WARM_PYTHON: &str = r#"
def __sandpit_warm():
    import io
    try:
        import numpy, pandas
        pandas.DataFrame({"a": [1.0]})._repr_html_()
    except ImportError:
        pass
    try:
        import matplotlib.pyplot as plt
        from IPython.core.pylabtools import print_figure
        figure = plt.figure()
        plt.plot([1, 2])
        plt.title("Warm")
        print_figure(figure)
        plt.close("all")
    except ImportError:
        pass
try:
    __sandpit_warm()
finally:
    del __sandpit_warm
"#;

/// Code that warms a new kernel of `language`; `None` when nothing is gained.
pub fn warm(language: &str) -> Option<&'static str> {
    (language == "python").then_some(WARM_PYTHON)
}

/// Whether a warm kernel of `language` can be given another directory and environment later.
pub fn can_move(language: &str) -> bool {
    matches!(language, "python" | "javascript" | "typescript")
}

/// Whether `variables` can be set in a kernel that runs already: some are read only at its start.
pub fn can_set<'a>(mut variables: impl Iterator<Item = &'a str>) -> bool {
    !variables.any(|name| {
        ["PYTHON", "LD_", "MPL", "DENO_", "JUPYTER", "IPYTHON"].iter().any(|p| name.starts_with(p))
    })
}

/// Code that moves a kernel to `cwd` and sets (or, with `None`, unsets) `variables`.
pub fn settle(language: &str, cwd: &Path, variables: &BTreeMap<String, Option<String>>) -> Option<String> {
    // JSON strings are literals in all three languages; the path is UTF-8 since it came as text.
    let cwd = json!(cwd.to_string_lossy());
    let steps = variables.iter().map(|(name, value)| match (language, value) {
        ("python", Some(value)) => format!("__import__('os').environ[{}] = {}\n", json!(name), json!(value)),
        ("python", None) => format!("__import__('os').environ.pop({}, None)\n", json!(name)),
        (_, Some(value)) => format!("Deno.env.set({}, {});\n", json!(name), json!(value)),
        (_, None) => format!("Deno.env.delete({});\n", json!(name)),
    });
    let start = match language {
        "python" => format!("__import__('os').chdir({cwd})\n"),
        "javascript" | "typescript" => format!("Deno.chdir({cwd});\n"),
        _ => return None,
    };
    Some(std::iter::once(start).chain(steps).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_in_a_value_stay_in_the_value() {
        let variables = BTreeMap::from([("A".to_owned(), Some("\"\n'".to_owned())), ("B".to_owned(), None)]);
        let code = settle("python", Path::new("/a b"), &variables).unwrap();
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
