//! The app ends at a bad moment, or its files are spoilt: nothing keeps running unseen, nothing is lost.

mod common;

use std::{fs, path::Path};

use common::{Embedded, ends, networked};
use sandpit_api::sandbox::{CreateSandbox, FailureKind, SandboxState};
use sandpit_engine::Engine;
use sandpit_engine_embedded::EmbeddedEngine;
use serde_json::{Value, json};

fn edit(folder: &Path, change: impl FnOnce(&mut Value)) {
    let path = folder.join("record.json");
    let mut record = serde_json::from_slice(&fs::read(&path).expect("the record")).expect("JSON");
    change(&mut record);
    fs::write(path, record.to_string()).expect("written");
}

#[tokio::test]
async fn a_start_that_the_app_did_not_survive_is_cleaned_up_and_told() {
    let embedded = Embedded::new();
    let engine = embedded.open().await;
    let id = engine.create(CreateSandbox::default()).await.expect("create").id;
    let pid = engine.agent_pid(&id).await.expect("its agent");
    drop(engine);
    // As it is on disk while a start is under way: bubblewrap has begun, and nobody wrote down what it is.
    edit(&embedded.folder(&id), |record| {
        record["state"] = json!("creating");
        record["private"]["agent"] = Value::Null;
        record["private"]["monitor"] = Value::Null;
    });
    let engine = embedded.open().await;
    let found = engine.inspect(&id).await.expect("inspect");
    assert_eq!(found.state, SandboxState::Failed);
    assert_eq!(found.reason.expect("a reason").kind, FailureKind::StartFailed);
    ends(pid).await;
    assert_eq!(engine.start(&id).await.expect("it starts again").state, SandboxState::Running);
}

#[tokio::test]
async fn a_start_that_was_cut_off_before_anything_was_written_down_leaves_no_process() {
    let embedded = Embedded::new();
    let engine = embedded.open().await;
    let id = engine.create(CreateSandbox::default()).await.expect("create").id;
    let pid = engine.agent_pid(&id).await.expect("its agent");
    drop(engine);
    edit(&embedded.folder(&id), |record| {
        record["state"] = json!("creating");
        record["private"] = Value::Null;
    });
    // Bubblewrap had not told of it yet either.
    fs::write(embedded.folder(&id).join("status.json"), "").expect("emptied");
    let engine = embedded.open().await;
    assert_eq!(engine.inspect(&id).await.expect("inspect").state, SandboxState::Failed);
    ends(pid).await;
}

/// A sandbox with a network, and the processes outside that are there for it; none where there can be no network.
async fn with_network(embedded: &Embedded) -> Option<(EmbeddedEngine, String, Vec<i32>)> {
    let engine = embedded.open().await;
    if !engine.describe().await.capabilities.network_on.available {
        engine.create(networked()).await.expect_err("what cannot be had is refused");
        return None;
    }
    let id = engine.create(networked()).await.expect("create").id;
    let record = fs::read(embedded.folder(&id).join("record.json")).expect("the record");
    let record: Value = serde_json::from_slice(&record).expect("JSON");
    let network = record["private"]["network"].as_array().expect("its network");
    let pids = network.iter().map(|process| process["pid"].as_i64().expect("a number") as i32).collect();
    Some((engine, id, pids))
}

#[tokio::test]
async fn what_makes_its_network_ends_with_the_sandbox() {
    let embedded = Embedded::new();
    let Some((engine, id, pids)) = with_network(&embedded).await else { return };
    let [holder, pasta] = pids[..] else { panic!("the holder, and pasta: {pids:?}") };
    engine.stop(&id).await.expect("stop");
    assert!(fs::metadata(format!("/proc/{pasta}")).is_err(), "pasta is there, if only as a zombie");
    // A child of pasta's, so its last trace is taken away by whoever adopts orphans here.
    ends(holder).await;
}

