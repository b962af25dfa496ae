//! What the engine says of itself, and what it says to do when it does not work.

mod common;

use common::Embedded;
use sandpit_api::{
    ErrorCode,
    engine::{EngineKind, EngineState},
    sandbox::CreateSandbox,
};
use sandpit_engine::Engine;
use sandpit_engine_embedded::{Config, EmbeddedEngine};

async fn with(embedded: &Embedded, change: impl FnOnce(&mut Config)) -> EmbeddedEngine {
    let mut config = embedded.config();
    change(&mut config);
    EmbeddedEngine::open(config).await.expect("the engine opens")
}

#[tokio::test]
async fn it_names_itself_its_version_and_what_it_can_do() {
    let told = Embedded::new().open().await.describe().await;
    assert_eq!((told.kind, told.state), (EngineKind::Embedded, EngineState::Available), "{told:?}");
    assert!(told.version.is_some_and(|version| version.starts_with("bubblewrap ")));
    assert!(told.capabilities.pause.available && told.capabilities.pids_limit.available);
    assert!(told.capabilities.network_allow.reason.is_some(), "what it cannot do has a reason");
}

#[tokio::test]
async fn without_bubblewrap_it_says_what_to_install_and_starts_nothing() {
    let embedded = Embedded::new();
    let engine = with(&embedded, |config| config.bwrap = None).await;
    let told = engine.describe().await;
    assert_eq!(told.state, EngineState::Unavailable);
    assert!(told.fix_it.is_some_and(|fix_it| fix_it.contains("bubblewrap")));
    let refused = engine.create(CreateSandbox::default()).await.expect_err("nothing starts");
    assert_eq!(refused.code, ErrorCode::SandboxStartFailed);
    assert!(engine.list().await.expect("list").is_empty(), "nothing is left of what did not start");
}

#[tokio::test]
async fn without_the_agent_it_says_how_to_get_it() {
    let embedded = Embedded::new();
    let engine = with(&embedded, |config| config.agent = "/nonexistent/sandpit-agent".into()).await;
    let told = engine.describe().await;
    assert_eq!(told.state, EngineState::Unavailable);
    assert!(told.reason.is_some_and(|reason| reason.contains("/nonexistent/sandpit-agent")));
    assert!(engine.create(CreateSandbox::default()).await.is_err());
}

#[tokio::test]
async fn an_agent_that_ends_at_once_is_a_start_that_failed_and_says_so() {
    let embedded = Embedded::new();
    let engine = with(&embedded, |config| config.agent = "/usr/bin/false".into()).await;
    let refused = engine.create(CreateSandbox::default()).await.expect_err("nothing starts");
    assert_eq!(refused.code, ErrorCode::SandboxStartFailed);
    assert!(refused.message.contains("ended at once"), "{}", refused.message);
    assert!(engine.list().await.expect("list").is_empty());
}

#[tokio::test]
async fn without_the_code_runtime_everything_else_works() {
    let embedded = Embedded::new();
    let engine = with(&embedded, |config| config.runtime = "/nonexistent".into()).await;
    let told = engine.describe().await;
    assert_eq!(told.state, EngineState::Available);
    assert!(!told.capabilities.code_runtime.available);
    let id = engine.create(CreateSandbox::default()).await.expect("create").id;
    engine.destroy(&id).await.expect("destroy");
}
