//! A process of its own, since adopting orphans concerns every child of the process.

use std::{process::Stdio, time::Duration};

use sandpit_agent::reap::{adopt_orphans, entry, own};

fn shell(script: &str) -> tokio::process::Command {
    let mut command = tokio::process::Command::new("/bin/sh");
    command.args(["-c", script]).stdout(Stdio::piped());
    command
}

#[tokio::test]
async fn orphans_are_reaped_and_no_status_of_an_own_child_is_stolen() {
    adopt_orphans().expect("adoption");
    let mut parent = own(|| shell("sleep 0.05 & echo $!").spawn()).expect("a child");
    let mut told = String::new();
    let mut output = parent.stdout.take().expect("its output");
    tokio::io::AsyncReadExt::read_to_string(&mut output, &mut told).await.expect("a pid");
    let orphan: i32 = told.trim().parse().expect("a pid");
    // Not waited for before the orphan has ended: its status must still be there then.
    while entry(orphan).is_some() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for code in [0, 3, 7] {
        let mut child = own(|| shell(&format!("exit {code}")).spawn()).expect("a child");
        tokio::time::sleep(Duration::from_millis(40)).await;
        assert_eq!(child.wait().await.expect("its status").code(), Some(code));
    }
    assert!(parent.wait().await.expect("its status").success());
}
