//! What every engine must do, as tests written once and run against each through [`contract_tests!`].
//!
//! They speak to the agent by three routes only: `/api/ping`, `/api/write`, `/api/read`.
//!
//! [`contract_tests!`]: crate::contract_tests

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use sandpit_api::{
    ApiError, ErrorCode,
    sandbox::{CreateSandbox, PatchSandbox, Sandbox, SandboxState},
};
use serde_json::{Value, json};
use tokio::{sync::broadcast, time::timeout};

use crate::{AgentClient, Change, Engine, id};

/// Longest wait for something that should come by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// An engine under test and what only its own tests can do to it.
#[async_trait]
pub trait Subject: Send + Sync {
    /// A new instance over the same sandboxes, as after a restart of the app.
    async fn engine(&self) -> Arc<dyn Engine>;

    /// Ends the agent of `id` with SIGKILL, behind the engine's back.
    async fn kill_agent(&self, id: &str);

    /// What is still there of a destroyed sandbox: processes, mounts, cgroups, files.
    async fn leftovers(&self, id: &str) -> Vec<String>;
}

/// Makes one `#[tokio::test]` of each part of the contract. `$subject` is evaluated for each test.
#[macro_export]
macro_rules! contract_tests {
    ($subject:expr) => {
        $crate::contract_tests!(@each $subject;
            a_new_sandbox_runs_and_its_agent_answers
            ids_are_made_up_or_taken_as_asked_and_never_twice
            a_bad_id_is_refused_by_field
            lists_have_every_sandbox_once
            what_does_not_exist_is_not_found_by_any_operation
            stopping_and_starting_are_idempotent_and_keep_files
            pausing_and_resuming_are_idempotent
            a_stopped_sandbox_cannot_be_dialled_or_paused
            a_restart_of_the_app_finds_sandboxes_running
            destroying_leaves_nothing_and_frees_the_id
            a_patch_changes_only_what_it_names
            stats_count_processes
            changes_are_told_in_order
            a_killed_agent_is_noticed_and_can_be_started_again
            a_death_while_the_app_was_away_is_noticed
            many_sandboxes_at_once_are_not_mixed_up
        );
    };
    (@each $subject:expr; $($name:ident)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::contract::$name(&$subject).await;
            }
        )+
    };
}

pub async fn a_new_sandbox_runs_and_its_agent_answers(subject: &dyn Subject) {
    let engine = subject.engine().await;
    let sandbox = create(&*engine, CreateSandbox { name: Some("A name".into()), ..plain() }).await;
    assert_eq!((sandbox.name.as_str(), sandbox.state), ("A name", SandboxState::Running));
    assert_eq!(sandbox.engine, engine.id());
    assert!(sandbox.started_at.is_some());
    assert!(sandbox.created_at.parse::<jiff::Timestamp>().is_ok());
    ping(&*engine, &sandbox.id).await;
    engine.destroy(&sandbox.id).await.expect("destroy");
}

pub async fn ids_are_made_up_or_taken_as_asked_and_never_twice(subject: &dyn Subject) {
    let engine = subject.engine().await;
    let made = create(&*engine, plain()).await;
    id::validate(&made.id).expect("a made id is valid");
    assert_eq!(made.name, made.id, "without a name it is called by its id");
    let asked = create(&*engine, CreateSandbox { id: Some("asked-1".into()), ..plain() }).await;
    assert_eq!(asked.id, "asked-1");
    let twice = engine.create(CreateSandbox { id: Some("asked-1".into()), ..plain() }).await;
    assert_eq!(code(twice), ErrorCode::SandboxExists);
    ping(&*engine, "asked-1").await;
    destroy_all(&*engine).await;
}

pub async fn a_bad_id_is_refused_by_field(subject: &dyn Subject) {
    let engine = subject.engine().await;
    for bad in ["", "..", "A", "a/b", "-a"] {
        let refused = engine.create(CreateSandbox { id: Some(bad.into()), ..plain() }).await;
        let error = refused.expect_err("a bad id is refused");
        assert_eq!((error.code, &error.context["field"]), (ErrorCode::ValidationFailed, &Value::from("id")));
    }
    assert!(engine.list().await.expect("list").is_empty());
}

