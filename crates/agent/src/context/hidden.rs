//! The ports that kernels listen on for the agent: not among those a person is shown.

use std::collections::HashSet;
use std::sync::Arc;

use jupyter_protocol::{ConnectionInfo, Transport};
use parking_lot::Mutex;

/// The set of them, shared by all kernels.
#[derive(Debug, Clone, Default)]
pub struct HiddenPorts(Arc<Mutex<HashSet<u16>>>);

/// Hides the ports of one kernel as long as it is held.
#[derive(Debug)]
pub struct Hidden {
    all: HiddenPorts,
    own: Vec<u16>,
}

impl HiddenPorts {
    pub fn contains(&self, port: u16) -> bool {
        self.0.lock().contains(&port)
    }

    pub fn add(&self, info: &ConnectionInfo) -> Hidden {
        let ports = [info.shell_port, info.iopub_port, info.stdin_port, info.control_port, info.hb_port];
        let own = if info.transport == Transport::TCP { ports.to_vec() } else { Vec::new() };
        self.0.lock().extend(&own);
        Hidden { all: self.clone(), own }
    }
}

impl Hidden {
    /// Hides `ports` too.
    pub fn extend(&mut self, ports: &[u16]) {
        self.all.0.lock().extend(ports);
        self.own.extend_from_slice(ports);
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let mut all = self.all.0.lock();
        all.retain(|port| !self.own.contains(port));
    }
}
