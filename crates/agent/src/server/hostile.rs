//! Bad input for every route, by a table: what is tried is made from each route's own description, so a
//! new route is tried too.

use std::time::Duration;

use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt;
use sandpit_api::{ApiError, ErrorCode};
use serde_json::{Value, json};

use super::{openapi, testing::TestAgent};

/// Bodies that are no JSON object.
const NO_OBJECTS: [&[u8]; 8] =
    [b"{", b"[]", b"null", b"7", b"\"text\"", b"{\"path\":", b"{\"path\":\"\xff\"}", b"{} {}"];

/// Parts of a path that name nothing.
const NAMES: [&str; 7] = ["no-such", "%00", "..%2F..", "%FF%FE", "%0A", "%F0%9F%92%A5", "{long}"];

/// Values of a query that are of no use to a number, a choice or a switch.
const QUERIES: [&str; 5] = ["%00", "-1", "99999999999999999999", "%FF", "{long}"];

/// Values at the edges of what a type holds: refused or taken, they break nothing.
fn edges(kind: &str) -> Vec<Value> {
    match kind {
        "string" => {
            let long = json!("a/".repeat(2500));
            vec![json!(""), json!("\0"), json!("a\0b"), json!(".."), json!("\n"), json!("\u{F780}"), long]
        }
        "integer" => vec![json!(0), json!(u64::MAX), json!(i64::MAX), json!(u32::MAX), json!(70_000)],
        "array" => vec![json!([]), json!([""]), json!(["\0"]), json!([".."]), json!(vec!["a"; 10_000])],
        "object" => vec![json!({}), json!({ "": "" }), json!({ "\0": "\0" }), json!({ "A=B": null })],
        _ => Vec::new(),
    }
}

/// Values that can never be of a type.
fn wrong(kind: &str) -> Vec<Value> {
    match kind {
        "string" => vec![json!(7), json!(true), json!({}), json!(["a"])],
        "integer" => vec![json!("7"), json!(-1), json!(1.5), json!(1e300), json!({}), json!([7])],
        "boolean" => vec![json!("true"), json!(1), json!({})],
        "array" => vec![json!("a"), json!(7), json!({})],
        "object" => vec![json!("a"), json!(7), json!([["a"]])],
        _ => Vec::new(),
    }
}

/// One operation of the agent's document.
struct Operation<'a> {
    document: &'a Value,
    method: Method,
    path: &'a str,
    described: &'a Value,
}

impl<'a> Operation<'a> {
    fn all(document: &'a Value) -> impl Iterator<Item = Self> {
        let items = document["paths"].as_object().unwrap().iter();
        items.flat_map(move |(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, described)| Self {
                document,
                method: method.to_uppercase().parse().unwrap(),
                path,
                described,
            })
        })
    }

    /// The first example of its JSON body, its files in the workspace of `agent`.
    fn example(&self, agent: &TestAgent) -> Option<Value> {
        let content = self.described.pointer("/requestBody/content/application~1json")?;
        let several = || content["examples"].as_object()?.values().next()?.get("value");
        let workspace = agent.path("").to_string_lossy().trim_end_matches('/').to_owned();
        let text = content.get("example").or_else(several)?.to_string().replace("/workspace", &workspace);
        // What is beyond this machine is never reached.
        Some(serde_json::from_str(&text.replace("https://", "file:///nowhere/")).unwrap())
    }

    /// The names of its body's properties, each with its type.
    fn properties(&self) -> Vec<(String, &'a str)> {
        let schema = self.described.pointer("/requestBody/content/application~1json/schema").unwrap();
        let schema = schema["oneOf"].get(0).unwrap_or(schema);
        let schema = match schema["$ref"].as_str() {
            Some(name) => self.document.pointer(&name[1..]).unwrap(),
            None => schema,
        };
        let properties = schema["properties"].as_object().into_iter().flatten();
        properties.filter_map(|(name, schema)| Some((name.clone(), kind(schema)?))).collect()
    }

    /// Its path with every parameter replaced.
    fn path_with(&self, name: &str) -> String {
        let parts = self.path.split('/');
        let replaced = parts.map(|part| if part.starts_with('{') { name } else { part });
        replaced.collect::<Vec<_>>().join("/")
    }

    fn parameters(&self, place: &str) -> Vec<&'a Value> {
        let all = self.described["parameters"].as_array().into_iter().flatten();
        all.filter(|parameter| parameter["in"] == place).collect()
    }
}

fn kind(schema: &Value) -> Option<&str> {
    schema["type"].as_str().or_else(|| schema["type"].get(0)?.as_str())
}

/// What came of a request: its status and, when it failed, why.
struct Outcome {
    status: u16,
    error: Option<ApiError>,
}

impl Outcome {
    /// There is no code runtime here; what contexts make of their input is tried in their own tests.
    fn lacks_a_kernel(&self) -> bool {
        self.error.as_ref().is_some_and(|error| error.code == ErrorCode::PythonNotAvailable)
    }
}

