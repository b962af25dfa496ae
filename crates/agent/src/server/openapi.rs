//! The agent's half of the OpenAPI document: what the handlers say of themselves, written into a file
//! that the gateway includes, completes and serves.
//!
//! A handler names its errors as `extensions(("x-errors" = json!([Code, …])))`; the gateway makes
//! answers of them. Every operation has a summary (its first line of documentation) and examples.

use std::path::Path;

use sandpit_api::ErrorCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::openapi::{Components, Info, OpenApi, Paths, RefOr, Schema};

use super::routes::Description;

/// Operations and the schemas they name.
#[derive(Default)]
pub struct Described {
    paths: Paths,
    components: Components,
}

impl Described {
    pub fn add<D: Description>(&mut self) {
        let mut schemas = Vec::new();
        D::schemas(&mut schemas);
        schemas.into_iter().for_each(|(name, schema)| self.name(name, schema));
        let mut operation = D::operation();
        // Handlers of different modules have the same names, operations may not: the gateway names them all.
        operation.operation_id = None;
        operation.tags = Some(D::tags().into_iter().map(str::to_owned).collect());
        self.paths.add_path_operation(D::path(), D::methods(), operation);
    }

    pub fn merge(&mut self, other: Self) {
        self.paths.merge(other.paths);
        other.components.schemas.into_iter().for_each(|(name, schema)| self.name(name, schema));
    }

    fn name(&mut self, name: String, schema: RefOr<Schema>) {
        let other = self.components.schemas.get(&name).filter(|other| **other != schema);
        assert!(other.is_none(), "two types are named {name}");
        self.components.schemas.insert(name, schema);
    }

    /// The document, and what it lacks.
    fn document(self) -> (Value, Vec<String>) {
        let info = Info::new("sandpit-agent", env!("CARGO_PKG_VERSION"));
        let mut api = OpenApi::new(info, self.paths);
        api.components = Some(self.components);
        let mut document = serde_json::to_value(api).unwrap();
        let mut lacks = Vec::new();
        let paths = document["paths"].as_object_mut().unwrap();
        for (path, item) in paths {
            for (method, operation) in item.as_object_mut().unwrap() {
                lacks.extend(missing(operation).map(|what| format!("{method} {path}: {what}")));
            }
        }
        (sorted(document), lacks)
    }
}

/// What every operation must say.
fn missing(operation: &Value) -> impl Iterator<Item = String> {
    let summary = operation["summary"].as_str().filter(|text| !text.is_empty());
    let tag = operation["tags"].as_array().is_some_and(|tags| tags.len() == 1);
    let codes = operation["x-errors"].as_array().cloned().unwrap_or_default();
    let unknown = codes.into_iter().find(|code| ErrorCode::deserialize(code).is_err());
    let request = &operation["requestBody"]["content"];
    let answers = operation["responses"].as_object().into_iter().flatten();
    let contents = answers.map(|(_, answer)| &answer["content"]).chain([request]);
    let silent = contents
        .filter_map(Value::as_object)
        .flatten()
        .find(|(_, content)| content.get("example").or(content.get("examples")).is_none());
    let undescribed = operation["responses"]
        .as_object()
        .is_none_or(|answers| answers.values().any(|answer| answer.get("description").is_none()));
    [
        summary.is_none().then(|| "no summary (the handler's first line of documentation)".to_owned()),
        (!tag).then(|| "no tag, or several".to_owned()),
        unknown.map(|code| format!("{code} is no error code")),
        silent.map(|(media, _)| format!("no example of its {media}")),
        undescribed.then(|| "an answer without description".to_owned()),
    ]
    .into_iter()
    .flatten()
}

/// The same order whatever features serde_json is built with.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<_> = object.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(Map::from_iter(entries))
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        plain => plain,
    }
}

/// The agent's document.
pub fn whole() -> Value {
    super::routes().described.document().0
}

#[test]
fn every_route_is_described_and_the_gateway_has_the_description() {
    let (document, lacks) = super::routes().described.document();
    assert!(lacks.is_empty(), "{lacks:#?}");
    let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gateway/src/openapi/agent.json");
    if std::fs::read_to_string(&file).unwrap_or_default() != text {
        std::fs::write(&file, text).unwrap();
        panic!("crates/gateway/src/openapi/agent.json was out of date; it is written anew, commit it");
    }
}
