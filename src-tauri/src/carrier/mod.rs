//! Carries the gateway's router to the page: requests and sockets as packed bytes, whatever brings them.
//!
//! It knows neither Tauri nor any route. The page chooses the ids, so that it can cancel what has not answered yet.

pub mod disk;
mod exchange;
pub mod pack;
mod pipe;
mod socket;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc};

use axum::Router;
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::{io::DuplexStream, sync::mpsc, task::AbortHandle};

pub use exchange::Ask;
pub use socket::Refusal;

use pipe::Pipe;

/// Why something could not be carried. For the page it is a connection that failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Unreadable(#[from] pack::Unreadable),
    #[error("the request is not a valid one: {0}")]
    Request(#[from] http::Error),
    #[error("it was ended")]
    Ended,
    /// The router's own answer, for people.
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Disk(#[from] std::io::Error),
    #[error("it was cut off: {0}")]
    CutOff(#[from] axum::Error),
}

/// Everything the page has under way.
pub struct Carrier {
    router: Router,
    connect: Box<dyn Fn() -> DuplexStream + Send + Sync>,
    open: Mutex<HashMap<u32, Open>>,
}

/// One request or socket under way. Dropping it ends it.
struct Open {
    pipe: Arc<Pipe>,
    input: Option<mpsc::Sender<(pack::Kind, Bytes)>>,
    task: AbortHandle,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Carrier {
    /// `connect` makes a new HTTP/1.1 connection to the same router inside this process, for sockets.
    pub fn new(router: Router, connect: impl Fn() -> DuplexStream + Send + Sync + 'static) -> Self {
        Self { router, connect: Box::new(connect), open: Mutex::default() }
    }

    /// Ends a request or socket; an unknown id is one that has already ended.
    pub fn cancel(&self, id: u32) {
        self.open.lock().remove(&id);
    }

    /// Ends everything: the page that had it is gone.
    pub fn clear(&self) {
        self.open.lock().clear();
    }

    fn pipe(&self, id: u32) -> Result<Arc<Pipe>, Failure> {
        Ok(self.open.lock().get(&id).ok_or(Failure::Ended)?.pipe.clone())
    }
}
