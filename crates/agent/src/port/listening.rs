//! TCP sockets that wait for connections, and whose they are. Read from `/proc`; nothing is kept.

use std::collections::HashMap;
use std::net::IpAddr;

use procfs::net::{TcpNetEntry, TcpState};
use procfs::process::{FDTarget, Process, all_processes};
use sandpit_api::port::ListeningPort;

/// The longest command line that is told, bytes.
const COMMAND: usize = 512;

/// One listening socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket {
    pub port: u16,
    pub address: IpAddr,
    pub inode: u64,
}

/// Every listening TCP socket of this network namespace.
pub fn sockets() -> Vec<Socket> {
    let entries = [procfs::net::tcp(), procfs::net::tcp6()].into_iter().flatten().flatten();
    entries.filter(|entry| entry.state == TcpState::Listen).map(|entry| socket(&entry)).collect()
}

/// The ports that process `pid` listens on itself.
pub fn ports_of(pid: i32) -> Vec<u16> {
    let descriptors = Process::new(pid).and_then(|process| process.fd());
    let inodes: Vec<u64> = descriptors
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|descriptor| match descriptor.target {
            FDTarget::Socket(inode) => Some(inode),
            _ => None,
        })
        .collect();
    sockets().iter().filter(|socket| inodes.contains(&socket.inode)).map(|socket| socket.port).collect()
}

/// Whether the kernel tells of sockets at all.
pub fn is_readable() -> bool {
    procfs::net::tcp().is_ok()
}

fn socket(entry: &TcpNetEntry) -> Socket {
    let address = entry.local_address;
    Socket { port: address.port(), address: address.ip(), inode: entry.inode }
}

/// The owners of sockets that were seen before, as far as they could be found: looking for them is the
/// dear part. One that was not found is looked for again: its process may have been between two states.
#[derive(Default)]
pub struct Owners(HashMap<u64, Owner>);

#[derive(Debug, Clone)]
struct Owner {
    pid: i32,
    process: String,
    command: String,
}

impl Owners {
    /// One line for each port that is not `hidden`, sorted. The agent's own are left out.
    pub fn ports(&mut self, hidden: impl Fn(u16) -> bool) -> Vec<ListeningPort> {
        let sockets: Vec<Socket> = sockets().into_iter().filter(|socket| !hidden(socket.port)).collect();
        self.0.retain(|inode, _| sockets.iter().any(|socket| socket.inode == *inode));
        if sockets.iter().any(|socket| !self.0.contains_key(&socket.inode)) {
            self.find(&sockets);
        }
        let own = std::process::id() as i32;
        let mut ports: HashMap<u16, ListeningPort> = HashMap::new();
        for socket in sockets {
            let owner = self.0.get(&socket.inode);
            if owner.is_some_and(|owner| owner.pid == own) {
                continue;
            }
            let line = line(socket, owner);
            // Of several addresses the widest is told: it is what others can reach.
            let wider = |known: &ListeningPort| !is_wide(&known.address) && socket.address.is_unspecified();
            if ports.get(&socket.port).is_none_or(wider) {
                ports.insert(socket.port, line);
            }
        }
        let mut ports: Vec<_> = ports.into_values().collect();
        ports.sort_by_key(|port| port.port);
        ports
    }

    fn find(&mut self, sockets: &[Socket]) {
        for process in all_processes().into_iter().flatten().flatten() {
            let Ok(descriptors) = process.fd() else { continue };
            for descriptor in descriptors.flatten() {
                if let FDTarget::Socket(inode) = descriptor.target
                    && sockets.iter().any(|socket| socket.inode == inode)
                {
                    // A socket that a child inherited belongs to who had it first.
                    self.0.entry(inode).or_insert_with(|| owner(&process));
                }
            }
        }
    }
}

fn is_wide(address: &str) -> bool {
    matches!(address, "0.0.0.0" | "::")
}

fn owner(process: &Process) -> Owner {
    let mut command = process.cmdline().unwrap_or_default().join(" ");
    if let Some((cut, _)) = command.char_indices().nth(COMMAND) {
        command.truncate(cut);
    }
    Owner { pid: process.pid(), process: process.stat().map(|stat| stat.comm).unwrap_or_default(), command }
}

fn line(socket: Socket, owner: Option<&Owner>) -> ListeningPort {
    ListeningPort {
        port: socket.port,
        address: socket.address.to_string(),
        pid: owner.and_then(|owner| u32::try_from(owner.pid).ok()),
        process: owner.map(|owner| owner.process.clone()),
        command: owner.map(|owner| owner.command.clone()).filter(|command| !command.is_empty()),
    }
}
