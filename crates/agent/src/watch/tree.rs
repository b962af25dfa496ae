//! `WS /ws/watch`: the folders that a file tree has open, each watched by itself.
//!
//! While the viewer is slow nothing is read from the kernel, whose queue is bounded; what it drops
//! becomes one `resync`.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use inotify::{EventMask, EventOwned, WatchDescriptor, WatchMask};
use sandpit_api::watch::{Change, WatchControl, WatchFrame};
use sandpit_api::{ApiError, ErrorCode};
use tokio::time::{Instant, sleep_until};

use super::source::{MASK, Source};
use crate::file::{Result, blocking, info, list, name};

/// At most one frame of changes in this time.
const PACE: Duration = Duration::from_millis(50);
/// What one action does (create, write, close) comes within this time, and is told as one change.
const SETTLE: Duration = Duration::from_millis(5);
/// More changed entries of a folder than this are told as `resync`.
const PENDING: usize = 2000;
/// RFC 6455 §7.4.1: data of a kind that is not understood.
const UNSUPPORTED: u16 = 1003;

/// The watched folders of one viewer.
pub struct Tree {
    workspace: PathBuf,
    source: Source,
    folders: HashMap<WatchDescriptor, Vec<Folder>>,
    flushed: Instant,
    due: Option<Instant>,
}

/// One folder as the viewer names it. Two names of the same folder share a watch.
struct Folder {
    named: String,
    path: PathBuf,
    pending: Pending,
}

#[derive(Default)]
struct Pending {
    /// Names, and whether the entry came or went under it. What was merely written to and is not
    /// there is a nameless file (`O_TMPFILE`), which nobody ever saw.
    names: HashMap<OsString, bool>,
    resync: bool,
}

impl Tree {
    pub fn new(workspace: PathBuf) -> Result<Self> {
        let source = Source::new()?;
        Ok(Self { workspace, source, folders: HashMap::new(), flushed: Instant::now(), due: None })
    }

