//! The reading end of a command's output. What was written before the command ended is read whole;
//! what its background processes write later is swallowed, so that they live on.

use std::{
    fs, io,
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
    process::Stdio,
};

use bytes::Bytes;
use rustix::{
    fs::{Mode, OFlags},
    pipe::PipeFlags,
};
use tokio::net::unix::pipe::{OpenOptions, Receiver};

/// A pipe's usual capacity in the kernel.
const CAPACITY: usize = 64 << 10;

/// The most a command may have made of it (`F_SETPIPE_SZ`, pipe(7)).
const LARGEST: usize = 1 << 20;

/// A pipe from a command, or a named one that it opens itself.
#[derive(Debug)]
pub struct Pipe {
    receiver: Receiver,
    /// Its name, removed in the end. While it is open here for writing too, it has no end of file.
    name: Option<PathBuf>,
}

impl Pipe {
    /// A pipe with a name, for a shell to open.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn named(path: PathBuf) -> io::Result<Self> {
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, Mode::RUSR | Mode::WUSR)?;
        let receiver = OpenOptions::new().read_write(true).open_receiver(&path)?;
        Ok(Self { receiver, name: Some(path) })
    }

    /// A pipe, and its writing end for a child.
    ///
    /// # Errors
    /// When there are no more descriptors.
    pub fn for_child() -> io::Result<(Self, Stdio)> {
        let (read, write) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&read, true)?;
        Ok((Self { receiver: Receiver::from_owned_fd(read)?, name: None }, Stdio::from(write)))
    }

    /// The next bytes, as soon as there are any; `None` at the end of file. Nothing is lost when
    /// the waiting is given up.
    ///
    /// # Errors
    /// When the pipe is broken.
    pub async fn next(&self) -> io::Result<Option<Bytes>> {
        let mut buffer = Vec::with_capacity(CAPACITY);
        loop {
            self.receiver.readable().await?;
            match self.receiver.try_read_buf(&mut buffer) {
                Ok(0) => return Ok(None),
                Ok(_) => return Ok(Some(compact(buffer))),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// What is in the pipe now, without waiting for more.
    pub fn present(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 16 << 10];
        while let Ok(count @ 1..) = rustix::io::read(&self.receiver, &mut buffer) {
            bytes.extend_from_slice(&buffer[..count]);
        }
        bytes
    }

    /// What is left of a command that has ended. Background processes that still hold the pipe go
    /// on writing to nowhere.
    ///
    /// # Errors
    /// When the pipe is broken.
    pub fn finish(mut self) -> io::Result<Bytes> {
        let name = self.name.take();
        let again = name.as_deref().and_then(|name| reopen(name).ok());
        // One whose name the command has removed is read as it is: open here for writing, it never ends.
        let endless = name.is_some() && again.is_none();
        let last = again.map_or_else(|| self.receiver.as_fd().try_clone_to_owned(), Ok)?;
        drop(self);
        let mut rest = Vec::new();
        let mut buffer = [0; 16 << 10];
        while rest.len() < LARGEST {
            match rustix::io::read(&last, &mut buffer) {
                Ok(0) => return Ok(rest.into()),
                Ok(count) => rest.extend_from_slice(&buffer[..count]),
                Err(rustix::io::Errno::AGAIN) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if !endless {
            swallow(last)?;
        }
        Ok(rest.into())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // Its folder goes with the shell anyway.
            let _ = fs::remove_file(name);
        }
    }
}

/// Small reads are common and must not hold a whole buffer each.
fn compact(buffer: Vec<u8>) -> Bytes {
    if buffer.len() < CAPACITY / 2 { Bytes::copy_from_slice(&buffer) } else { buffer.into() }
}

/// The pipe once more, only for reading, so that it ends when its last writer does.
fn reopen(name: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let last = rustix::fs::open(name, flags, Mode::empty())?;
    fs::remove_file(name)?;
    Ok(last)
}

fn swallow(last: OwnedFd) -> io::Result<()> {
    let receiver = Receiver::from_owned_fd(last)?;
    tokio::spawn(async move {
        let mut nowhere = vec![0; 4 << 10];
        loop {
            match receiver.try_read(&mut nowhere) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if receiver.readable().await.is_err() {
                        return;
                    }
                }
                Ok(0) | Err(_) => return,
                Ok(_) => tokio::task::yield_now().await,
            }
        }
    });
    Ok(())
}
