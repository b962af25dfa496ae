//! Which paths a watch tells of: `include` or `exclude`, never both (reference §7). No I/O.

use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use sandpit_api::ApiError;

use crate::file::{Result, list};

/// What is left out when a watch names nothing itself (reference §2.3).
const EXCLUDED: [&str; 3] = [".git", "node_modules", ".DS_Store"];

/// Patterns as the reference has them: one may match any run of whole parts of a path, and then means
/// all that is beneath too. `*` and `?` stay within a part, `**` does not.
#[derive(Debug, Clone)]
pub struct Filter {
    include: Option<GlobSet>,
    exclude: GlobSet,
}

impl Filter {
    /// For the folder `root`, which absolute patterns begin with. An empty list is as good as none.
    pub fn new(root: &Path, include: Option<&[String]>, exclude: Option<&[String]>) -> Result<Self> {
        let include = include.filter(|patterns| !patterns.is_empty());
        let exclude = exclude.filter(|patterns| !patterns.is_empty());
        if include.is_some() && exclude.is_some() {
            return Err(ApiError::invalid("include", "include and exclude cannot both be given").into());
        }
        let default = if include.is_some() { Vec::new() } else { EXCLUDED.map(str::to_owned).to_vec() };
        Ok(Self {
            include: include.map(|patterns| globs(root, "include", patterns)).transpose()?,
            exclude: globs(root, "exclude", exclude.unwrap_or(&default))?,
        })
    }

    /// Whether a change of the entry at `relative` is told.
    pub fn tells(&self, relative: &Path) -> bool {
        self.enters(relative) && self.include.as_ref().is_none_or(|globs| globs.is_match(relative))
    }

    /// Whether a folder is watched at all: what is in an excluded one is not looked at.
    pub fn enters(&self, relative: &Path) -> bool {
        let private = |part: std::path::Component<'_>| list::is_private(part.as_os_str().as_encoded_bytes());
        !relative.components().any(private) && !self.exclude.is_match(relative)
    }
}

fn globs(root: &Path, field: &str, patterns: &[String]) -> Result<GlobSet> {
    let mut globs = GlobSetBuilder::new();
    for pattern in patterns {
        let invalid = |reason: String| ApiError::invalid(field, format!("{pattern:?}: {reason}"));
        if pattern.contains(['[', ']', '{', '}', '\0']) {
            return Err(invalid("only *, ** and ? are understood".to_owned()).into());
        }
        let start =
            start(root, pattern).ok_or_else(|| invalid("names nothing beneath the path".to_owned()))?;
        for form in [start.clone(), format!("{start}/**")] {
            let glob = GlobBuilder::new(&form).literal_separator(true).backslash_escape(false).build();
            globs.add(glob.map_err(|error| invalid(error.to_string()))?);
        }
    }
    let invalid = |error| ApiError::invalid(field, format!("{field}: {error}"));
    Ok(globs.build().map_err(invalid)?)
}

/// `pattern` as a glob from the root on: an absolute one where it says, another one anywhere.
fn start(root: &Path, pattern: &str) -> Option<String> {
    let beneath = match pattern.strip_prefix('/') {
        Some(_) => pattern.strip_prefix(root.to_str()?)?.strip_prefix('/')?,
        None => pattern.trim_start_matches("./"),
    };
    let bare = beneath.trim_end_matches('/');
    let anywhere = if pattern.starts_with('/') { "" } else { "**/" };
    (!bare.trim().is_empty()).then(|| format!("{anywhere}{bare}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(include: &[&str], exclude: &[&str]) -> Result<Filter> {
        let owned = |patterns: &[&str]| patterns.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
        let (include, exclude) = (owned(include), owned(exclude));
        Filter::new(
            Path::new("/w"),
            (!include.is_empty()).then_some(&include[..]),
            (!exclude.is_empty()).then_some(&exclude[..]),
        )
    }

    #[test]
    fn repositories_and_dependencies_are_left_out_unless_something_else_is() {
        let default = filter(&[], &[]).unwrap();
        assert!(!default.tells(Path::new("a/node_modules/x.js")));
        assert!(!default.enters(Path::new(".git")));
        assert!(default.tells(Path::new("a/x.js")));
        let named = filter(&[], &["*.log"]).unwrap();
        assert!(named.tells(Path::new("node_modules/x.js")));
        assert!(!named.tells(Path::new("a/b.log")));
    }

    #[test]
    fn what_is_included_is_all_that_is_told_but_folders_are_still_entered() {
        let filter = filter(&["*.rs", "docs/*.md"], &[]).unwrap();
        assert!(filter.tells(Path::new("src/main.rs")));
        assert!(filter.tells(Path::new("docs/a.md")));
        assert!(filter.tells(Path::new("deep/docs/a.md")));
        assert!(!filter.tells(Path::new("docs/deep/a.md")));
        assert!(!filter.tells(Path::new("a.md")));
        assert!(filter.enters(Path::new("src")));
    }

    #[test]
    fn fuzz_any_pattern_is_refused_or_matches_without_harm() {
        bolero::check!().with_type().for_each(|(pattern, path): &(String, String)| {
            if let Ok(filter) = self::filter(&[pattern.as_str()], &[]) {
                let told = filter.tells(Path::new(path));
                assert!(!told || filter.enters(Path::new(path)));
            }
        });
    }

    #[test]
    fn both_at_once_and_classes_are_refused() {
        assert_eq!(filter(&["a"], &["b"]).err().unwrap().context["field"], "include");
        for bad in ["[ab]", "{a,b}", "", " ", "/", "a\0b"] {
            assert_eq!(filter(&[], &[bad]).err().unwrap().context["field"], "exclude", "{bad:?}");
        }
    }

    #[test]
    fn a_pattern_means_what_is_beneath_too_and_stars_stay_within_a_part() {
        let named = filter(&["src", "**/deep/*.txt", "a?c"], &[]).unwrap();
        for told in ["src", "x/src/a/b", "one/two/deep/a.txt", "deep/a.txt", "abc", "x/abc/y"] {
            assert!(named.tells(Path::new(told)), "{told}");
        }
        for silent in ["source", "deep/er/a.txt", "a/c", "abbc"] {
            assert!(!named.tells(Path::new(silent)), "{silent}");
        }
    }

    #[test]
    fn an_absolute_pattern_means_the_one_place() {
        let named = filter(&["/w/src/*.rs"], &[]).unwrap();
        assert!(named.tells(Path::new("src/a.rs")));
        assert!(!named.tells(Path::new("x/src/a.rs")));
        assert!(filter(&["/elsewhere"], &[]).is_err());
    }

    #[test]
    fn a_trash_is_never_told() {
        assert!(!filter(&[], &["x"]).unwrap().tells(Path::new(".Trash-1000/files/a")));
    }
}