pub async fn lists_have_every_sandbox_once(subject: &dyn Subject) {
    let engine = subject.engine().await;
    assert!(engine.list().await.expect("list").is_empty());
    let (a, b) = (create(&*engine, plain()).await, create(&*engine, plain()).await);
    let mut listed = ids(&*engine).await;
    listed.sort();
    let mut made = vec![a.id.clone(), b.id];
    made.sort();
    assert_eq!(listed, made);
    assert_eq!(engine.inspect(&a.id).await.expect("inspect"), a);
    destroy_all(&*engine).await;
}

pub async fn what_does_not_exist_is_not_found_by_any_operation(subject: &dyn Subject) {
    let engine = subject.engine().await;
    let missing = "no-such-sandbox";
    assert_eq!(code(engine.inspect(missing).await), ErrorCode::SandboxNotFound);
    assert_eq!(code(engine.update(missing, PatchSandbox::default()).await), ErrorCode::SandboxNotFound);
    assert_eq!(code(engine.start(missing).await), ErrorCode::SandboxNotFound);
    assert_eq!(code(engine.stop(missing).await), ErrorCode::SandboxNotFound);
    assert_eq!(code(engine.pause(missing).await), ErrorCode::SandboxNotFound);
    assert_eq!(code(engine.resume(missing).await), ErrorCode::SandboxNotFound);
    assert_eq!(code(engine.destroy(missing).await), ErrorCode::SandboxNotFound);
    assert_eq!(code(engine.stats(missing).await), ErrorCode::SandboxNotFound);
    assert_eq!(code(engine.dial(missing).await), ErrorCode::SandboxNotFound);
}

pub async fn stopping_and_starting_are_idempotent_and_keep_files(subject: &dyn Subject) {
    let engine = subject.engine().await;
    let id = create(&*engine, plain()).await.id;
    write(&*engine, &id, "kept.txt", "still here").await;
    for _ in 0..2 {
        let stopped = engine.stop(&id).await.expect("stop");
        assert_eq!((stopped.state, stopped.started_at), (SandboxState::Stopped, None));
    }
    for _ in 0..2 {
        assert_eq!(engine.start(&id).await.expect("start").state, SandboxState::Running);
    }
    assert_eq!(read(&*engine, &id, "kept.txt").await, "still here");
    engine.destroy(&id).await.expect("destroy");
}

pub async fn pausing_and_resuming_are_idempotent(subject: &dyn Subject) {
    let engine = subject.engine().await;
    let id = create(&*engine, plain()).await.id;
    for _ in 0..2 {
        assert_eq!(engine.pause(&id).await.expect("pause").state, SandboxState::Paused);
    }
    assert_eq!(code(engine.dial(&id).await), ErrorCode::SandboxNotRunning);
    for _ in 0..2 {
        assert_eq!(engine.resume(&id).await.expect("resume").state, SandboxState::Running);
    }
    ping(&*engine, &id).await;
    engine.pause(&id).await.expect("pause");
    assert_eq!(engine.stop(&id).await.expect("a paused sandbox stops").state, SandboxState::Stopped);
    engine.start(&id).await.expect("start");
    engine.pause(&id).await.expect("pause");
    engine.destroy(&id).await.expect("a paused sandbox is destroyed");
}

pub async fn a_stopped_sandbox_cannot_be_dialled_or_paused(subject: &dyn Subject) {
    let engine = subject.engine().await;
    let id = create(&*engine, plain()).await.id;
    engine.stop(&id).await.expect("stop");
    let error = engine.dial(&id).await.err().expect("nothing to dial");
    assert_eq!(error.code, ErrorCode::SandboxNotRunning);
    assert_eq!(error.context["state"], "stopped");
    assert_eq!(code(engine.pause(&id).await), ErrorCode::SandboxNotRunning);
    assert_eq!(code(engine.resume(&id).await), ErrorCode::SandboxNotRunning);
    assert_eq!(code(engine.stats(&id).await), ErrorCode::SandboxNotRunning);
    engine.destroy(&id).await.expect("destroy");
}