#[tokio::test]
async fn a_start_with_a_network_that_was_cut_off_leaves_no_process() {
    let embedded = Embedded::new();
    let Some((engine, id, pids)) = with_network(&embedded).await else { return };
    drop(engine);
    edit(&embedded.folder(&id), |record| {
        record["state"] = json!("creating");
        record["private"] = Value::Null;
    });
    embedded.open().await;
    for pid in pids {
        ends(pid).await;
    }
}

#[tokio::test]
async fn a_sandbox_whose_record_is_spoilt_is_removed_with_its_network() {
    let embedded = Embedded::new();
    let Some((engine, id, pids)) = with_network(&embedded).await else { return };
    drop(engine);
    fs::write(embedded.folder(&id).join("record.json"), "{\"name\": \"cut o").expect("spoilt");
    embedded.open().await.destroy(&id).await.expect("destroy");
    for pid in pids {
        ends(pid).await;
    }
}

#[tokio::test]
async fn a_name_that_was_only_begun_to_be_claimed_is_no_sandbox_and_is_removed() {
    let embedded = Embedded::new();
    drop(embedded.open().await);
    let half = embedded.folder(".new-0123");
    fs::create_dir_all(&half).expect("a folder");
    let engine = embedded.open().await;
    assert!(engine.list().await.expect("list").is_empty());
    assert!(!half.exists());
}

#[tokio::test]
async fn a_sandbox_is_in_the_list_whole_or_not_at_all_while_others_are_made_and_removed() {
    let embedded = Embedded::new();
    let engine = embedded.open().await;
    let looking = engine.clone();
    let look = tokio::spawn(async move {
        loop {
            for sandbox in looking.list().await.expect("list") {
                assert_ne!(sandbox.state, SandboxState::Failed, "{:?}", sandbox.reason);
            }
        }
    });
    for _ in 0..10 {
        let id = engine.create(CreateSandbox::default()).await.expect("create").id;
        engine.destroy(&id).await.expect("destroy");
    }
    look.abort();
    assert!(look.await.expect_err("it looks until it is told to stop").is_cancelled());
}

#[tokio::test]
async fn a_spoilt_record_hides_no_other_and_its_sandbox_can_be_removed_with_its_processes() {
    let embedded = Embedded::new();
    let engine = embedded.open().await;
    let id = engine.create(CreateSandbox::default()).await.expect("create").id;
    let other = engine.create(CreateSandbox::default()).await.expect("create").id;
    let pid = engine.agent_pid(&id).await.expect("its agent");
    drop(engine);
    fs::write(embedded.folder(&id).join("record.json"), "{\"name\": \"cut o").expect("spoilt");
    let engine = embedded.open().await;
    assert_eq!(engine.list().await.expect("list").len(), 2);
    assert_eq!(engine.inspect(&id).await.expect("inspect").state, SandboxState::Failed);
    assert_eq!(engine.inspect(&other).await.expect("inspect").state, SandboxState::Running);
    engine.destroy(&id).await.expect("destroy");
    ends(pid).await;
    assert!(!embedded.folder(&id).exists());
}

#[tokio::test]
async fn a_removal_that_was_cut_off_is_finished_by_the_next_run() {
    let embedded = Embedded::new();
    drop(embedded.open().await);
    let half = embedded.folder(".gone-0123");
    fs::create_dir_all(half.join("workspace")).expect("a folder");
    let engine = embedded.open().await;
    assert!(engine.list().await.expect("list").is_empty());
    assert!(!half.exists());
}

#[tokio::test]
async fn the_reason_of_a_kill_is_that_it_was_killed() {
    let embedded = Embedded::new();
    let engine = embedded.open().await;
    let id = engine.create(CreateSandbox::default()).await.expect("create").id;
    let mut changes = engine.changes();
    let pid = engine.agent_pid(&id).await.and_then(rustix::process::Pid::from_raw).expect("its agent");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("killed");
    while engine.inspect(&id).await.expect("inspect").state != SandboxState::Failed {
        changes.recv().await.expect("a change");
    }
    let reason = engine.inspect(&id).await.expect("inspect").reason.expect("a reason");
    assert_eq!((reason.kind, reason.exit_code), (FailureKind::Killed, Some(137)));
}
