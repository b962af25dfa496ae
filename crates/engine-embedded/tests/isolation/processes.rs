//! What a sandbox is on the host, and what it sees of the host's processes.

use std::{collections::BTreeMap, fs};

use crate::Cell;

fn status(pid: i32) -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, rest)| (name.to_owned(), words(rest)))
        .collect()
}

#[tokio::test]
async fn all_seven_namespaces_are_its_own() {
    let cell = Cell::new().await;
    let agent = cell.agent().await;
    for name in ["user", "mnt", "pid", "net", "uts", "ipc", "cgroup"] {
        let of = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/{name}")).expect("a namespace");
        assert_ne!(of("self"), of(&agent.to_string()), "{name}");
    }
}

#[tokio::test]
async fn on_the_host_it_is_nobody() {
    let cell = Cell::new().await;
    let status = status(cell.agent().await);
    let own = rustix::process::getuid().as_raw();
    let uids: Vec<u32> = status["Uid"].iter().map(|uid| uid.parse().expect("a uid")).collect();
    assert!(uids.iter().all(|uid| *uid == uids[0] && *uid != 0), "{uids:?}");
    if own == 0 {
        assert!(uids[0] >= 1_879_048_192, "root's sandboxes have uids that no account has: {uids:?}");
        assert_eq!(status["Gid"], status["Uid"]);
        assert!(status["Groups"].is_empty(), "{:?}", status["Groups"]);
    } else {
        assert_eq!(uids[0], own);
    }
}

#[tokio::test]
async fn it_has_no_capability_no_way_to_one_and_a_filter() {
    let cell = Cell::new().await;
    let of_agent = status(cell.agent().await);
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(of_agent[set], ["0000000000000000"], "{set}");
    }
    assert_eq!((of_agent["NoNewPrivs"][0].as_str(), of_agent["Seccomp"][0].as_str()), ("1", "2"));
    let of_command = cell
        .prints("grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | cut -f2 | xargs")
        .await;
    assert_eq!(of_command, "0000000000000000 0000000000000000 1 2");
}

#[tokio::test]
async fn it_sees_only_its_own_processes() {
    let cell = Cell::new().await;
    let seen = cell.prints("ls -d /proc/[0-9]* | wc -l").await;
    assert!(seen.parse::<u32>().expect("a number") < 8, "{seen} processes");
    assert!(cell.prints("tr '\\0' ' ' < /proc/1/cmdline").await.contains("sandpit-agent"));
    let host = std::process::id();
    cell.refuses(&format!("ls -d /proc/{host}")).await;
    cell.refuses(&format!("kill -0 {host}")).await;
}

#[tokio::test]
async fn it_traces_its_own_processes_and_none_of_the_hosts() {
    let cell = Cell::new().await;
    let host = std::process::id();
    let program = format!(
        "ATTACH, SEIZE = 16, 0x4206\n\
         print(syscall(101, ATTACH, {host}, 0, 0), syscall(101, SEIZE, {host}, 0, 0))\n\
         place = ctypes.create_string_buffer(8)\n\
         part = (ctypes.c_size_t * 2)(ctypes.addressof(place), 8)\n\
         print(syscall(310, {host}, part, 1, part, 1, 0), syscall(434, {host}, 0))\n\
         child = os.fork()\n\
         if child == 0:\n    os.pause() if hasattr(os, 'pause') else __import__('time').sleep(60)\n\
         print(syscall(101, SEIZE, child, 0, 0))\n\
         os.kill(child, 9)"
    );
    // ESRCH: there is no such process.
    assert_eq!(cell.python(&program).await, "-3 -3\n-3 -3\n0");
}

#[tokio::test]
async fn setuid_programs_gain_nothing() {
    let cell = Cell::new().await;
    let program = "import glob, stat, subprocess, time\n\
        for path in glob.glob('/usr/bin/*') + glob.glob('/usr/sbin/*'):\n    \
            mode = os.stat(path).st_mode if os.path.exists(path) else 0\n    \
            if not (mode & stat.S_ISUID and stat.S_ISREG(mode)): continue\n    \
            assert os.statvfs(path).f_flag & os.ST_NOSUID, path\n    \
            null = subprocess.DEVNULL\n    \
            try: child = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=null, stderr=null)\n    \
            except PermissionError: continue\n    \
            status = open(f'/proc/{child.pid}/status').read()\n    \
            uids = [line for line in status.splitlines() if line.startswith('Uid')][0].split()[1:]\n    \
            assert uids == ['1000'] * 4, (path, uids)\n    \
            child.kill()\n\
        print('nothing')";
    assert_eq!(cell.python(program).await, "nothing");
    cell.refuses("su -c id < /dev/null").await;
}
