//! Hears what a shell tells through a named pipe: messages of a fixed number of parts, each ended by
//! a NUL, which neither a path nor a variable can hold.

use std::{ffi::OsString, io, os::unix::ffi::OsStringExt, path::PathBuf};

use super::{declared::exported, place::Place};
use crate::exec::Pipe;

/// The parts of a message.
const PARTS: usize = 5;
/// The largest environment a shell may tell of, bytes.
const LIMIT: usize = 8 << 20;

/// The hearing end.
#[derive(Debug)]
pub struct Ear {
    pipe: Pipe,
    heard: Vec<u8>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub what: What,
    /// Which command, or which prompt.
    pub number: u64,
    /// A command's exit code; at a prompt, the number of the last answer the shell has taken.
    pub code: i32,
    pub place: Place,
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A command has ended.
    End,
    /// A command has ended, and the shell with it.
    Last,
    /// A terminal's shell is about to show its prompt.
    Prompt,
    /// It has taken the answer, and no line of input waits for it.
    Idle,
    /// What makes no sense: a command may write there too.
    Noise,
}

impl Ear {
    /// Makes the pipe at `path`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn at(path: PathBuf) -> io::Result<Self> {
        Ok(Self { pipe: Pipe::named(path)?, heard: Vec::new() })
    }

    /// Waits for the next message. Given up at any point, it loses nothing.
    ///
    /// # Errors
    /// When the pipe is broken, or a message too large.
    pub async fn hear(&mut self) -> io::Result<Told> {
        loop {
            if let Some(told) = take(&mut self.heard) {
                return Ok(told);
            }
            let Some(bytes) = self.pipe.next().await? else {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            };
            self.heard.extend_from_slice(&bytes);
            if self.heard.len() > LIMIT {
                return Err(io::Error::other("the shell's environment is too large"));
            }
        }
    }

    /// What a shell that has ended told last, and nobody has heard yet.
    pub fn rest(&mut self) -> Vec<Told> {
        self.heard.extend_from_slice(&self.pipe.present());
        std::iter::from_fn(|| take(&mut self.heard)).collect()
    }
}

/// Reads one whole message off the front of `bytes`; `None` while it is not whole.
fn take(bytes: &mut Vec<u8>) -> Option<Told> {
    let end = bytes.iter().enumerate().filter(|(_, byte)| **byte == 0).nth(PARTS - 1)?.0;
    let message: Vec<u8> = bytes.drain(..=end).collect();
    let mut parts = message[..end].split(|byte| *byte == 0);
    let what = match parts.next() {
        Some(b"end") => What::End,
        Some(b"last") => What::Last,
        Some(b"prompt") => What::Prompt,
        Some(b"idle") => What::Idle,
        _ => What::Noise,
    };
    let number = text(parts.next()).unwrap_or(0);
    let code = text(parts.next()).unwrap_or(-1);
    let cwd = PathBuf::from(OsString::from_vec(parts.next().unwrap_or_default().to_vec()));
    let env = exported(parts.next().unwrap_or_default());
    Some(Told { what, number, code, place: Place { cwd, env } })
}

fn text<T: std::str::FromStr>(part: Option<&[u8]>) -> Option<T> {
    std::str::from_utf8(part?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn fuzz_what_a_command_writes_among_the_messages_harms_none() {
        bolero::check!().for_each(|noise: &[u8]| {
            let mut bytes = noise.to_vec();
            while take(&mut bytes).is_some() {}
            assert!(bytes.iter().filter(|byte| **byte == 0).count() < PARTS);
            bytes.clear();
            bytes.extend_from_slice(b"end\x001\x000\0/\0\0");
            let told = take(&mut bytes).map(|told| (told.what, told.number, told.code));
            assert_eq!(told, Some((What::End, 1, 0)));
        });
    }

    #[test]
    fn a_message_is_taken_when_it_is_whole() {
        let mut bytes = b"end\x007\x003\0/tmp\0declare -x A=\"1\"\ndeclare -x B=\"x=y\"\n".to_vec();
        assert_eq!(take(&mut bytes), None);
        bytes.extend_from_slice(b"\0end\x008\0");
        let told = take(&mut bytes).expect("a message");
        let what = (told.what, told.number, told.code);
        assert_eq!((what, told.place.cwd.as_path()), ((What::End, 7, 3), Path::new("/tmp")));
        let env = std::collections::BTreeMap::from([("A".into(), "1".into()), ("B".into(), "x=y".into())]);
        assert_eq!(told.place.env, env);
        assert_eq!(bytes, b"end\x008\0");
    }
}