/// Sends a request and reads no more than its head, or the error.
async fn attempt(agent: &TestAgent, method: &Method, path: &str, body: impl Into<Body>) -> Outcome {
    let path = path.replace("{long}", &"l".repeat(5000));
    let request = Request::builder().method(method).uri(&path).header("host", "agent");
    let request = request.body(body.into()).unwrap_or_else(|error| panic!("{path}: {error}"));
    let sent = tokio::time::timeout(Duration::from_secs(60), agent.send(request));
    let answer = sent.await.unwrap_or_else(|_| panic!("{method} {path} is not answered"));
    let status = answer.status().as_u16();
    if status < 400 || method == Method::HEAD {
        return Outcome { status, error: None };
    }
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    let error: Result<ApiError, _> = serde_json::from_slice(&text);
    let error =
        error.unwrap_or_else(|why| panic!("{method} {path}: {status} is no ApiError ({why}): {text:?}"));
    assert_eq!(error.http_status, status, "{method} {path}");
    Outcome { status, error: Some(error) }
}

/// The failures among `outcomes` that `wanted` does not take, as text.
fn refuse(failures: &mut Vec<String>, what: String, outcome: &Outcome, taken: bool) {
    if !taken {
        let why = outcome
            .error
            .as_ref()
            .map(|error| format!("{} {:?} {:?}", error.code.name(), error.message, error.context));
        failures.push(format!("{what}: {} {}", outcome.status, why.unwrap_or_default()));
    }
}

#[tokio::test]
async fn a_body_that_is_no_object_is_refused_everywhere() {
    let (agent, document, mut failures) = (TestAgent::start().await, openapi::whole(), Vec::new());
    for operation in Operation::all(&document).filter(|it| it.example(&agent).is_some()) {
        for body in NO_OBJECTS {
            let outcome = attempt(&agent, &operation.method, &operation.path_with("x"), body).await;
            let what = format!("{} {} {}", operation.method, operation.path, body.escape_ascii());
            refuse(&mut failures, what, &outcome, (400..500).contains(&outcome.status));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[tokio::test]
async fn a_value_of_a_wrong_type_is_refused_by_the_name_of_its_field() {
    let (agent, document, mut failures) = (TestAgent::start().await, openapi::whole(), Vec::new());
    for operation in Operation::all(&document) {
        let Some(example) = operation.example(&agent) else { continue };
        for (name, kind) in operation.properties() {
            for value in wrong(kind) {
                let mut body = example.clone();
                body[&name] = value.clone();
                let path = operation.path_with("x");
                let outcome = attempt(&agent, &operation.method, &path, body.to_string()).await;
                let field = outcome.error.as_ref().and_then(|error| error.context.get("field")?.as_str());
                let named = field.is_some_and(|field| field.starts_with(&name));
                // Some look first whether what the path names is there.
                let absent = operation.path.contains('{') && outcome.status == 404;
                let what = format!("{} {} {name}={value}", operation.method, operation.path);
                refuse(&mut failures, what, &outcome, (outcome.status == 400 && named) || absent);
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[tokio::test]
async fn a_value_at_the_edge_breaks_nothing() {
    let (agent, document, mut failures) = (TestAgent::start().await, openapi::whole(), Vec::new());
    for operation in Operation::all(&document) {
        let Some(example) = operation.example(&agent) else { continue };
        for (name, kind) in operation.properties() {
            for value in edges(kind) {
                let mut body = example.clone();
                body[&name] = value.clone();
                let path = operation.path_with("x");
                let outcome = attempt(&agent, &operation.method, &path, body.to_string()).await;
                let text: String = value.to_string().chars().take(40).collect();
                let what = format!("{} {} {name}={text}", operation.method, operation.path);
                refuse(&mut failures, what, &outcome, outcome.status < 500 || outcome.lacks_a_kernel());
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[tokio::test]
async fn a_name_in_the_path_that_names_nothing_is_not_found_or_refused() {
    let (agent, document, mut failures) = (TestAgent::start().await, openapi::whole(), Vec::new());
    for operation in Operation::all(&document).filter(|it| it.path.contains('{')) {
        for name in NAMES {
            let body =
                operation.example(&agent).map_or_else(Body::empty, |body| Body::from(body.to_string()));
            let outcome = attempt(&agent, &operation.method, &operation.path_with(name), body).await;
            let what = format!("{} {} {name}", operation.method, operation.path);
            refuse(&mut failures, what, &outcome, (400..500).contains(&outcome.status));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_refused_by_its_name_and_a_missing_one_too() {
    let (agent, document, mut failures) = (TestAgent::start().await, openapi::whole(), Vec::new());
    for operation in Operation::all(&document) {
        let parameters = operation.parameters("query");
        if let Some(needed) = parameters.iter().find(|parameter| parameter["required"] == true) {
            let outcome = attempt(&agent, &operation.method, &operation.path_with("x"), Body::empty()).await;
            let what = format!("{} {} without {}", operation.method, operation.path, needed["name"]);
            refuse(&mut failures, what, &outcome, (400..500).contains(&outcome.status));
        }
        for parameter in parameters {
            let name = parameter["name"].as_str().unwrap();
            for value in QUERIES {
                let path = format!("{}?{name}={value}", operation.path_with("x"));
                let outcome = attempt(&agent, &operation.method, &path, Body::empty()).await;
                let number = kind(&parameter["schema"]) == Some("integer");
                let taken = if number { (400..500).contains(&outcome.status) } else { outcome.status < 500 };
                let what = format!("{} {} {name}={value}", operation.method, operation.path);
                refuse(&mut failures, what, &outcome, taken);
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
