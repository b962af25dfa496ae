//! The JSON of a request, and what is said of it when it is wrong: which field, in words for people.

use serde::de::DeserializeOwned;

use crate::ApiError;

/// What Rust calls a type, and what JSON calls it.
const PLAIN: [(&str, &str); 16] = [
    ("i8", "a whole number from -128 to 127"),
    ("i16", "a whole number from -32768 to 32767"),
    ("i32", "a whole number"),
    ("i64", "a whole number"),
    ("isize", "a whole number"),
    ("u8", "a whole number from 0 to 255"),
    ("u16", "a whole number from 0 to 65535"),
    ("u32", "a whole number from 0 to 4294967295"),
    ("u64", "a whole number from 0"),
    ("usize", "a whole number from 0"),
    ("f32", "a number"),
    ("f64", "a number"),
    ("a map", "an object"),
    ("a sequence", "an array"),
    ("path string", "a string"),
    ("unit", "null"),
];

/// What Rust says of a text, of a query say, that is no number or boolean, and what it means.
const PARSED: [(&str, &str); 6] = [
    ("invalid digit found in string", "a whole number is expected"),
    ("cannot parse integer from empty string", "a whole number is expected"),
    ("number too large to fit in target type", "the number is too large"),
    ("number too small to fit in target type", "the number is too small"),
    ("provided string was not `true` or `false`", "true or false is expected"),
    ("invalid float literal", "a number is expected"),
];

/// Reads the JSON object of a request.
///
/// # Errors
///
/// `VALIDATION_FAILED`; its `context.field` is the path to the wrong field (`limits.pids`), or `body` when the
/// text is no JSON object.
pub fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, ApiError> {
    let wrong = |why: &dyn std::fmt::Display| ApiError::invalid("body", format!("body: {why}"));
    // serde_json looks only at the texts that it keeps.
    let text = std::str::from_utf8(text).map_err(|error| wrong(&error))?;
    // Serde would take an array for a struct, field by field.
    if !text.trim_start().starts_with('{') {
        return Err(wrong(&"a JSON object is expected"));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        match error.into_inner() {
            reason if reason.is_data() => wrong_field(&path, &reason.to_string()),
            reason => wrong(&reason),
        }
    })?;
    reader.end().map_err(|error| wrong(&error))?;
    Ok(value)
}

/// The error of the field at `path` (`.` is the whole), of which Serde says `reason`.
pub fn wrong_field(path: &str, reason: &str) -> ApiError {
    let field = named(path, reason);
    ApiError::invalid(&field, format!("{field}: {}", in_plain_words(reason)))
}

/// The field of an error: its path, or the name that Serde gives in its words only (unknown or missing).
fn named(path: &str, reason: &str) -> String {
    let quoted = reason.split('`').nth(1).filter(|name| reason.contains(" field `") && !name.is_empty());
    match (path.trim_end_matches(".?"), quoted) {
        ("." | "", Some(name)) => name.to_owned(),
        // A name may be empty, and names nothing then.
        ("." | "", None) => "body".to_owned(),
        (path, Some(name)) if path != name && !path.ends_with(&format!(".{name}")) => {
            format!("{path}.{name}")
        }
        (path, _) => path.to_owned(),
    }
}

/// Serde's words without the names of Rust's types, and without a position: the field is named.
fn in_plain_words(reason: &str) -> String {
    let reason = reason.rsplit_once(" at line ").map_or(reason, |(reason, _)| reason);
    if let Some((_, plain)) = PARSED.iter().find(|(rust, _)| *rust == reason) {
        return (*plain).to_owned();
    }
    let reason = reason.replacen("unknown variant ", "unknown value ", 1);
    let Some((given, expected)) = reason.rsplit_once(", expected ") else {
        return reason;
    };
    let given = given.replace("invalid type: map", "invalid type: object");
    let given = given.replace("invalid type: sequence", "invalid type: array");
    let plain = PLAIN.iter().find(|(rust, _)| *rust == expected).map(|(_, plain)| *plain);
    let object = ["struct ", "internally tagged enum ", "adjacently tagged enum "];
    let plain = plain.or(object.iter().any(|kind| expected.starts_with(kind)).then_some("an object"));
    format!("{given}, expected {}", plain.unwrap_or(expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorCode, exec::Execute, process::StartProcess, sandbox::CreateSandbox};

    fn refused<T: DeserializeOwned>(text: &str) -> ApiError {
        let error = parse::<T>(text.as_bytes()).err().expect("must be refused");
        assert_eq!(error.code, ErrorCode::ValidationFailed);
        error
    }

    fn field<T: DeserializeOwned>(text: &str) -> String {
        refused::<T>(text).context["field"].as_str().expect("a field").to_owned()
    }

    #[test]
    fn an_unknown_field_is_named() {
        assert_eq!(field::<CreateSandbox>(r#"{"cpu":1}"#), "cpu");
        assert_eq!(field::<CreateSandbox>(r#"{"limits":{"memory":1}}"#), "limits.memory");
        assert_eq!(field::<CreateSandbox>(r#"{"name":"a","network":{"modes":"on"}}"#), "network.modes");
        assert_eq!(field::<CreateSandbox>(r#"{"":1}"#), "body");
        assert_eq!(field::<Execute>(r#"{"""}"#), "body");
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named_with_its_path() {
        assert_eq!(field::<CreateSandbox>(r#"{"name":5}"#), "name");
        assert_eq!(field::<CreateSandbox>(r#"{"limits":{"pids":-1}}"#), "limits.pids");
        assert_eq!(field::<CreateSandbox>(r#"{"env":{"A":1}}"#), "env.A");
        assert_eq!(field::<CreateSandbox>(r#"{"network":{"mode":"wild"}}"#), "network.mode");
        assert_eq!(field::<Execute>(r#"{"command":"x","timeoutMs":-1}"#), "timeoutMs");
    }

    #[test]
    fn it_is_told_without_the_names_of_types() {
        let told = |text| refused::<CreateSandbox>(text).message;
        assert_eq!(told(r#"{"limits":7}"#), "limits: invalid type: integer `7`, expected an object");
        let pids = told(r#"{"limits":{"pids":"x"}}"#);
        assert!(
            pids.starts_with("limits.pids: invalid type: string \"x\", expected a whole number"),
            "{pids}"
        );
        assert_eq!(told(r#"{"env":[]}"#), "env: invalid type: array, expected an object");
        let ports = refused::<StartProcess>(r#"{"command":{}}"#).message;
        assert_eq!(ports, "command: invalid type: object, expected a string");
    }

    #[test]
    fn a_text_that_is_no_number_is_told_in_plain_words() {
        for (text, told) in
            [("x", "port: a whole number is expected"), ("70000", "port: the number is too large")]
        {
            let reason = text.parse::<u16>().expect_err("it is none").to_string();
            assert_eq!(wrong_field("port", &reason).message, told);
        }
        let reason = "yes".parse::<bool>().expect_err("it is none").to_string();
        assert_eq!(wrong_field("force", &reason).message, "force: true or false is expected");
    }

    #[test]
    fn what_is_no_json_object_is_a_wrong_body() {
        for text in ["{", "[]x", "[1]", "{} {}", "7", ""] {
            assert_eq!(field::<CreateSandbox>(text), "body", "{text}");
        }
        assert!(parse::<Execute>(b"{\"command\":\"\xff\"}").is_err());
    }
}
