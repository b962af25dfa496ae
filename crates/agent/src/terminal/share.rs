//! What a terminal's shell and its session share, told and taken at each prompt.
//!
//! The shell tells where it is through one named pipe and waits for the answer on another: what the
//! others have changed. While it waits for a line that nobody has begun, a change of the others is
//! taken at once: an Enter on the empty line makes it ask again, and its prompt is drawn anew.

use std::{fs, io, os::unix::fs::DirBuilderExt, path::Path, sync::Arc, time::Duration};

use rustix::fs::{CWD, Mode, mkfifoat};
use tempfile::TempDir;
use tokio::{
    io::AsyncWriteExt,
    net::unix::pipe::{OpenOptions, Sender},
    time::timeout,
};

use super::{
    live::{Mark, Terminal},
    shell,
};
use crate::session::{Ear, Member, Place, Session, Told, What, lasting};

/// How long an answer may take to be read. A shell whose hook was interrupted reads it later, and skips it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Turns of other tasks after which what was readable has been read.
const TURNS: usize = 8;
/// Goes over the prompt that an Enter of ours has left above.
const DRAW_OVER: &[u8] = br"\builtin printf '\e[A\e[2K\r';";

/// One shell's share. Its files go with it.
pub struct Share {
    session: Arc<Session>,
    member: Member,
    ear: Ear,
    answer: Sender,
    /// The number of the last answer, and what the shell is when it has taken it.
    answered: Option<(u64, Member)>,
    /// What was typed when the shell told last, if that was whole lines.
    typed: Option<Mark>,
    /// Set while the shell waits for a line that is empty.
    idle: Option<Idle>,
    /// An Enter of ours is under way; its prompt may be drawn over.
    draw_over: bool,
    folder: TempDir,
}

/// What had been typed and shown by then.
#[derive(Debug, Clone, Copy)]
struct Idle {
    typed: Mark,
    shown: u64,
}

impl Share {
    /// A share of `session` for a shell that will start with `place`, its files in `parent`.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn new(session: Arc<Session>, member: Member, place: &Place, parent: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        let folder = tempfile::Builder::new().prefix("terminal-").tempdir_in(parent)?;
        let ear = Ear::at(folder.path().join("told"))?;
        mkfifoat(CWD, folder.path().join("answer"), Mode::RUSR | Mode::WUSR)?;
        let answer = OpenOptions::new().read_write(true).open_sender(folder.path().join("answer"))?;
        fs::write(folder.path().join("rc.bash"), shell::start_up(folder.path(), place))?;
        Ok(Self {
            session,
            member,
            ear,
            answer,
            answered: None,
            typed: None,
            idle: None,
            draw_over: false,
            folder,
        })
    }

    /// `place` as the shell is to see it.
    pub fn environment(&self, mut place: Place) -> Place {
        place.env.insert("ENV".into(), self.folder.path().join("rc.bash").into());
        place
    }

    /// Tells and takes until the session is deleted. It ends with an error when the shell tells more
    /// than can be shared.
    pub async fn serve(mut self, terminal: &Terminal) -> io::Result<()> {
        let session = self.session.clone();
        let mut version = session.shared().version();
        loop {
            tokio::select! {
                told = self.ear.hear() => self.told(told?, terminal).await?,
                // The sender lives as long as the session.
                _ = version.changed() => {}
                () = session.deleted.cancelled() => return Ok(()),
            }
            self.refresh(terminal);
        }
    }

    async fn told(&mut self, told: Told, terminal: &Terminal) -> io::Result<()> {
        match told.what {
            What::Prompt => self.exchange(told, terminal).await,
            What::Idle => {
                let asked = self.answered.as_ref().is_some_and(|(number, _)| *number == told.number);
                let typed = self.typed.take().filter(|_| asked);
                // What the shell wrote before it told this is there to be read, by a task that may not have had its turn.
                for _ in 0..TURNS {
                    tokio::task::yield_now().await;
                }
                self.idle = typed.map(|typed| Idle { typed, shown: terminal.feed.end() });
                Ok(())
            }
            What::End | What::Last | What::Noise => Ok(()),
        }
    }

    /// Takes over what the shell tells, and answers what it lacks.
    async fn exchange(&mut self, told: Told, terminal: &Terminal) -> io::Result<()> {
        let first = self.answered.is_none();
        match self.answered.take() {
            // It has made the changes that were answered; else they are still to be taken.
            Some((number, member)) if i64::from(told.code) == number as i64 => self.member = member,
            _ => {}
        }
        if first {
            self.member.started(told.place);
        } else {
            self.session.shared().tell(&mut self.member, told.place);
        }
        let mut after = self.member.clone();
        let change = self.session.shared().take(&mut after);
        self.answered = Some((told.number, after));
        (self.typed, self.idle) = (terminal.typed_lines(), None);
        let draw_over = if std::mem::take(&mut self.draw_over) { DRAW_OVER } else { b"" };
        let number = told.number.to_string();
        // The first NUL ends what an answer that was cut off may have left.
        let answer = [b"\0", number.as_bytes(), b";", &lasting(&change), draw_over, b"\0"].concat();
        match timeout(PATIENCE, self.answer.write_all(&answer)).await {
            Ok(written) => written,
            Err(_) => Ok(()),
        }
    }

    /// Has an idle shell ask again when there is something to take.
    fn refresh(&mut self, terminal: &Terminal) {
        let Some(idle) = self.idle else { return };
        let Some((_, member)) = &self.answered else { return };
        if self.session.shared().missing(member).is_empty() {
            return;
        }
        self.idle = None;
        self.draw_over = is_prompt_alone(terminal, idle.shown);
        if !terminal.enter(idle.typed) {
            self.draw_over = false;
        }
    }
}

/// Whether nothing but one line was shown since `cursor`: a background process may have written too.
fn is_prompt_alone(terminal: &Terminal, cursor: u64) -> bool {
    let shown = terminal.feed.read(cursor, usize::MAX);
    shown.start == cursor && !shown.bytes.contains(&b'\n')
}
