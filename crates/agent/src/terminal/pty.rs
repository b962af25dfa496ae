//! One run of a program under a PTY: its bytes go into a feed, input and sizes come from viewers.
//! It knows no viewer and no wire format.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    os::unix::process::ExitStatusExt,
    process::ExitStatus,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use pty_process::{OwnedReadPty, OwnedWritePty, Size};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Child,
    sync::mpsc,
};
use xterm_rs_bridge::{Feed, Gate};

use crate::{reap, session::Place};

/// Input that may wait for a program that does not read, bytes.
const INPUT_LIMIT: usize = 4 << 20;
/// The most pieces of it that wait: keys come one by one.
const INPUT_PIECES: usize = 4096;
/// How much output of other processes is still read once the program itself has ended, bytes.
const TAIL_LIMIT: usize = 1 << 20;
/// How long a program has to end after it was hung up.
const HANGUP_GRACE: Duration = Duration::from_secs(1);

/// What to run, and where.
pub struct Program {
    pub argv: Vec<String>,
    pub place: Place,
    pub cols: u16,
    pub rows: u16,
}

/// A running program's controls.
#[derive(Debug)]
pub struct Run {
    pub pid: u32,
    master: OwnedFd,
    input: mpsc::Sender<Bytes>,
    waiting: Arc<AtomicUsize>,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The exit code, or 128 and the signal's number.
    pub code: i32,
    pub signal: Option<String>,
}

/// A program's side of things, to be driven by [`Output::pump`].
pub struct Output {
    child: Child,
    master: OwnedFd,
    reader: OwnedReadPty,
}

/// Starts `program` under a new PTY.
///
/// # Errors
/// When there is no PTY, or the program cannot be started.
pub fn start(program: &Program) -> pty_process::Result<(Run, Output)> {
    let (pty, pts) = pty_process::open()?;
    pty.resize(Size::new(program.rows, program.cols))?;
    let mut command = pty_process::Command::new(&program.argv[0])
        .args(&program.argv[1..])
        .env_clear()
        .envs(&program.place.env)
        .current_dir(&program.place.cwd);
    let child = reap::own(|| command.spawn_borrowed(&pts))?;
    drop(pts);
    let (master, again) = (pty.as_fd().try_clone_to_owned()?, pty.as_fd().try_clone_to_owned()?);
    let (reader, writer) = pty.into_split();
    let (input, queue) = mpsc::channel(INPUT_PIECES);
    let waiting = Arc::new(AtomicUsize::new(0));
    tokio::spawn(feed_input(writer, queue, waiting.clone()));
    let pid = child.id().unwrap_or_default();
    Ok((Run { pid, master, input, waiting }, Output { child, master: again, reader }))
}

/// Writes input as the program takes it. Its queue is bounded in pieces, and by [`Run::write`] in bytes.
async fn feed_input(mut pty: OwnedWritePty, mut queue: mpsc::Receiver<Bytes>, waiting: Arc<AtomicUsize>) {
    while let Some(bytes) = queue.recv().await {
        let written = pty.write_all(&bytes).await;
        waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
        if written.is_err() {
            return;
        }
    }
}

impl Run {
    /// Queues input for the program; `false` when it has too much unread already, or has ended.
    pub fn write(&self, bytes: Bytes) -> bool {
        let length = bytes.len();
        if self.waiting.fetch_add(length, Ordering::Relaxed) + length > INPUT_LIMIT
            || self.input.try_send(bytes).is_err()
        {
            self.waiting.fetch_sub(length, Ordering::Relaxed);
            return false;
        }
        true
    }

    /// Whether all input has gone into the PTY.
    pub fn has_written(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) == 0
    }

    /// Tells the program its new size.
    ///
    /// # Errors
    /// When the PTY is gone.
    pub fn resize(&self, cols: u16, rows: u16) -> io::Result<()> {
        let size = Winsize { ws_row: rows, ws_col: cols, ws_xpixel: 0, ws_ypixel: 0 };
        Ok(tcsetwinsize(&self.master, size)?)
    }

    /// Hangs up: the program is told, and killed if it stays.
    pub fn hang_up(&self) {
        let Some(pid) = Pid::from_raw(self.pid as i32) else { return };
        let born = reap::entry(self.pid as i32).map(|entry| entry.start);
        // An ended program needs no signal.
        let _ = kill_process(pid, Signal::HUP);
        let _ = kill_process(pid, Signal::CONT);
        tokio::spawn(async move {
            tokio::time::sleep(HANGUP_GRACE).await;
            let now = reap::entry(pid.as_raw_nonzero().get()).filter(|entry| !entry.ended);
            if now.is_some() && now.map(|entry| entry.start) == born {
                let _ = kill_process(pid, Signal::KILL);
            }
        });
    }
}

impl Output {
    /// Reads the PTY into `feed` while `gate` allows it, until the program ends.
    pub async fn pump(mut self, feed: &Feed, gate: &Gate) -> End {
        let mut buffer = vec![0; 16 << 10];
        let status = loop {
            let read = async {
                gate.opened(feed.end()).await;
                self.reader.read(&mut buffer).await
            };
            tokio::select! {
                biased;
                read = read => match read {
                    Ok(count) if count > 0 => feed.push(&buffer[..count]),
                    // The last process that held the terminal has closed it.
                    _ => break self.child.wait().await,
                },
                status = self.child.wait() => break status,
            }
        };
        self.drain(feed, &mut buffer);
        status.map_or(End { code: -1, signal: None }, end)
    }

    /// Reads what the program had written when it ended.
    fn drain(&self, feed: &Feed, buffer: &mut [u8]) {
        let mut total = 0;
        while total < TAIL_LIMIT {
            match rustix::io::read(&self.master, &mut *buffer) {
                Ok(count) if count > 0 => feed.push(&buffer[..count]),
                _ => return,
            }
            total += buffer.len();
        }
    }
}

/// How a process ended, as a shell tells it.
pub fn end(status: ExitStatus) -> End {
    match status.signal() {
        Some(signal) => End { code: 128 + signal, signal: Some(reap::signal_name(signal)) },
        None => End { code: status.code().unwrap_or(-1), signal: None },
    }
}
