//! Which paths a watch tells of: `include` or `exclude`, never both (reference §7). No I/O.

use std::path::Path;

use globset::{Glob, GlobSet, GlobSetBuilder};
use sandpit_api::ApiError;

use crate::file::{Result, list};

/// What is left out when a watch names nothing itself (reference §2.3).
const EXCLUDED: [&str; 3] = [".git", "node_modules", ".DS_Store"];

/// A pattern without `/` is matched against each part of a path, one with `/` against all of it,
/// relative to the watched folder.
pub struct Filter {
    include: Option<Patterns>,
    exclude: Patterns,
}

struct Patterns {
    parts: GlobSet,
    paths: GlobSet,
}

impl Filter {
    pub fn new(include: Option<&[String]>, exclude: Option<&[String]>) -> Result<Self> {
        let include = include.filter(|patterns| !patterns.is_empty());
        let named = exclude.filter(|patterns| !patterns.is_empty());
        if include.is_some() && named.is_some() {
            return Err(ApiError::invalid("include", "include and exclude cannot both be given").into());
        }
        let default = EXCLUDED.map(str::to_owned);
        let exclude = match exclude {
            Some(patterns) => patterns,
            None => &default[..],
        };
        let include = include.map(|patterns| Patterns::new("include", patterns)).transpose()?;
        Ok(Self { include, exclude: Patterns::new("exclude", exclude)? })
    }

    /// Whether a change of the entry at `relative` is told.
    pub fn tells(&self, relative: &Path) -> bool {
        self.enters(relative) && self.include.as_ref().is_none_or(|patterns| patterns.matches(relative))
    }

    /// Whether a folder is watched at all: what is in an excluded one is not looked at.
    pub fn enters(&self, relative: &Path) -> bool {
        let private = |part: std::path::Component<'_>| list::is_private(part.as_os_str().as_encoded_bytes());
        !relative.components().any(private) && !self.exclude.matches(relative)
    }
}

impl Patterns {
    fn new(field: &str, patterns: &[String]) -> Result<Self> {
        let (mut parts, mut paths) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for pattern in patterns {
            if pattern.contains(['[', ']', '{', '}', '\0']) {
                return Err(
                    ApiError::invalid(field, format!("{pattern:?}: only * and ? are understood")).into()
                );
            }
            let invalid = |error| ApiError::invalid(field, format!("{pattern:?}: {error}"));
            let glob = Glob::new(pattern.trim_start_matches("./")).map_err(invalid)?;
            if pattern.contains('/') {
                paths.add(glob)
            } else {
                parts.add(glob)
            };
        }
        let invalid = |error| ApiError::invalid(field, format!("{field}: {error}"));
        Ok(Self { parts: parts.build().map_err(invalid)?, paths: paths.build().map_err(invalid)? })
    }

    fn matches(&self, relative: &Path) -> bool {
        self.paths.is_match(relative) || relative.components().any(|part| self.parts.is_match(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(include: &[&str], exclude: &[&str]) -> Result<Filter> {
        let owned = |patterns: &[&str]| patterns.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
        let (include, exclude) = (owned(include), owned(exclude));
        Filter::new(
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
        assert_eq!(filter(&[], &["[ab]"]).err().unwrap().context["field"], "exclude");
    }

    #[test]
    fn a_trash_is_never_told() {
        assert!(!filter(&[], &["x"]).unwrap().tells(Path::new(".Trash-1000/files/a")));
    }
}