pub async fn a_restart_of_the_app_finds_sandboxes_running(subject: &dyn Subject) {
    let first = subject.engine().await;
    let (running, paused) = (create(&*first, plain()).await, create(&*first, plain()).await.id);
    write(&*first, &running.id, "a", "before").await;
    first.pause(&paused).await.expect("pause");
    drop(first);
    let second = subject.engine().await;
    assert_eq!(second.inspect(&running.id).await.expect("inspect"), running);
    assert_eq!(second.inspect(&paused).await.expect("inspect").state, SandboxState::Paused);
    assert_eq!(read(&*second, &running.id, "a").await, "before");
    second.resume(&paused).await.expect("resume");
    ping(&*second, &paused).await;
    assert_eq!(second.stop(&running.id).await.expect("stop").state, SandboxState::Stopped);
    destroy_all(&*second).await;
}

pub async fn destroying_leaves_nothing_and_frees_the_id(subject: &dyn Subject) {
    let engine = subject.engine().await;
    let request = CreateSandbox { id: Some("phoenix".into()), ..plain() };
    create(&*engine, request.clone()).await;
    write(&*engine, "phoenix", "ash", "old").await;
    engine.destroy("phoenix").await.expect("destroy");
    assert_eq!(subject.leftovers("phoenix").await, Vec::<String>::new());
    assert_eq!(code(engine.destroy("phoenix").await), ErrorCode::SandboxNotFound);
    create(&*engine, request).await;
    ping(&*engine, "phoenix").await;
    engine.stop("phoenix").await.expect("stop");
    engine.destroy("phoenix").await.expect("a stopped sandbox is destroyed");
    assert_eq!(subject.leftovers("phoenix").await, Vec::<String>::new());
}

pub async fn a_patch_changes_only_what_it_names(subject: &dyn Subject) {
    let engine = subject.engine().await;
    let before =
        create(&*engine, CreateSandbox { labels: [("a".into(), "1".into())].into(), ..plain() }).await;
    let patch =
        PatchSandbox { name: Some("Renamed".into()), keep_alive: Some(true), ..PatchSandbox::default() };
    let after = engine.update(&before.id, patch).await.expect("update");
    assert_eq!(after, Sandbox { name: "Renamed".into(), keep_alive: true, ..before });
    let again = subject.engine().await.inspect(&after.id).await.expect("inspect");
    assert_eq!(again, after, "a change is saved");
    engine.destroy(&after.id).await.expect("destroy");
}

pub async fn stats_count_processes(subject: &dyn Subject) {
    let engine = subject.engine().await;
    let id = create(&*engine, plain()).await.id;
    ping(&*engine, &id).await;
    assert!(engine.stats(&id).await.expect("stats").processes >= 1);
    engine.pause(&id).await.expect("pause");
    assert!(engine.stats(&id).await.expect("stats while paused").processes >= 1);
    engine.destroy(&id).await.expect("destroy");
}

pub async fn changes_are_told_in_order(subject: &dyn Subject) {
    let engine = subject.engine().await;
    let mut changes = engine.changes();
    let id = create(&*engine, plain()).await.id;
    await_state(&mut changes, &id, SandboxState::Running).await;
    engine.pause(&id).await.expect("pause");
    await_state(&mut changes, &id, SandboxState::Paused).await;
    engine.resume(&id).await.expect("resume");
    await_state(&mut changes, &id, SandboxState::Running).await;
    engine.stop(&id).await.expect("stop");
    await_state(&mut changes, &id, SandboxState::Stopped).await;
    engine.destroy(&id).await.expect("destroy");
    let deleted = timeout(PATIENCE, async {
        loop {
            if let Change::Deleted(gone) = changes.recv().await.expect("changes") {
                return gone;
            }
        }
    });
    assert_eq!(deleted.await.expect("its end is told"), id);
}

