//! What a sandbox cannot use up.

use std::time::Duration;

use sandpit_api::{
    ErrorCode,
    sandbox::{CreateSandbox, Limits, SandboxState},
};
use sandpit_engine::Engine;

use crate::{Cell, common::Embedded};

fn limited(limits: Limits) -> CreateSandbox {
    CreateSandbox { limits, ..CreateSandbox::default() }
}

#[tokio::test]
async fn a_fork_bomb_ends_at_the_limit_and_the_sandbox_goes_on() {
    let cell = Cell::with(limited(Limits { pids: Some(64), ..Limits::default() })).await;
    let program = "import time\n\
        made = []\n\
        try:\n    \
            while len(made) < 1000:\n        \
                child = os.fork()\n        \
                if child == 0:\n            time.sleep(30); os._exit(0)\n        \
                made.append(child)\n\
        except BlockingIOError: pass\n\
        print(len(made))\n\
        for child in made: os.kill(child, 9)";
    let made: u32 = cell.python(program).await.parse().expect("a number");
    assert!((8..64).contains(&made), "{made} processes");
    assert_eq!(cell.prints("echo on").await, "on");
}

#[tokio::test]
async fn without_being_asked_for_there_is_a_limit_of_processes() {
    let cell = Cell::new().await;
    assert_eq!(cell.prints("ulimit -Hu").await, "1024");
    cell.refuses("ulimit -u 2048").await;
}

#[tokio::test]
async fn memory_beyond_the_limit_is_refused_to_the_one_who_asks() {
    let embedded = Embedded::new();
    let engine = embedded.open().await;
    let request = limited(Limits { memory_mib: Some(96), ..Limits::default() });
    if !engine.describe().await.capabilities.memory_limit.available {
        let refused = engine.create(request).await.expect_err("what cannot be enforced is refused");
        assert_eq!(
            (refused.code, &refused.context["what"]),
            (ErrorCode::NotSupported, &"limits.memoryMiB".into())
        );
        return;
    }
    let id = engine.create(request).await.expect("create").id;
    let cell = Cell { embedded, engine, id };
    cell.refuses("/usr/bin/python3 -c 'b = bytearray(300 << 20)'").await;
    cell.refuses("head -c 300M /dev/zero > /dev/shm/x").await;
    cell.refuses("head -c 300M /dev/zero > /tmp/x").await;
    let stats = cell.engine.stats(&cell.id).await;
    let state = cell.engine.inspect(&cell.id).await.expect("inspect");
    match state.state {
        SandboxState::Running => assert_eq!(stats.expect("stats").memory_limit_bytes, Some(96 << 20)),
        other => panic!("{other:?}: {:?}", state.reason),
    }
}

#[tokio::test]
async fn processor_time_is_limited_where_that_can_be_had() {
    let embedded = Embedded::new();
    let engine = embedded.open().await;
    let request = limited(Limits { cpus: Some(0.2), ..Limits::default() });
    if !engine.describe().await.capabilities.cpu_limit.available {
        let refused = engine.create(request).await.expect_err("what cannot be enforced is refused");
        assert_eq!(
            (refused.code, &refused.context["what"]),
            (ErrorCode::NotSupported, &"limits.cpus".into())
        );
        return;
    }
    let id = engine.create(request).await.expect("create").id;
    let cell = Cell { embedded, engine, id };
    let before = cell.engine.stats(&cell.id).await.expect("stats").cpu_micros;
    let spin = "end = __import__('time').monotonic() + 1.5\nwhile __import__('time').monotonic() < end: pass";
    cell.python(spin).await;
    let used = Duration::from_micros(cell.engine.stats(&cell.id).await.expect("stats").cpu_micros - before);
    assert!(used < Duration::from_millis(900), "{used:?} of processor time in 1.5 s");
}

#[tokio::test]
async fn what_this_engine_cannot_do_is_refused_by_name() {
    let embedded = Embedded::new();
    let engine = embedded.open().await;
    let disk = limited(Limits { disk_mib: Some(10), ..Limits::default() });
    let image = CreateSandbox { image: Some("debian:12".into()), ..CreateSandbox::default() };
    for request in [disk, image] {
        assert_eq!(engine.create(request).await.expect_err("refused").code, ErrorCode::NotSupported);
    }
    let senseless = limited(Limits { cpus: Some(f64::NAN), ..Limits::default() });
    assert_eq!(engine.create(senseless).await.expect_err("refused").code, ErrorCode::ValidationFailed);
    assert!(engine.list().await.expect("list").is_empty());
}

#[tokio::test]
async fn memory_file_systems_have_a_size() {
    let cell = Cell::new().await;
    let sizes = cell.prints("df -m --output=size /tmp /dev/shm | tail -2 | xargs").await;
    assert_eq!(sizes, "1024 512");
}
