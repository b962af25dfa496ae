//! One background process: its bash, its log, its input, and how it ended.

use std::{io, process::Stdio, sync::Arc, time::Duration};

use rustix::process::Signal;
use sandpit_api::process::{Process as Record, ProcessStatus};
use tokio::{process::Child, sync::watch};

use super::{input::Input, log::Log};
use crate::{
    exec::{Pipe, Source, Text, code_of, unfinished},
    reap::{self, Tree},
    server::reply,
    session::{Place, bash},
};

/// In the environment of a process and of all it starts: its id.
pub const MARK: &str = "SANDPIT_PROCESS";
/// How long a process has to end by itself when its time is over.
const GRACE: Duration = Duration::from_secs(1);
/// How long the rest of a character is waited for before the other stream may come between.
const CHARACTER: Duration = Duration::from_millis(100);

/// A background process, running or ended.
pub struct Process {
    pub id: String,
    pub command: String,
    session_id: Option<String>,
    start_time: String,
    /// How its output is told unless a request says otherwise.
    pub text: Text,
    pub log: Log,
    pub input: Input,
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
    /// One that is to be started. `session_id`: whose environment it has, if any's.
    pub fn new(id: String, command: String, session_id: Option<String>, text: Text) -> Arc<Self> {
        let state = State { status: ProcessStatus::Starting, pid: None, exit_code: None, end_time: None };
        Arc::new(Self {
            id,
            command,
            session_id,
            start_time: reply::now(),
            text,
            log: Log::new(),
            input: Input::default(),
            state: watch::Sender::new(state),
        })
    }

    /// Starts it at `place`, with a pipe as its input or with none; `ended` is called with its exit code.
    ///
    /// # Errors
    /// When the system cannot start it.
    pub fn start(
        self: &Arc<Self>,
        place: &Place,
        with_input: bool,
        timeout: Option<Duration>,
        ended: impl FnOnce(i32) + Send + 'static,
    ) -> io::Result<()> {
        let (out, out_end) = Pipe::for_child()?;
        let (err, err_end) = Pipe::for_child()?;
        let mut command = bash(place);
        command.env(MARK, &self.id).args(["-c", &self.command]).stdout(out_end).stderr(err_end);
        if with_input {
            command.stdin(Stdio::piped());
        }
        let mut child = reap::own(|| command.spawn())?;
        self.input.open(child.stdin.take());
        let pid = child.id();
        self.state.send_modify(|state| (state.status, state.pid) = (ProcessStatus::Running, pid));
        let process = self.clone();
        tokio::spawn(async move { ended(process.follow(child, out, err, timeout).await) });
        Ok(())
    }

    /// Reads its output until it ends; gives its exit code.
    async fn follow(&self, mut child: Child, out: Pipe, err: Pipe, timeout: Option<Duration>) -> i32 {
        let output = async {
            copy(&out, &err, &self.log).await;
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
        self.log.push(Source::Stdout, &out.finish().unwrap_or_default());
        self.log.push(Source::Stderr, &err.finish().unwrap_or_default());
        let code = status.map_or(-1, code_of);
        self.state.send_modify(|state| {
            state.status = status_of(code);
            state.exit_code = Some(code);
            state.end_time = Some(reply::now());
        });
        self.input.close().await;
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
            session_id: self.session_id.clone(),
        }
    }

    /// Its state, to look at and to wait on.
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub fn is_running(&self) -> bool {
        self.state.borrow().exit_code.is_none()
    }

    /// Waits until it has ended; gives its exit code.
    pub async fn ended(&self) -> i32 {
        let mut state = self.state();
        let ended = state.wait_for(|state| state.exit_code.is_some()).await;
        // The sender lives as long as `self`, so waiting does not fail.
        ended.ok().and_then(|state| state.exit_code).unwrap_or(-1)
    }

    /// How much of its output is kept, bytes.
    pub fn kept_bytes(&self) -> u64 {
        self.log.end() - self.log.start()
    }

    /// Itself and all that belongs to it. Once it has ended its pid may be another's, so then only
    /// what carries its mark: what it left behind.
    fn tree(&self) -> Tree {
        let mark = format!("{MARK}={}", self.id);
        match self.state.borrow().pid.filter(|_| self.is_running()) {
            Some(pid) => Tree::of(pid as i32).marked(mark),
            None => Tree::of_mark(mark),
        }
    }

    /// Sends `signal` to all of it.
    pub fn signal(&self, signal: Signal) {
        self.tree().signal(signal);
    }

    /// Ends all of it: asks, waits up to `grace`, then kills. Returns when its end is recorded.
    pub async fn end(&self, grace: Duration) {
        let tree = self.tree();
        if grace.is_zero() {
            tree.kill().await
        } else {
            tree.end(grace).await
        }
        // One that cannot be killed (it waits in the kernel) must not hold up who asked.
        let _ = tokio::time::timeout(GRACE, self.ended()).await;
    }
}

/// Reads both streams to their ends, by turns when both have something. While one has begun a
/// character the other is left waiting for a moment, so that nothing comes between its bytes.
async fn copy(out: &Pipe, err: &Pipe, log: &Log) {
    let (mut first, mut second) = ((Source::Stdout, out, true), (Source::Stderr, err, true));
    let mut begun: Option<(Source, Vec<u8>)> = None;
    while first.2 || second.2 {
        let held = begun.as_ref().map(|(source, _)| *source);
        let read = tokio::select! {
            biased;
            read = first.1.next(), if first.2 && held != Some(second.0) => read,
            read = second.1.next(), if second.2 && held != Some(first.0) => {
                std::mem::swap(&mut first, &mut second);
                read
            }
            () = tokio::time::sleep(CHARACTER), if held.is_some() => {
                begun = None;
                continue;
            }
        };
        let before = begun.take().map(|(_, bytes)| bytes).unwrap_or_default();
        match read {
            Ok(Some(bytes)) => {
                log.push(first.0, &bytes);
                begun = beginning(before, &bytes).map(|beginning| (first.0, beginning));
            }
            Ok(None) | Err(_) => first.2 = false,
        }
        std::mem::swap(&mut first, &mut second);
    }
}

/// The bytes of a character that has begun when `new` has come after those of `before`.
fn beginning(mut before: Vec<u8>, new: &[u8]) -> Option<Vec<u8>> {
    before.extend_from_slice(&new[new.len().saturating_sub(3)..]);
    let begun = before.split_off(before.len() - unfinished(&before));
    (!begun.is_empty()).then_some(begun)
}

/// TERM and KILL count as killed (reference §5).
fn status_of(code: i32) -> ProcessStatus {
    match code {
        0 => ProcessStatus::Completed,
        137 | 143 => ProcessStatus::Killed,
        _ => ProcessStatus::Failed,
    }
}