pub async fn a_killed_agent_is_noticed_and_can_be_started_again(subject: &dyn Subject) {
    let engine = subject.engine().await;
    let mut changes = engine.changes();
    let id = create(&*engine, plain()).await.id;
    write(&*engine, &id, "a", "survives").await;
    subject.kill_agent(&id).await;
    await_state(&mut changes, &id, SandboxState::Failed).await;
    let failed = engine.inspect(&id).await.expect("inspect");
    let reason = failed.reason.expect("a failed sandbox says why");
    assert!(!reason.message.is_empty());
    assert_eq!(code(engine.dial(&id).await), ErrorCode::SandboxNotRunning);
    let again = engine.start(&id).await.expect("a failed sandbox starts again");
    assert_eq!((again.state, again.reason), (SandboxState::Running, None));
    assert_eq!(read(&*engine, &id, "a").await, "survives");
    engine.destroy(&id).await.expect("destroy");
}

pub async fn a_death_while_the_app_was_away_is_noticed(subject: &dyn Subject) {
    let first = subject.engine().await;
    let id = create(&*first, plain()).await.id;
    drop(first);
    subject.kill_agent(&id).await;
    let second = subject.engine().await;
    let state = timeout(PATIENCE, async {
        let mut state = second.inspect(&id).await.expect("inspect").state;
        while state != SandboxState::Failed {
            tokio::time::sleep(Duration::from_millis(10)).await;
            state = second.inspect(&id).await.expect("inspect").state;
        }
    });
    state.await.expect("the death is noticed");
    second.destroy(&id).await.expect("destroy");
}

pub async fn many_sandboxes_at_once_are_not_mixed_up(subject: &dyn Subject) {
    let engine = subject.engine().await;
    let made = futures::future::join_all((0..8).map(|_| create(&*engine, plain()))).await;
    futures::future::join_all(made.iter().map(|sandbox| write(&*engine, &sandbox.id, "me", &sandbox.id)))
        .await;
    for sandbox in &made {
        assert_eq!(read(&*engine, &sandbox.id, "me").await, sandbox.id);
    }
    futures::future::join_all(made.iter().map(|sandbox| engine.destroy(&sandbox.id))).await;
    assert!(ids(&*engine).await.is_empty());
}

fn plain() -> CreateSandbox {
    CreateSandbox::default()
}

async fn create(engine: &dyn Engine, request: CreateSandbox) -> Sandbox {
    engine.create(request).await.expect("create")
}

async fn ids(engine: &dyn Engine) -> Vec<String> {
    engine.list().await.expect("list").into_iter().map(|sandbox| sandbox.id).collect()
}

async fn destroy_all(engine: &dyn Engine) {
    for id in ids(engine).await {
        engine.destroy(&id).await.expect("destroy");
    }
}

fn code<T>(refused: Result<T, ApiError>) -> ErrorCode {
    refused.err().expect("it is refused").code
}

async fn ping(engine: &dyn Engine, id: &str) {
    let mut agent: AgentClient = AgentClient::dial(engine, id).await.expect("dial");
    let _: Value = agent.get("/api/ping").await.expect("the agent answers");
}

async fn write(engine: &dyn Engine, id: &str, path: &str, content: &str) {
    let mut agent: AgentClient = AgentClient::dial(engine, id).await.expect("dial");
    let _: Value =
        agent.post("/api/write", &json!({ "path": path, "content": content })).await.expect("write");
}

async fn read(engine: &dyn Engine, id: &str, path: &str) -> String {
    let mut agent: AgentClient = AgentClient::dial(engine, id).await.expect("dial");
    let read: Value = agent.post("/api/read", &json!({ "path": path })).await.expect("read");
    read["content"].as_str().expect("content").to_owned()
}

async fn await_state(changes: &mut broadcast::Receiver<Change>, id: &str, state: SandboxState) {
    let told = timeout(PATIENCE, async {
        loop {
            match changes.recv().await.expect("changes") {
                Change::Sandbox(sandbox) if sandbox.id == id && sandbox.state == state => return,
                _ => {}
            }
        }
    });
    told.await.unwrap_or_else(|_| panic!("{id} is told to be {state:?}"));
}
