//! The policy of a sandbox as bubblewrap's arguments: what it sees, what it may do, what it is called.
//!
//! It starts nothing. Sources are paths as bubblewrap's process sees them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::etc;

pub const HOME: &str = "/home/sandpit";
pub const AGENT: &str = "/run/sandpit/sandpit-agent";

/// Numbers of the descriptors that bubblewrap is given. The agent keeps only the first.
pub mod fd {
    pub const LISTENER: i32 = 3;
    pub const ARGS: i32 = 4;
    pub const INFO: i32 = 5;
    pub const BLOCK: i32 = 6;
    pub const STATUS: i32 = 7;
    pub const FIRST_FILTER: i32 = 8;
}

/// Most bytes of `/tmp` and of `/dev/shm`. They are memory and count against a memory limit, of which they may take a
/// half and a quarter: a file there cannot be killed to make room, so the sandbox would be.
const TMP: u64 = 1 << 30;
const SHM: u64 = 512 << 20;

/// Files of `/proc` that tell of, or act on, the whole machine. Most of them the kernel keeps from everyone but root,
/// which no process of a sandbox is on the host; the others are covered. Every mount is time that a start takes.
const MASKED_FILES: [&str; 12] = [
    "kcore",
    "keys",
    "key-users",
    "kmsg",
    "kallsyms",
    "timer_list",
    "sched_debug",
    "latency_stats",
    "sysrq-trigger",
    "interrupts",
    "slabinfo",
    "vmallocinfo",
];

const MASKED_FOLDERS: [&str; 7] = ["acpi", "asound", "bus", "driver", "fs", "irq", "scsi"];

/// What differs between sandboxes.
#[derive(Debug)]
pub struct Sandbox<'a> {
    pub id: &'a str,
    /// Has `etc`, `home` and `workspace`.
    pub folder: &'a Path,
    pub agent: &'a Path,
    pub runtime: Option<&'a Path>,
    pub env: &'a BTreeMap<String, String>,
    /// Whether its network namespace is there already.
    pub networked: bool,
    pub filters: usize,
    /// Bytes of memory it may use.
    pub memory: Option<u64>,
}

impl Sandbox<'_> {
    fn share(&self, most: u64, part: u64) -> u64 {
        self.memory.map_or(most, |memory| most.min(memory / part))
    }
}

/// Every argument before the command. They go through a descriptor, since an environment may hold secrets.
pub fn arguments(sandbox: &Sandbox<'_>) -> Vec<String> {
    let mut args = Args(Vec::with_capacity(256));
    isolation(&mut args, sandbox);
    system(&mut args);
    etc(&mut args, sandbox.folder);
    kernel(&mut args, sandbox.share(SHM, 4));
    own(&mut args, sandbox);
    environment(&mut args, sandbox.env);
    args.0
}

/// The command and its arguments.
pub fn command(pids: u64) -> Vec<String> {
    let words = [AGENT, "--listen-fd", "3", "--workspace", "/workspace", "--pids-limit"];
    words.into_iter().map(str::to_owned).chain([pids.to_string()]).collect()
}

struct Args(Vec<String>);

impl Args {
    fn add(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(|word| (*word).to_owned()));
    }

    fn bind(&mut self, how: &str, from: &Path, to: &str) {
        self.add(&[how, &from.to_string_lossy(), to]);
    }

    fn tmpfs(&mut self, size: u64, at: &str) {
        self.add(&["--perms", "1777", "--size", &size.to_string(), "--tmpfs", at]);
    }
}

/// Folders that bubblewrap would make on the way, for itself alone.
const PARENTS: [&str; 7] = ["/home", "/opt", "/run", "/run/sandpit", "/sys", "/sys/devices", "/var"];

