//! The system calls that no program in a sandbox may make, as BPF programs.
//!
//! A deny-list after Docker's default profile: what reaches kernel code that a sandbox has no use for, even where
//! a lack of capabilities denies it already. Debuggers work: ptrace sees only the sandbox's own processes.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Len, SeccompCmpOp as Op, SeccompCondition as Condition,
    SeccompFilter, SeccompRule, TargetArch, sock_filter,
};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// The first number of system calls that this list has not judged: from `open_tree_attr` on.
const UNJUDGED: u32 = 467;

/// Flags of `clone` that make a namespace. `CLONE_NEWTIME` is an exit signal there and no flag.
const NEW_NAMESPACE: [i32; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// Terminal requests that type into another's terminal, or load a line discipline.
const FORBIDDEN_IOCTLS: [u64; 3] = [libc::TIOCSTI, libc::TIOCLINUX, libc::TIOCSETD];

const FAMILIES: [i32; 4] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];

const DENIED: &[i64] = &[
    // Mounts, roots and namespaces.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_mount_setattr,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_open_by_handle_at,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    // Keys of the kernel.
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // Wide and often broken into.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    libc::SYS_lookup_dcookie,
    // The machine: kernel, modules, clock, accounting, log.
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_acct,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    libc::SYS_nfsservctl,
    // Placement of memory.
    libc::SYS_mbind,
    libc::SYS_set_mempolicy,
    libc::SYS_set_mempolicy_home_node,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
];

#[cfg(target_arch = "x86_64")]
const DENIED_HERE: &[i64] = &[
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_uselib,
    libc::SYS_ustat,
    libc::SYS_sysfs,
    libc::SYS__sysctl,
];
#[cfg(not(target_arch = "x86_64"))]
const DENIED_HERE: &[i64] = &[];

/// The programs to load, each as the bytes that `bwrap --add-seccomp-fd` reads.
pub fn programs() -> Result<Vec<Vec<u8>>, seccompiler::BackendError> {
    let refused = compile(refused()?, libc::EPERM)?;
    let absent = compile([(libc::SYS_clone3, Vec::new())].into(), libc::ENOSYS)?;
    Ok([refused, absent, absent_numbers()].iter().map(bytes).collect())
}

fn compile(rules: Rules, errno: i32) -> Result<BpfProgram, seccompiler::BackendError> {
    let refuse = SeccompAction::Errno(errno.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch())?.try_into()
}

const fn arch() -> TargetArch {
    #[cfg(target_arch = "x86_64")]
    return TargetArch::x86_64;
    #[cfg(target_arch = "aarch64")]
    return TargetArch::aarch64;
}

fn refused() -> Result<Rules, seccompiler::BackendError> {
    let mut rules: Rules = DENIED.iter().chain(DENIED_HERE).map(|number| (*number, Vec::new())).collect();
    let namespaces = NEW_NAMESPACE.map(|flag| {
        let flag = u64::from(flag.unsigned_abs());
        only(Condition::new(0, Len::Qword, Op::MaskedEq(flag), flag))
    });
    rules.insert(libc::SYS_clone, namespaces.into_iter().collect::<Result<_, _>>()?);
    let ioctls = FORBIDDEN_IOCTLS.map(|request| only(Condition::new(1, Len::Dword, Op::Eq, request)));
    rules.insert(libc::SYS_ioctl, ioctls.into_iter().collect::<Result<_, _>>()?);
    rules.insert(libc::SYS_socket, sockets()?);
    Ok(rules)
}

fn only(
    condition: Result<Condition, seccompiler::BackendError>,
) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![condition?])
}

/// Refused: every family but four, and of netlink everything but routes.
fn sockets() -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let number = |value: i32| u64::from(value.unsigned_abs());
    let others = FAMILIES.iter().map(|family| Condition::new(0, Len::Dword, Op::Ne, number(*family)));
    let others = SeccompRule::new(others.collect::<Result<_, _>>()?)?;
    let netlink = SeccompRule::new(vec![
        Condition::new(0, Len::Dword, Op::Eq, number(libc::AF_NETLINK))?,
        Condition::new(2, Len::Dword, Op::Ne, number(libc::NETLINK_ROUTE))?,
    ])?;
    Ok(vec![others, netlink])
}

/// Numbers above those judged do not exist. On x86-64 that also shuts the x32 calls, which have other numbers for
/// what the list denies. A comparison of ranges is what seccompiler has no rule for.
fn absent_numbers() -> BpfProgram {
    let statement = |code: u32, jt, jf, k| sock_filter { code: code as u16, jt, jf, k };
    vec![
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        statement(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 0, 1, UNJUDGED),
        statement(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs()),
        statement(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ]
}

/// As `struct sock_filter[]` lies in memory.
fn bytes(program: &BpfProgram) -> Vec<u8> {
    let instruction = |i: &sock_filter| {
        let [c0, c1] = i.code.to_ne_bytes();
        let [k0, k1, k2, k3] = i.k.to_ne_bytes();
        [c0, c1, i.jt, i.jf, k0, k1, k2, k3]
    };
    program.iter().flat_map(instruction).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_compile_and_fit_the_kernel() {
        let programs = programs().expect("the lists compile");
        assert_eq!(programs.len(), 3);
        for program in programs {
            assert_eq!(program.len() % 8, 0);
            assert!(program.len() / 8 < 4096, "BPF_MAXINSNS");
        }
    }
}
