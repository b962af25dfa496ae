//! `GET /v1/openapi.json`: what the gateway's handlers say of themselves, and beneath each sandbox what
//! the agent's say, which a test of the agent wrote into `agent.json`.
//!
//! Both name their errors by code in `x-errors`; here these become answers, beside those that any
//! request through the gateway may meet.

use std::{collections::BTreeMap, sync::OnceLock};

use bytes::Bytes;
use http::{HeaderValue, header};
use sandpit_api::{ApiError, ErrorCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use crate::routes;

const AGENT: &str = include_str!("agent.json");
/// Where the gateway has an agent's routes.
const SANDBOX: &str = "/v1/sandboxes/{sandbox}";

/// What any request may meet.
const ANYWHERE: [ErrorCode; 4] =
    [ErrorCode::ValidationFailed, ErrorCode::Unauthorized, ErrorCode::Forbidden, ErrorCode::InternalError];
/// What any request about one sandbox may meet.
const OF_A_SANDBOX: [ErrorCode; 2] = [ErrorCode::SandboxNotFound, ErrorCode::EngineError];
/// What any request to an agent may meet; one that sleeps is started for it.
const THROUGH: [ErrorCode; 5] = [
    ErrorCode::SandboxNotRunning,
    ErrorCode::SandboxStartFailed,
    ErrorCode::AgentUnreachable,
    ErrorCode::EngineUnavailable,
    ErrorCode::NoSpace,
];

#[derive(OpenApi)]
#[openapi(
    info(title = "Sandpit", description = "Sandboxes: their life, and all that can be done in them."),
    components(schemas(ApiError))
)]
struct Base;

/// This document.
#[utoipa::path(
    get, path = "/v1/openapi.json", tag = "Gateway",
    responses((status = 200, description = "OpenAPI 3.1", body = Object, example = json!({ "openapi": "3.1.0" }))),
)]
pub async fn openapi() -> ([(header::HeaderName, HeaderValue); 1], Bytes) {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| document().to_string().into());
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], document.clone())
}

/// The whole document.
fn document() -> Value {
    let mut own = Base::openapi();
    own.merge(routes::described().into_openapi());
    let mut document = serde_json::to_value(own).expect("a document is plain data");
    name_operations(&mut document["paths"]);
    let agent = serde_json::from_str(AGENT).expect("a test wrote it as JSON");
    add_agent(&mut document, agent);
    for (path, item) in object(&mut document["paths"]) {
        complete(path, item);
    }
    let components = object(&mut document["components"]);
    components.insert("examples".to_owned(), examples());
    components
        .insert("securitySchemes".to_owned(), json!({ "token": { "type": "http", "scheme": "bearer" } }));
    document["security"] = json!([{ "token": [] }]);
    document
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    value.as_object_mut().expect("an object of the document")
}

fn name_operations(paths: &mut Value) {
    for (path, item) in object(paths) {
        for (method, operation) in object(item) {
            operation["operationId"] = name(method, path).into();
        }
    }
}

/// The method and the words of the path, which no two operations share.
fn name(method: &str, path: &str) -> String {
    let words =
        path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty() && *word != "v1");
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    std::iter::once(method.to_owned()).chain(words.map(capital)).collect()
}

fn add_agent(document: &mut Value, mut agent: Value) {
    name_operations(&mut agent["paths"]);
    for (path, item) in std::mem::take(object(&mut agent["paths"])) {
        // Only what passes through.
        if path.starts_with("/api/") || path == "/ws" || path.starts_with("/ws/") {
            object(&mut document["paths"]).insert(format!("{SANDBOX}{path}"), item);
        }
    }
    let schemas = std::mem::take(object(&mut agent["components"]["schemas"]));
    object(&mut document["components"]["schemas"]).extend(schemas);
}

fn complete(path: &str, item: &mut Value) {
    for operation in object(item).values_mut() {
        let codes = codes(path, operation);
        answer_errors(operation, codes);
        describe_events(operation);
        if path.starts_with(SANDBOX) {
            let parameters = object(operation).entry("parameters").or_insert_with(|| json!([]));
            let sandbox = json!({ "name": "sandbox", "in": "path", "required": true,
                "description": "Id of the sandbox", "schema": { "type": "string" }, "example": "demo" });
            parameters.as_array_mut().expect("a list").insert(0, sandbox);
        }
    }
}

/// Every error of an operation.
fn codes(path: &str, operation: &mut Value) -> Vec<ErrorCode> {
    let own = object(operation).remove("x-errors").unwrap_or_else(|| json!([]));
    let mut codes = Vec::<ErrorCode>::deserialize(own).expect("x-errors names codes");
    codes.extend(ANYWHERE);
    if operation.get("requestBody").is_some() {
        codes.push(ErrorCode::FileTooLarge);
    }
    if let Some(rest) = path.strip_prefix(SANDBOX) {
        codes.extend(OF_A_SANDBOX);
        if rest.starts_with("/api") || rest.starts_with("/ws") {
            codes.extend(THROUGH);
        }
    }
    codes
}

fn answer_errors(operation: &mut Value, codes: Vec<ErrorCode>) {
    let mut by_status = BTreeMap::<u16, BTreeMap<&str, Value>>::new();
    for code in codes {
        let example = json!({ "$ref": format!("#/components/examples/{}", code.name()) });
        by_status.entry(code.status()).or_default().insert(code.name(), example);
    }
    let answers = object(&mut operation["responses"]);
    for (status, examples) in by_status {
        let description = examples.keys().copied().collect::<Vec<_>>().join(", ");
        let content = json!({ "schema": { "$ref": "#/components/schemas/ApiError" }, "examples": examples });
        let answer = json!({ "description": description, "content": { "application/json": content } });
        answers.insert(status.to_string(), answer);
    }
}

/// The schema of a stream is that of one event, whose `data` is JSON text (as OpenAPI 3.2 has it).
fn describe_events(operation: &mut Value) {
    for answer in object(&mut operation["responses"]).values_mut() {
        let Some(stream) = answer.pointer_mut("/content/text~1event-stream") else { continue };
        let data = json!({ "type": "string", "contentMediaType": "application/json", "contentSchema": stream["schema"] });
        stream["schema"] = json!({ "type": "object", "required": ["data"], "properties": { "data": data } });
        let example = stream["example"].as_str().unwrap_or_default().split_once("data: ");
        stream["example"] = json!({ "data": example.map(|(_, data)| data.trim_end()).unwrap_or_default() });
    }
}

/// One of each error.
fn examples() -> Value {
    let example = |code: &ErrorCode| {
        let mut error = ApiError::new(*code, code.name().to_lowercase().replace('_', " "));
        "2026-01-01T00:00:00Z".clone_into(&mut error.timestamp);
        (code.name().to_owned(), json!({ "value": error }))
    };
    ErrorCode::ALL.iter().map(example).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests;
