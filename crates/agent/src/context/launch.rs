//! Starting a kernel: its process, its connection file, and the first word with it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use jupyter_protocol::{ConnectionInfo, Transport};
use jupyter_zmq_client::peek_ports_with_listeners;
use sandpit_api::{ApiError, ErrorCode};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::{sleep, timeout};

use super::hidden::HiddenPorts;
use super::kernel::{Connected, Kernel, Process};
use super::spec::{Env, Spec, program_of};
use crate::port::listening;
use crate::reap;

/// A kernel that has not answered by then is given up (reference §4).
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a starting kernel's sockets are looked for.
const LOOK: Duration = Duration::from_millis(4);
/// How much of what a kernel writes to its standard error is kept, bytes.
const LAST_WORDS: usize = 4096;

/// What a kernel is started with.
#[derive(Debug, Clone)]
pub struct Launch {
    pub spec: Spec,
    pub cwd: PathBuf,
    /// The whole environment, the context's own variables included.
    pub env: Env,
    /// Where its private folder is made.
    pub runtime_dir: PathBuf,
    pub hidden: HiddenPorts,
}

impl Launch {
    /// Starts the kernel and waits until it answers.
    pub async fn start(&self) -> Result<Kernel, ApiError> {
        let dir = private_folder(&self.runtime_dir).map_err(|error| self.failed(&error.to_string()))?;
        let (info, listeners) = self.connection(dir.path()).await?;
        let file = dir.path().join("connection.json");
        let text = serde_json::to_vec(&info).map_err(|error| self.failed(&error.to_string()))?;
        std::fs::write(&file, text).map_err(|error| self.failed(&error.to_string()))?;
        let mut child = self.spawn(&file).map_err(|error| self.failed(&error.to_string()))?;
        // The ports stay reserved until somebody exists who can take them.
        drop(listeners);
        let words = LastWords::follow(child.stderr.take());
        let hidden = self.hidden.add(&info);
        let mut process = Process::new(child, dir, hidden);
        let connected = tokio::select! {
            connected = timeout(PATIENCE, connect(&info)) => match connected {
                Ok(connected) => connected.map_err(|error| self.failed(&error.to_string()))?,
                Err(_) => return Err(self.not_ready()),
            },
            status = process.ended() => {
                let words = words.text().await;
                return Err(self.failed(&format!("it ended while starting ({status}). {words}")));
            }
        };
        process.hide_ports();
        Ok(Kernel::new(process, connected))
    }

    async fn connection(
        &self,
        dir: &Path,
    ) -> Result<(ConnectionInfo, Vec<tokio::net::TcpListener>), ApiError> {
        let key = format!("{:032x}", rand::random::<u128>());
        if self.spec.speaks_ipc() {
            let ip = dir.join("s").to_string_lossy().into_owned();
            return Ok((connection_info(Transport::IPC, ip, [1, 2, 3, 4, 5], key), Vec::new()));
        }
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let (ports, listeners) =
            peek_ports_with_listeners(address, 5).await.map_err(|error| self.failed(&error.to_string()))?;
        let ports = [ports[0], ports[1], ports[2], ports[3], ports[4]];
        Ok((connection_info(Transport::TCP, address.to_string(), ports, key), listeners))
    }

    fn spawn(&self, connection_file: &Path) -> std::io::Result<Child> {
        let program = self.spec.argv.first().map(String::as_str).unwrap_or_default();
        let path = program_of(program, &self.env).unwrap_or_else(|| program.into());
        let mut command = Command::new(path);
        for arg in &self.spec.argv[1..] {
            command.arg(arg.replace("{connection_file}", &connection_file.to_string_lossy()));
        }
        command.env_clear().envs(&self.env).envs(self.spec.env.iter().map(|(name, value)| (name, value)));
        command.current_dir(&self.cwd).process_group(0).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        reap::own(|| command.spawn())
    }

    fn failed(&self, reason: &str) -> ApiError {
        let name = &self.spec.display_name;
        ApiError::new(ErrorCode::CodeExecutionError, format!("{name} could not be started: {reason}"))
            .with("kernel", self.spec.name.as_str())
            .during("context.create")
    }

    fn not_ready(&self) -> ApiError {
        let name = &self.spec.display_name;
        ApiError::new(ErrorCode::InterpreterNotReady, format!("{name} did not answer within 60 s"))
            .with("kernel", self.spec.name.as_str())
            .with("retryAfter", 5)
            .during("context.create")
    }
}

fn private_folder(runtime_dir: &Path) -> std::io::Result<TempDir> {
    std::fs::create_dir_all(runtime_dir)?;
    // Names are short: a Unix socket's path has at most 107 bytes. A `TempDir` has mode 0700.
    tempfile::Builder::new().prefix("k").rand_bytes(4).tempdir_in(runtime_dir)
}

fn connection_info(transport: Transport, ip: String, ports: [u16; 5], key: String) -> ConnectionInfo {
    let [shell_port, iopub_port, stdin_port, control_port, hb_port] = ports;
    let signature_scheme = "hmac-sha256".to_owned();
    let kernel_name = None;
    ConnectionInfo {
        ip,
        transport,
        shell_port,
        iopub_port,
        stdin_port,
        control_port,
        hb_port,
        key,
        signature_scheme,
        kernel_name,
    }
}

async fn connect(info: &ConnectionInfo) -> jupyter_zmq_client::Result<Connected> {
    // Connecting too early costs the client's own, longer back-off.
    while !is_bound(info) {
        sleep(LOOK).await;
    }
    Connected::new(info).await
}

/// Whether the kernel's sockets can be connected to, seen from outside: a probing connection would
/// be taken for a broken client.
fn is_bound(info: &ConnectionInfo) -> bool {
    let ports = [info.shell_port, info.iopub_port, info.stdin_port, info.control_port];
    match info.transport {
        Transport::IPC => ports.iter().all(|port| Path::new(&format!("{}-{port}", info.ip)).exists()),
        Transport::TCP => {
            let bound: Vec<u16> = listening::sockets().iter().map(|socket| socket.port).collect();
            // Where `/proc` tells nothing, the client's own patience has to do.
            bound.is_empty() && !listening::is_readable() || ports.iter().all(|port| bound.contains(port))
        }
    }
}

/// The end of what a process wrote to its standard error, read so that it never blocks on it.
struct LastWords(tokio::task::JoinHandle<Vec<u8>>);

impl LastWords {
    fn follow(stderr: Option<ChildStderr>) -> Self {
        Self(tokio::spawn(async move {
            let mut kept = Vec::new();
            let mut buffer = vec![0; LAST_WORDS];
            let Some(mut stderr) = stderr else {
                return kept;
            };
            while let Ok(length @ 1..) = stderr.read(&mut buffer).await {
                kept.extend_from_slice(&buffer[..length]);
                kept.drain(..kept.len().saturating_sub(LAST_WORDS));
            }
            kept
        }))
    }

    async fn text(self) -> String {
        let bytes = timeout(Duration::from_secs(1), self.0).await;
        let bytes = bytes.ok().and_then(Result::ok).unwrap_or_default();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }
}