    /// Serves one viewer until it goes.
    pub async fn serve(mut self, mut socket: WebSocket) {
        loop {
            let due = self.due;
            let frames = tokio::select! {
                message = socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => match self.control(&text) {
                        Ok(frames) => frames,
                        Err(error) => return refuse(socket, &error).await,
                    },
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => continue,
                },
                event = self.source.next() => self.note(event),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.flush().await,
            };
            for frame in frames {
                if send(&mut socket, &frame).await.is_err() {
                    return;
                }
            }
        }
    }

    fn control(&mut self, text: &str) -> Result<Vec<WatchFrame>> {
        let control = serde_json::from_str(text)
            .map_err(|error| ApiError::invalid("frame", format!("not a frame of this socket: {error}")))?;
        Ok(vec![match control {
            WatchControl::Watch { path } => self.watch(path),
            WatchControl::Unwatch { path } => return Ok(self.unwatch(&path)),
        }])
    }

    fn watch(&mut self, named: String) -> WatchFrame {
        let added = name::resolve(&self.workspace, "path", &named)
            .and_then(|path| Ok((self.source.add(&path, MASK | WatchMask::ONLYDIR)?, path)));
        match added {
            Ok((watch, path)) => {
                let folders = self.folders.entry(watch).or_default();
                if !folders.iter().any(|folder| folder.named == named) {
                    folders.push(Folder { named: named.clone(), path, pending: Pending::default() });
                }
                WatchFrame::Watching { path: named }
            }
            Err(error) => WatchFrame::Unwatched { path: named, code: error.code, message: error.message },
        }
    }

    fn unwatch(&mut self, named: &str) -> Vec<WatchFrame> {
        self.folders.values_mut().for_each(|folders| folders.retain(|folder| folder.named != named));
        let ended: Vec<_> = self.folders.extract_if(|_, folders| folders.is_empty()).collect();
        ended.into_iter().for_each(|(watch, _)| self.source.remove(watch));
        Vec::new()
    }

    /// Remembers what a notice says; answers with what is told at once.
    fn note(&mut self, event: EventOwned) -> Vec<WatchFrame> {
        if event.mask.contains(EventMask::Q_OVERFLOW) {
            self.folders.values_mut().flatten().for_each(|folder| folder.pending.overflow());
            self.schedule();
            return Vec::new();
        }
        let gone = EventMask::DELETE_SELF | EventMask::MOVE_SELF | EventMask::UNMOUNT;
        if event.mask.intersects(gone) {
            return self.lost(event.wd);
        }
        let Some(name) = event.name.filter(|name| !list::is_private(name.as_encoded_bytes())) else {
            return Vec::new();
        };
        let named = event
            .mask
            .intersects(EventMask::CREATE | EventMask::DELETE | EventMask::MOVED_FROM | EventMask::MOVED_TO);
        if let Some(folders) = self.folders.get_mut(&event.wd) {
            folders.iter_mut().for_each(|folder| folder.pending.add(&name, named));
            self.schedule();
        }
        Vec::new()
    }

    fn lost(&mut self, watch: WatchDescriptor) -> Vec<WatchFrame> {
        let folders = self.folders.remove(&watch).unwrap_or_default();
        self.source.remove(watch);
        let gone = |folder: Folder| WatchFrame::Unwatched {
            message: format!("{} was deleted or moved", folder.named),
            path: folder.named,
            code: ErrorCode::FileNotFound,
        };
        folders.into_iter().map(gone).collect()
    }

    fn schedule(&mut self) {
        let due = (Instant::now() + SETTLE).max(self.flushed + PACE);
        self.due.get_or_insert(due);
    }

    async fn flush(&mut self) -> Vec<WatchFrame> {
        self.due = None;
        let mut frames = Vec::new();
        let mut paths = Vec::new();
        for folder in self.folders.values_mut().flatten() {
            let pending = std::mem::take(&mut folder.pending);
            if pending.resync {
                frames.push(WatchFrame::Resync { path: folder.named.clone() });
            }
            paths.extend(pending.names.into_iter().map(|(name, named)| (folder.path.join(name), named)));
        }
        if !paths.is_empty() {
            let changes = blocking(move || Ok(changes(paths))).await.unwrap_or_default();
            if !changes.is_empty() {
                frames.push(WatchFrame::Changes { changes });
            }
        }
        self.flushed = Instant::now();
        frames
    }
}

impl Pending {
    fn add(&mut self, name: &OsString, named: bool) {
        if self.resync {
            return;
        }
        if let Some(known) = self.names.get_mut(name) {
            *known |= named;
            return;
        }
        self.names.insert(name.clone(), named);
        if self.names.len() > PENDING {
            self.overflow();
        }
    }

    fn overflow(&mut self) {
        self.names.clear();
        self.resync = true;
    }
}

/// What is at each path now. An entry that cannot be looked at counts as gone.
fn changes(paths: Vec<(PathBuf, bool)>) -> Vec<Change> {
    let look = |(path, named): (PathBuf, bool)| {
        let file = info::of(&path).ok();
        let told = named || file.is_some();
        told.then(|| Change { path: name::encode(path.as_os_str()).into_owned(), file })
    };
    paths.into_iter().filter_map(look).collect()
}

async fn send(socket: &mut WebSocket, frame: &WatchFrame) -> std::result::Result<(), ()> {
    let text = serde_json::to_string(frame).map_err(|_| ())?;
    socket.send(Message::text(text)).await.map_err(|_| ())
}

/// The viewer is going anyway, so a failed goodbye is nothing to act on.
async fn refuse(mut socket: WebSocket, error: &ApiError) {
    let reason = error.message.chars().take(100).collect::<String>().into();
    let _ = socket.send(Message::Close(Some(CloseFrame { code: UNSUPPORTED, reason }))).await;
}
