//! What of the kernel a sandbox can call.

use crate::Cell;

const EPERM: &str = "-1";
const ENOSYS: &str = "-38";

/// Every number of `calls` must be answered with `errno`.
async fn all_answer(cell: &Cell, calls: &[(&str, u64)], errno: &str) {
    let numbers: Vec<u64> = calls.iter().map(|(_, number)| *number).collect();
    let program = format!("print(*[syscall(n, 0, 0, 0, 0, 0, 0) for n in {numbers:?}])");
    let told = cell.python(&program).await;
    for ((name, _), answer) in calls.iter().zip(told.split(' ')) {
        assert_eq!(answer, errno, "{name}");
    }
}

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn calls_that_a_sandbox_has_no_use_for_are_refused() {
    let cell = Cell::new().await;
    let calls = [
        ("mount", 165),
        ("umount2", 166),
        ("pivot_root", 155),
        ("chroot", 161),
        ("open_tree", 428),
        ("move_mount", 429),
        ("fsopen", 430),
        ("fsconfig", 431),
        ("fsmount", 432),
        ("fspick", 433),
        ("mount_setattr", 442),
        ("setns", 308),
        ("unshare", 272),
        ("open_by_handle_at", 304),
        ("quotactl", 179),
        ("swapon", 167),
        ("swapoff", 168),
        ("add_key", 248),
        ("request_key", 249),
        ("keyctl", 250),
        ("bpf", 321),
        ("perf_event_open", 298),
        ("userfaultfd", 323),
        ("io_uring_setup", 425),
        ("io_uring_enter", 426),
        ("io_uring_register", 427),
        ("fanotify_init", 300),
        ("kexec_load", 246),
        ("kexec_file_load", 320),
        ("init_module", 175),
        ("finit_module", 313),
        ("delete_module", 176),
        ("reboot", 169),
        ("acct", 163),
        ("settimeofday", 164),
        ("clock_settime", 227),
        ("syslog", 103),
        ("iopl", 172),
        ("ioperm", 173),
        ("modify_ldt", 154),
        ("mbind", 237),
    ];
    all_answer(&cell, &calls, EPERM).await;
}

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn calls_that_are_not_judged_do_not_exist() {
    let cell = Cell::new().await;
    let x32 = 0x4000_0000;
    let calls = [
        ("clone3", 435),
        ("the next call", 467),
        ("a far one", 4000),
        ("x32 mount", x32 + 165),
        ("x32 ptrace", x32 + 521),
    ];
    all_answer(&cell, &calls, ENOSYS).await;
}

#[tokio::test]
async fn namespaces_cannot_be_made_inside() {
    let cell = Cell::new().await;
    for flag in ["--user", "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--time"] {
        cell.refuses(&format!("unshare {flag} true")).await;
    }
    let program = "flags = [0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000]\n\
        clone = 56 if os.uname().machine == 'x86_64' else 220\n\
        print(*[syscall(clone, flag | 17, 0, 0, 0, 0) for flag in flags])";
    assert_eq!(cell.python(program).await, [EPERM; 7].join(" "));
    cell.refuses("bwrap --ro-bind / / true").await;
}

#[tokio::test]
async fn mounts_cannot_be_made_or_undone() {
    let cell = Cell::new().await;
    let attempts = [
        "mount -t tmpfs none /tmp",
        "mount -t proc none /tmp",
        "mount --bind / /tmp",
        "mount -o remount,rw /usr",
        "umount /proc/keys",
        "umount -l /usr",
        "umount /workspace",
        "chroot / true",
    ];
    for attempt in attempts {
        cell.refuses(attempt).await;
    }
}

#[tokio::test]
async fn devices_cannot_be_made_or_found() {
    let cell = Cell::new().await;
    for attempt in ["mknod /tmp/mem c 1 1", "mknod /workspace/disk b 8 0", "mknod ~/tun c 10 200"] {
        cell.refuses(attempt).await;
    }
    for device in
        "mem kmem kmsg port sda vda nvme0n1 loop0 loop-control kvm net/tun fuse mapper input snd dri"
            .split(' ')
    {
        cell.refuses(&format!("ls /dev/{device}")).await;
    }
    assert_eq!(cell.prints("head -c 4 /dev/zero | wc -c; echo > /dev/null").await, "4");
}

#[tokio::test]
async fn the_machines_own_files_in_proc_cannot_be_read_or_written() {
    let cell = Cell::new().await;
    for name in "kcore keys key-users kmsg kallsyms timer_list sysrq-trigger interrupts slabinfo vmallocinfo"
        .split(' ')
    {
        cell.refuses(&format!("head -c 1 /proc/{name} | grep -q .")).await;
        cell.refuses(&format!("echo b > /proc/{name}")).await;
    }
    let settings = "kernel/core_pattern kernel/hostname kernel/modprobe kernel/sysrq kernel/randomize_va_space \
        vm/overcommit_memory vm/drop_caches fs/suid_dumpable user/max_user_namespaces net/ipv4/ip_forward";
    for name in settings.split_whitespace() {
        cell.refuses(&format!("echo 1 > /proc/sys/{name}")).await;
    }
    assert_eq!(
        cell.prints("cat /proc/acpi/* /proc/bus/* /proc/irq/* /proc/fs/* 2>/dev/null; true").await,
        ""
    );
}

#[tokio::test]
async fn only_ordinary_sockets_can_be_made() {
    let cell = Cell::new().await;
    let program = "def attempt(*args):\n    \
            try: socket.socket(*args).close(); return 0\n    \
            except OSError as error: return -error.errno\n\
        print(*[attempt(family, 3, 0) for family in (17, 38, 40, 9, 29, 30, 44)])\n\
        print(*[attempt(16, 3, protocol) for protocol in (2, 4, 9, 12, 15, 16)])\n\
        print(attempt(1, 1), attempt(2, 1), attempt(10, 1), attempt(16, 3, 0))\n\
        print(attempt(2, 3, 1))";
    let told = cell.python(program).await;
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[..3], [[EPERM; 7].join(" "), [EPERM; 6].join(" "), "0 0 0 0".to_owned()]);
    assert_eq!(lines[3], EPERM, "raw sockets need a capability");
}

#[tokio::test]
async fn another_terminals_input_cannot_be_written() {
    let cell = Cell::new().await;
    let program = "import fcntl, pty, termios\n\
        _, tty = pty.openpty()\n\
        def attempt(request):\n    \
            try: fcntl.ioctl(tty, request, b'x' * 8); return 0\n    \
            except OSError as error: return -error.errno\n\
        print(attempt(termios.TIOCSTI), attempt(0x541c), attempt(0x5423), len(termios.tcgetattr(tty)))";
    assert_eq!(cell.python(program).await, "-1 -1 -1 7");
}
