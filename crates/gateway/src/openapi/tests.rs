//! What the whole document must hold.

use std::collections::BTreeSet;

use super::*;

fn operations(document: &Value) -> Vec<(String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let all = paths.iter().flat_map(|(path, item)| {
        let operations = item.as_object().expect("a path").iter();
        operations.map(move |(method, operation)| (format!("{method} {path}"), operation.clone()))
    });
    all.collect()
}

#[test]
fn the_gateways_routes_and_the_agents_are_there_once_each() {
    let document = document();
    let all = operations(&document);
    for wanted in [
        "post /v1/sandboxes",
        "get /v1/openapi.json",
        "post /v1/sandboxes/{sandbox}/api/execute",
        "get /v1/sandboxes/{sandbox}/ws",
    ] {
        assert!(all.iter().any(|(name, _)| name == wanted), "{wanted}");
    }
    let ids: BTreeSet<_> = all.iter().map(|(_, operation)| operation["operationId"].to_string()).collect();
    assert_eq!(ids.len(), all.len(), "operation ids are unique");
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let text = document.to_string();
    let mut count = 0;
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().expect("its end");
        assert!(document.pointer(pointer).is_some(), "{pointer}");
        count += 1;
    }
    assert!(count > 100);
}

#[test]
fn every_operation_has_a_summary_and_says_what_an_unknown_token_meets() {
    for (name, operation) in operations(&document()) {
        assert!(operation["summary"].is_string(), "{name}");
        assert!(operation["responses"]["401"].is_object(), "{name}");
        let answers = operation["responses"].as_object().expect("answers");
        assert!(
            answers.keys().any(|status| status.starts_with(['1', '2'])) || name.contains("backup"),
            "{name}"
        );
        assert!(answers.values().all(|answer| answer["description"].is_string()), "{name}");
        let parameters = operation["parameters"].as_array().map(Vec::len).unwrap_or_default();
        let in_path = name.matches('{').count();
        assert!(parameters >= in_path, "{name}: every part of the path is a parameter");
    }
}