fn isolation(args: &mut Args, sandbox: &Sandbox<'_>) {
    for namespace in ["user", "pid", "uts", "ipc", "cgroup"] {
        args.add(&[&format!("--unshare-{namespace}")]);
    }
    // A sandbox with a network is started in a network namespace made for it.
    if !sandbox.networked {
        args.add(&["--unshare-net"]);
    }
    args.add(&["--disable-userns"]);
    args.add(&["--uid", "1000", "--gid", "1000", "--hostname", sandbox.id]);
    args.add(&["--as-pid-1", "--new-session", "--cap-drop", "ALL"]);
    for (option, number) in
        [("--info-fd", fd::INFO), ("--block-fd", fd::BLOCK), ("--json-status-fd", fd::STATUS)]
    {
        args.add(&[option, &number.to_string()]);
    }
    for filter in 0..sandbox.filters {
        args.add(&["--add-seccomp-fd", &(fd::FIRST_FILTER as usize + filter).to_string()]);
    }
}

/// The host's programs and libraries, read-only.
fn system(args: &mut Args) {
    args.add(&["--ro-bind", "/usr", "/usr"]);
    for parent in PARENTS {
        args.add(&["--perms", "0755", "--dir", parent]);
    }
    for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] {
        let path = format!("/{name}");
        match fs::read_link(&path) {
            Ok(target) => args.add(&["--symlink", &target.to_string_lossy(), &path]),
            Err(_) if Path::new(&path).is_dir() => args.add(&["--ro-bind", &path, &path]),
            Err(_) => {}
        }
    }
    if Path::new("/nix/store").is_dir() {
        args.add(&["--ro-bind", "/nix/store", "/nix/store"]);
    }
}

fn etc(args: &mut Args, folder: &Path) {
    args.bind("--ro-bind", &folder.join("etc"), "/etc");
    for name in etc::shared_folders() {
        let path = format!("/etc/{name}");
        args.add(&["--ro-bind", &path, &path]);
    }
}

/// `/dev`, `/proc` and of `/sys` only the processors.
fn kernel(args: &mut Args, shm: u64) {
    args.add(&["--dev", "/dev"]);
    args.tmpfs(shm, "/dev/shm");
    args.add(&["--remount-ro", "/dev", "--proc", "/proc"]);
    for path in MASKED_FILES.iter().map(|name| format!("/proc/{name}")).filter(|path| open_to_all(path)) {
        args.add(&["--ro-bind", "/dev/null", &path]);
    }
    for path in MASKED_FOLDERS.iter().map(|name| format!("/proc/{name}")).filter(|path| open_to_all(path)) {
        args.add(&["--perms", "0555", "--size", "4096", "--tmpfs", &path]);
    }
    let processors = "/sys/devices/system/cpu";
    args.add(&["--ro-bind-try", processors, processors]);
}

/// It exists, and its mode lets others than its owner and group do something with it.
fn open_to_all(path: &str) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o007 != 0)
}

/// What is the sandbox's own. Everything not written to here is read-only at the end.
fn own(args: &mut Args, sandbox: &Sandbox<'_>) {
    args.tmpfs(sandbox.share(TMP, 2), "/tmp");
    args.add(&["--symlink", "../tmp", "/var/tmp"]);
    args.bind("--bind", &sandbox.folder.join("workspace"), "/workspace");
    args.bind("--bind", &sandbox.folder.join("home"), HOME);
    if let Some(runtime) = sandbox.runtime {
        args.bind("--ro-bind", runtime, "/opt/sandpit");
    }
    args.bind("--ro-bind", sandbox.agent, AGENT);
    args.add(&["--remount-ro", "/", "--chdir", "/workspace"]);
}

fn environment(args: &mut Args, own: &BTreeMap<String, String>) {
    args.add(&["--clearenv"]);
    let base = [
        ("PATH", "/home/sandpit/.local/bin:/opt/sandpit/bin:/usr/local/bin:/usr/bin:/bin"),
        ("HOME", HOME),
        ("USER", "sandpit"),
        ("LOGNAME", "sandpit"),
        ("SHELL", "/bin/bash"),
        ("LANG", "C.UTF-8"),
    ];
    let own_pairs = own.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in base.into_iter().chain(own_pairs) {
        args.add(&["--setenv", name, value]);
    }
}

/// The paths bubblewrap binds from that are not the system's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    pub sandboxes: PathBuf,
    pub agent: PathBuf,
    pub runtime: Option<PathBuf>,
}
