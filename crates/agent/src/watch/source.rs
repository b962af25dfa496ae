//! The kernel's notices (inotify), with its errors typed.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use inotify::{EventOwned, EventStream, Inotify, WatchDescriptor, WatchMask, Watches};
use rustix::io::Errno;
use sandpit_api::{ApiError, ErrorCode};

use crate::file::{Result, fault, name};

/// Bytes of notices read at once.
const BUFFER: usize = 64 * 1024;

/// What is asked of a watched folder.
pub const MASK: WatchMask = WatchMask::CREATE
    .union(WatchMask::DELETE)
    .union(WatchMask::MODIFY)
    .union(WatchMask::ATTRIB)
    .union(WatchMask::MOVE)
    .union(WatchMask::DELETE_SELF)
    .union(WatchMask::MOVE_SELF)
    .union(WatchMask::EXCL_UNLINK);

/// One inotify instance.
pub struct Source {
    events: EventStream<Vec<u8>>,
    watches: Watches,
    /// The same queue once more, to ask how full it is.
    queue: OwnedFd,
}

impl Source {
    pub fn new() -> Result<Self> {
        let inotify = Inotify::init().map_err(unavailable)?;
        let queue = inotify.as_fd().try_clone_to_owned().map_err(unavailable)?;
        let watches = inotify.watches();
        let events = inotify.into_event_stream(vec![0; BUFFER]).map_err(unavailable)?;
        Ok(Self { events, watches, queue })
    }

    /// Watches `path`; the same file under another name gets the same descriptor.
    pub fn add(&mut self, path: &Path, mask: WatchMask) -> Result<WatchDescriptor> {
        self.watches.add(path, mask).map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::NOSPC) => ApiError::new(ErrorCode::WatchStartError, "no more folders can be watched")
                .suggest("Raise fs.inotify.max_user_watches on the host")
                .with("path", name::encode(path.as_os_str()).as_ref())
                .during("file.watch")
                .into(),
            _ => fault("file.watch", path, error),
        })
    }

    /// Ends a watch; one that has ended already is fine.
    pub fn remove(&mut self, watch: WatchDescriptor) {
        let _ = self.watches.remove(watch);
    }

    /// The next notice. Never ends; safe to be cancelled.
    pub async fn next(&mut self) -> EventOwned {
        loop {
            match self.events.next().await {
                Some(Ok(event)) => return event,
                // Not seen on Linux; if it ever is, a spinning loop must not come of it.
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// The next notice if the kernel has one by now.
    pub async fn waiting(&mut self) -> Option<EventOwned> {
        if let Some(Some(Ok(event))) = self.events.next().now_or_never() {
            return Some(event);
        }
        // The runtime may not have heard of it yet.
        let unread = rustix::io::ioctl_fionread(&self.queue).unwrap_or(0);
        if unread == 0 { None } else { Some(self.next().await) }
    }
}

fn unavailable(error: std::io::Error) -> Box<ApiError> {
    ApiError::new(ErrorCode::WatchStartError, format!("files cannot be watched: {error}"))
        .suggest("Raise fs.inotify.max_user_instances on the host")
        .during("file.watch")
        .into()
}
