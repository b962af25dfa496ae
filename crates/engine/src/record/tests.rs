//! Records on disk: whole or not at all, and read whatever became of them.

use super::*;

fn records() -> (tempfile::TempDir, Records) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let records = Records::open(dir.path().join("sandboxes")).expect("the records' folder");
    (dir, records)
}

fn place(records: &Records, id: &str, text: &str) {
    fs::create_dir_all(records.folder(id)).expect("the sandbox's folder");
    fs::write(records.folder(id).join(FILE), text).expect("its record");
}

fn only(records: &Records) -> Record {
    let mut all = records.load().expect("records");
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn what_is_saved_is_read_back_and_leaves_no_temporary_file() {
    let (_dir, records) = records();
    let request = CreateSandbox { env: [("A".into(), "b".into())].into(), ..CreateSandbox::default() };
    let mut record = Record::new("calm-otter", "host", request);
    record.running();
    fs::create_dir(records.folder("calm-otter")).expect("the sandbox's folder");
    records.save(&record).expect("save");
    records.save(&record).expect("save again");
    assert_eq!(only(&records), record);
    assert_eq!(fs::read_dir(records.folder("calm-otter")).expect("its folder").count(), 1);
}

#[test]
fn a_name_is_claimed_once_and_nothing_is_left_of_an_attempt() {
    let (dir, records) = records();
    let record = Record::new("calm-otter", "host", CreateSandbox::default());
    records.claim(&record).expect("claimed");
    assert_eq!(only(&records), record);
    let again = records.claim(&record).expect_err("claimed twice");
    assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read_dir(dir.path().join("sandboxes")).expect("the folder").count(), 1);
}

#[test]
fn what_is_not_there_is_no_sandbox() {
    let (_dir, records) = records();
    assert_eq!(records.get("calm-otter").expect("no fault"), None);
    assert_eq!(records.get("../sandboxes").expect("no fault"), None);
}

#[test]
fn a_record_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (_dir, records) = records();
    fs::create_dir(records.folder("a")).expect("the sandbox's folder");
    records.save(&Record::new("a", "host", CreateSandbox::default())).expect("save");
    let mode = fs::metadata(records.folder("a").join(FILE)).expect("the record").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_older_file_has_the_missing_fields_defaulted() {
    let (_dir, records) = records();
    place(&records, "old", r#"{"name":"Old","state":"stopped"}"#);
    let record = only(&records);
    assert_eq!((record.id.as_str(), record.name.as_str()), ("old", "Old"));
    assert_eq!(record.state, SandboxState::Stopped);
}

#[test]
fn a_newer_file_keeps_what_is_known_and_carries_what_is_not() {
    let (_dir, records) = records();
    place(
        &records,
        "new",
        r#"{"name":"New","state":"hibernated","limits":{"memoryMiB":64,"gpus":2},"colour":"red","keepAlive":"often"}"#,
    );
    let record = only(&records);
    assert_eq!(record.limits.memory_mib, Some(64), "a limit survives the limit nobody knows");
    assert_eq!((record.state, record.keep_alive), (SandboxState::Stopped, false));
    assert_eq!(record.name, "New");
    assert_eq!(record.other.get("colour"), Some(&Value::from("red")));
}

#[test]
fn a_corrupt_record_is_a_failed_sandbox_and_costs_no_other() {
    let (_dir, records) = records();
    place(&records, "bad", "{\"name\":");
    place(&records, "list", "[]");
    fs::create_dir_all(records.folder("loop")).expect("a folder");
    std::os::unix::fs::symlink(FILE, records.folder("loop").join(FILE)).expect("a link to itself");
    place(&records, "good", r#"{"createdAt":"2030-01-01T00:00:00Z"}"#);
    fs::create_dir(records.folder("no-record")).expect("a folder");
    fs::create_dir(records.folder("Not_An_Id")).expect("a folder");
    let all = records.load().expect("records");
    let ids: Vec<_> = all.iter().map(|r| (r.id.as_str(), r.state == SandboxState::Failed)).collect();
    assert_eq!(ids, [("bad", true), ("list", true), ("loop", true), ("no-record", true), ("good", false)]);
    assert!(all[0].reason.as_ref().is_some_and(|reason| reason.message.contains("cannot be read")));
}
