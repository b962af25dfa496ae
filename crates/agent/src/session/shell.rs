//! One bash that runs the commands of a session, one at a time. It knows no request and no queue.
//!
//! Its standard input carries one short line for each command; named pipes, new for each command,
//! carry the output; another one tells that a command has ended, and what the shell's directory
//! and environment are then. Nothing is polled, and output is passed on as it is written.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::{
    io::AsyncWriteExt,
    process::{Child, ChildStdin, Command},
    sync::mpsc,
};

use super::{
    ear::{Ear, Told, What},
    place::{EnvChange, Place},
    script,
    shared::{Change, Member},
};
use crate::{
    exec::{Chunk, Pipe, Source, pass_on},
    reap::{self, Moment, Tree},
};

/// In the environment of a session's commands: the session's id, for people.
const SESSION: &str = "SANDPIT_SESSION";
/// In the environment of a shell's commands: which shell it is, to find what they leave behind.
const MARK: &str = "SANDPIT_SHELL";
/// Both.
pub const MARKS: &[&str] = &[SESSION, MARK];

/// How long a command that is stopped has to end by itself.
pub const GRACE: Duration = Duration::from_millis(250);

/// One command for a shell.
#[derive(Debug, Default)]
pub struct Task {
    pub command: String,
    pub env: Option<EnvChange>,
    pub cwd: Option<String>,
    pub stdin: Option<Vec<u8>>,
}

/// How a command ended.
#[derive(Debug)]
pub enum Ended {
    /// With this code, leaving the shell there.
    Done { code: i32, place: Place },
    /// The shell itself ended.
    Exited(ExitStatus),
    /// It was stopped, and the shell with it.
    Stopped,
}

/// A running bash. Killed, with all its commands, when dropped.
#[derive(Debug)]
pub struct Shell {
    child: Child,
    pid: i32,
    mark: String,
    stdin: ChildStdin,
    ear: Ear,
    count: u64,
    folder: TempDir,
    /// Its view of what the session shares.
    pub member: Member,
    /// It has told its last.
    ending: bool,
}

impl Shell {
    /// A bash of session `id` where `member` is, with its files in `parent`.
    ///
    /// # Errors
    /// When there is no bash, or its pipes cannot be made.
    pub fn start(member: Member, id: &str, parent: &Path) -> io::Result<Self> {
        // A command may have emptied the temporary folder.
        fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        let folder = tempfile::Builder::new().prefix("shell-").tempdir_in(parent)?;
        fs::write(folder.path().join("end"), script::end(folder.path()))?;
        let ear = Ear::at(folder.path().join("told"))?;
        let mut command = bash(member.place());
        command.args(["--noprofile", "--norc"]).stdin(Stdio::piped());
        // Told apart by what no other shell has: the name of its folder.
        let mark = folder.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        command.env(SESSION, id).env(MARK, &mark);
        let mut child = reap::own(|| command.spawn())?;
        let stdin = child.stdin.take().ok_or_else(|| io::Error::other("a shell without input"))?;
        let pid = child.id().unwrap_or_default() as i32;
        let mark = format!("{MARK}={mark}");
        Ok(Self { child, pid, mark, stdin, ear, count: 0, folder, member, ending: false })
    }

    /// Whether it can take a command.
    pub fn is_alive(&mut self) -> bool {
        !self.ending && matches!(self.child.try_wait(), Ok(None)) && self.folder.path().is_dir()
    }

    /// Makes `change`, and runs one command: its output goes to `output` as it comes, until it ends or
    /// `stop` is ready. Also gives what was written last, to be sent after the shell is free again.
    ///
    /// # Errors
    /// When the shell cannot be told of the command; it is of no more use then.
    pub async fn run(
        &mut self,
        change: &Change,
        task: &Task,
        output: &mpsc::Sender<Chunk>,
        stop: impl Future<Output = ()>,
    ) -> io::Result<(Ended, Vec<Chunk>)> {
        self.count += 1;
        let since = Moment::now();
        let (out, err) = (self.pipe("out")?, self.pipe("err")?);
        self.tell(change, task).await?;
        let ended = tokio::select! {
            told = hear(&mut self.ear, self.count) => self.ended(told?).await?,
            status = self.child.wait() => self.exited(status?),
            never = pass_on(&out, &err, output) => match never {},
            () = stop => Ended::Stopped,
        };
        if matches!(ended, Ended::Stopped) {
            self.stop(since).await;
        }
        self.forget_files();
        Ok((
            ended,
            vec![Chunk::new(Source::Stdout, out.finish()?), Chunk::new(Source::Stderr, err.finish()?)],
        ))
    }

