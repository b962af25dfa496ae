//! One background process: its bash, its two logs, and how it ended.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use rustix::process::Signal;
use sandpit_api::process::{Process as Record, ProcessStatus};
use tokio::{process::Child, sync::watch};
use xterm_rs_bridge::Feed;

use crate::{
    exec::{Pipe, code_of},
    reap::{self, Tree},
    server::reply,
    session::{Place, bash},
};

/// How much of each stream is kept, bytes.
const LOG: usize = 1 << 20;
/// In the environment of a process and of all it starts: its id.
const MARK: &str = "SANDPIT_PROCESS";
/// How long a process has to end by itself when its time is over.
const GRACE: Duration = Duration::from_secs(1);

/// A background process, running or ended.
pub struct Process {
    pub id: String,
    pub command: String,
    session_id: String,
    start_time: String,
    pub stdout: Feed,
    pub stderr: Feed,
    state: watch::Sender<State>,
}

/// What changes in the life of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub status: ProcessStatus,
    pub pid: Option<u32>,
    pub exit_code: Option<i32>,
    end_time: Option<String>,
}

impl Process {
    pub fn new(id: String, command: String, session_id: String) -> Arc<Self> {
        let state = State { status: ProcessStatus::Starting, pid: None, exit_code: None, end_time: None };
        Arc::new(Self {
            id,
            command,
            session_id,
            start_time: reply::now(),
            stdout: Feed::new(LOG),
            stderr: Feed::new(LOG),
            state: watch::Sender::new(state),
        })
    }

    /// Starts it at `place`; `ended` is called with its exit code.
    ///
    /// # Errors
    /// When the system cannot start it.
    pub fn start(
        self: &Arc<Self>,
        place: &Place,
        timeout: Option<Duration>,
        ended: impl FnOnce(i32) + Send + 'static,
    ) -> io::Result<()> {
        let (out, out_end) = Pipe::for_child()?;
        let (err, err_end) = Pipe::for_child()?;
        let mut command = bash(place);
        command.env(MARK, &self.id).args(["-c", &self.command]).stdout(out_end).stderr(err_end);
        let child = reap::own(|| command.spawn())?;
        let pid = child.id();
        self.state.send_modify(|state| (state.status, state.pid) = (ProcessStatus::Running, pid));
        let process = self.clone();
        tokio::spawn(async move { ended(process.follow(child, out, err, timeout).await) });
        Ok(())
    }

    /// Reads its output until it ends; gives its exit code.
    async fn follow(&self, mut child: Child, out: Pipe, err: Pipe, timeout: Option<Duration>) -> i32 {
        let output = async {
            tokio::join!(copy(&out, &self.stdout), copy(&err, &self.stderr));
            std::future::pending::<()>().await
        };
        let expiry = async {
            match timeout {
                Some(time) => tokio::time::sleep(time).await,
                None => std::future::pending().await,
            }
            self.end(GRACE).await;
            std::future::pending::<()>().await
        };
        let status = tokio::select! {
            status = child.wait() => status,
            () = output => child.wait().await,
            () = expiry => child.wait().await,
        };
        self.stdout.push(&out.finish().unwrap_or_default());
        self.stderr.push(&err.finish().unwrap_or_default());
        let code = status.map_or(-1, code_of);
        self.state.send_modify(|state| {
            state.status = status_of(code);
            state.exit_code = Some(code);
            state.end_time = Some(reply::now());
        });
        code
    }

    /// What the wire says of it.
    pub fn record(&self) -> Record {
        let state = self.state.borrow().clone();
        Record {
            id: self.id.clone(),
            pid: state.pid,
            command: self.command.clone(),
            status: state.status,
            start_time: self.start_time.clone(),
            end_time: state.end_time,
            exit_code: state.exit_code,
            session_id: Some(self.session_id.clone()),
        }
    }

    /// Its state, to look at and to wait on.
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub fn is_running(&self) -> bool {
        self.state.borrow().exit_code.is_none()
    }

    /// How much of its output is kept, bytes.
    pub fn kept_bytes(&self) -> u64 {
        let kept = |feed: &Feed| feed.end() - feed.start();
        kept(&self.stdout) + kept(&self.stderr)
    }

    /// Itself and all that belongs to it, while it runs: later its pid may be another's.
    fn tree(&self) -> Option<Tree> {
        let pid = self.state.borrow().pid.filter(|_| self.is_running())?;
        Some(Tree::of(pid as i32).marked(format!("{MARK}={}", self.id)))
    }

    /// Sends `signal` to all of it.
    pub fn signal(&self, signal: Signal) {
        if let Some(tree) = self.tree() {
            tree.signal(signal);
        }
    }

    /// Ends all of it: asks, waits up to `grace`, then kills. Returns when its end is recorded.
    pub async fn end(&self, grace: Duration) {
        let Some(tree) = self.tree() else { return };
        if grace.is_zero() {
            tree.kill().await
        } else {
            tree.end(grace).await
        }
        let recorded = async { self.state().wait_for(|state| state.exit_code.is_some()).await.is_ok() };
        // One that cannot be killed (it waits in the kernel) must not hold up who asked.
        let _ = tokio::time::timeout(GRACE, recorded).await;
    }
}

async fn copy(pipe: &Pipe, feed: &Feed) {
    while let Ok(Some(bytes)) = pipe.next().await {
        let bytes: Bytes = bytes;
        feed.push(&bytes);
    }
}

/// TERM and KILL count as killed (reference §5).
fn status_of(code: i32) -> ProcessStatus {
    match code {
        0 => ProcessStatus::Completed,
        137 | 143 => ProcessStatus::Killed,
        _ => ProcessStatus::Failed,
    }
}
