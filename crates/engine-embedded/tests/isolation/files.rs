//! What of the host's files a sandbox sees: its programs, read-only, and nothing else.

use std::{fs, os::unix::fs::symlink};

use sandpit_api::sandbox::CreateSandbox;
use sandpit_engine::Engine;

use crate::{Cell, run_in};

#[tokio::test]
async fn no_file_of_the_host_is_to_be_found_by_name() {
    let cell = Cell::new().await;
    let name = format!("sandpit-canary-{}", std::process::id());
    let host = tempfile::Builder::new().prefix(&name).tempdir().expect("a folder in the host's /tmp");
    let beside = cell.embedded.folder("").join(&name);
    fs::write(&beside, "secret").expect("a file beside the sandboxes");
    assert_eq!(cell.prints(&format!("find / -name '{name}*' 2>/dev/null; true")).await, "");
    for path in [host.path(), beside.as_path(), &cell.embedded.folder(&cell.id)] {
        cell.refuses(&format!("ls -d {}", path.display())).await;
    }
}

#[tokio::test]
async fn homes_sockets_and_secrets_of_the_host_are_absent() {
    let cell = Cell::new().await;
    let paths = "/root /boot /srv /mnt /media /var/run /var/lib /var/log /run/dbus /run/user /run/docker.sock \
        /etc/shadow /etc/gshadow /etc/sudoers /etc/ssh /etc/ssl/private /etc/environment /etc/fstab /etc/crontab \
        /sys/kernel /sys/class /sys/fs /sys/firmware /sys/block /lost+found";
    for path in paths.split_whitespace() {
        cell.refuses(&format!("ls -d {path}")).await;
    }
    assert_eq!(cell.prints("ls /home").await, "sandpit");
    assert_eq!(cell.prints("ls -A -I '.sandpit-agent-*' /tmp /workspace").await, "/tmp:\n\n/workspace:");
    assert_eq!(cell.prints("cut -d: -f1 /etc/passwd | xargs").await, "root sandpit nobody");
    cell.refuses("find / -xdev -type s 2>/dev/null | grep .").await;
}

#[tokio::test]
async fn only_its_own_places_can_be_written_to() {
    let cell = Cell::new().await;
    for path in "/ /usr /usr/bin /usr/local /etc /etc/ssl/certs /opt /run /run/sandpit /home /dev /sys /var"
        .split(' ')
    {
        cell.refuses(&format!("touch {path}/attempt")).await;
    }
    cell.refuses("echo '#!/bin/sh' > /run/sandpit/sandpit-agent").await;
    cell.refuses("rm -f /usr/bin/env").await;
    for path in ["/workspace", "/home/sandpit", "/tmp", "/var/tmp", "/dev/shm"] {
        cell.prints(&format!("touch {path}/mine")).await;
    }
}

#[tokio::test]
async fn a_way_out_through_proc_root_and_dot_dot_leads_nowhere() {
    let cell = Cell::new().await;
    let inside = cell.prints("ls /").await;
    for path in ["/proc/1/root", "/proc/self/root", "/..", "/proc/1/cwd/..", "/proc/self/task/1/root"] {
        let done = cell.run(&format!("ls {path}/")).await;
        assert!(done.exit_code != 0 || done.stdout.trim() == inside, "{path}: {}", done.stdout);
    }
    let host = fs::read_link("/proc/self/exe").expect("our program");
    cell.refuses(&format!("ls {}", host.display())).await;
}

#[tokio::test]
async fn its_first_process_holds_no_descriptor_of_the_hosts() {
    let cell = Cell::new().await;
    let held = cell.prints("for fd in /proc/1/fd/*; do readlink $fd || true; done").await;
    let allowed = [
        "/dev/null",
        // The agent's own: a static program does not find glibc's getrandom.
        "/dev/urandom",
        "socket:[",
        "pipe:[",
        "anon_inode:[",
        "/tmp/.sandpit-agent-",
        "/dev/shm/.sandpit-agent-",
    ];
    for target in held.lines().filter(|target| !target.ends_with("/agent.log")) {
        assert!(allowed.iter().any(|start| target.starts_with(start)), "{target} in\n{held}");
    }
    let own = cell.prints("ls /proc/self/fd | xargs").await;
    assert!(own.split(' ').count() <= 4, "a command has its three streams: {own}");
}

#[tokio::test]
async fn links_planted_by_a_sandbox_never_lead_the_engine_to_the_hosts_files() {
    let cell = Cell::new().await;
    let host = tempfile::tempdir().expect("a folder");
    fs::create_dir(host.path().join("folder")).expect("a folder");
    fs::write(host.path().join("folder/canary"), "alive").expect("a file");
    let target = host.path().display();
    cell.prints(&format!("ln -s {target}/folder ~/link; ln -s {target} /workspace/link; rm -rf ~/.local; ln -s {target} ~/.local")).await;
    symlink(host.path(), cell.embedded.folder(&cell.id).join("workspace/hard")).expect("another");
    cell.engine.stop(&cell.id).await.expect("stop");
    cell.engine.start(&cell.id).await.expect("start");
    cell.engine.destroy(&cell.id).await.expect("destroy");
    assert_eq!(fs::read_to_string(host.path().join("folder/canary")).expect("still there"), "alive");
}

#[tokio::test]
async fn sandboxes_do_not_see_each_other() {
    let cell = Cell::new().await;
    let other = cell.engine.create(CreateSandbox::default()).await.expect("another").id;
    cell.prints("echo mine > /workspace/mine; echo mine > /tmp/mine; sleep 300 > /dev/null 2>&1 & true")
        .await;
    let seen =
        run_in(&cell.engine, &other, "ls -A /workspace /tmp; pgrep sleep; ls -d /proc/[0-9]* | wc -l").await;
    assert!(!seen.stdout.contains("mine") && seen.stderr.is_empty(), "{}{}", seen.stdout, seen.stderr);
    let count: u32 = seen.stdout.lines().last().and_then(|line| line.trim().parse().ok()).expect("a number");
    assert!(count < 8, "{count} processes");
    cell.engine.destroy(&other).await.expect("destroy");
}

#[tokio::test]
async fn secrets_of_an_environment_are_in_no_command_line_and_the_hosts_are_not_inside() {
    let secret = format!("canary{}", std::process::id());
    let request =
        CreateSandbox { env: [("TOKEN".into(), secret.clone())].into(), ..CreateSandbox::default() };
    let cell = Cell::with(request).await;
    assert_eq!(cell.prints("echo $TOKEN").await, secret);
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&line).contains(&secret), "{}", entry.path().display());
    }
    let inside = cell.prints("env; tr '\\0' '\\n' < /proc/1/environ").await;
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("CARGO") || name.starts_with("SANDPIT_"))
    {
        assert!(!inside.lines().any(|line| line.starts_with(&format!("{name}="))), "{name}");
    }
}