    fn file(&self, end: &str) -> std::path::PathBuf {
        self.folder.path().join(format!("{}.{end}", self.count))
    }

    fn pipe(&self, end: &str) -> io::Result<Pipe> {
        Pipe::named(self.file(end))
    }

    async fn tell(&mut self, change: &Change, task: &Task) -> io::Result<()> {
        let prelude = script::prelude(task.env.as_ref(), task.cwd.as_deref());
        let script = [&script::lasting(change), &prelude, b"\0".as_slice(), task.command.as_bytes(), b"\0"];
        fs::write(self.file("sh"), script.concat())?;
        let stdin = match &task.stdin {
            Some(bytes) => {
                tokio::fs::write(self.file("in"), bytes).await?;
                self.file("in")
            }
            None => "/dev/null".into(),
        };
        let line = script::line(self.folder.path(), self.count, &stdin);
        if self.count == 1 {
            self.stdin.write_all(&script::start(self.folder.path())).await?;
        }
        self.stdin.write_all(&line).await
    }

    /// How the present command ended.
    async fn ended(&mut self, told: Told) -> io::Result<Ended> {
        if told.what == What::End {
            return Ok(Ended::Done { code: told.code, place: told.place });
        }
        let status = self.child.wait().await?;
        Ok(self.died(status, told))
    }

    /// How a command ended that the shell has not outlived.
    fn exited(&mut self, status: ExitStatus) -> Ended {
        let told = self.ear.rest().into_iter().find(|told| told.number == self.count);
        match told {
            Some(told) => self.died(status, told),
            None => Ended::Exited(status),
        }
    }

    fn died(&mut self, status: ExitStatus, told: Told) -> Ended {
        self.ending = true;
        match status.code() {
            Some(code) if told.what == What::Last => Ended::Done { code, place: told.place },
            _ => Ended::Exited(status),
        }
    }

    fn forget_files(&self) {
        for end in ["sh", "in"] {
            // A command without input has no such file; the folder goes with the shell.
            let _ = fs::remove_file(self.file(end));
        }
    }

    /// Ends the present command and everything it started. The shell comes first: with what it waits for gone, it
    /// would go on with the rest of the command. It stands still until all has ended, since it is the parent of
    /// orphans; bash has no way to leave a command half-way, so it is killed then.
    async fn stop(&mut self, since: Moment) {
        if let Some(pid) = Pid::from_raw(self.pid) {
            let _ = kill_process(pid, Signal::STOP);
        }
        Tree::beneath(self.pid).marked(self.mark.clone()).since(since).end(GRACE).await;
        // The shell is older than the command, so it is not of that tree.
        let _ = self.child.start_kill();
        let _ = self.child.wait().await;
    }

    /// What is told apart as its own, also when it is gone: what it started before the command that was stopped.
    pub fn left(&self) -> Tree {
        Tree::of_mark(self.mark.clone())
    }

    /// Ends the shell and everything it has started.
    pub async fn end(mut self) {
        Tree::of(self.pid).marked(self.mark.clone()).end(GRACE).await;
        let _ = self.child.start_kill();
        let _ = self.child.wait().await;
    }
}

/// Waits until the shell tells that command `number` has ended.
async fn hear(ear: &mut Ear, number: u64) -> io::Result<Told> {
    loop {
        let told = ear.hear().await?;
        if told.number == number && matches!(told.what, What::End | What::Last) {
            return Ok(told);
        }
    }
}

/// A bash that leads a session of its own, without output, at `place`.
pub fn bash(place: &Place) -> Command {
    let place = place.clone().existing();
    let mut command = Command::new("bash");
    command.env_clear().envs(&place.env).current_dir(&place.cwd);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    // SAFETY: both are plain system calls, async-signal-safe, and touch nothing of the parent's
    // memory. Without a session of its own a command could reach a terminal of the agent's, and could
    // not be told apart from other commands when it is to end. As the parent of its orphans, the shell
    // loses none of them: also a daemon that left session and environment is ended with it.
    unsafe {
        command.pre_exec(|| Ok(rustix::process::setsid().and_then(adopt_orphans)?));
    }
    command
}

fn adopt_orphans(me: rustix::process::Pid) -> rustix::io::Result<()> {
    rustix::process::set_child_subreaper(Some(me))
}
