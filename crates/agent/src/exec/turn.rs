//! Turns of commands that have no session to queue in: a burst of them waits here, and not at the sandbox's limit of
//! processes, where it would fail.

use std::{io, sync::Arc, time::Duration};

use rustix::process::{Resource, getrlimit};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep},
};
use tokio_util::task::AbortOnDropHandle;

/// Most commands in their first moment at the same time.
const MOST: u64 = 64;
/// Of the processes that the sandbox may have, the part that may be commands in their first moment.
const PART: u64 = 8;
/// How long the first moment is at most. Most commands have ended by then; one that has not holds up nobody.
const FIRST: Duration = Duration::from_secs(1);

/// How long to try to start a process while there are as many as there may be.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

/// Gives turns, in the order in which they are asked for.
#[derive(Debug, Clone)]
pub struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        let processes = getrlimit(Resource::Nproc).current.unwrap_or(u64::MAX);
        let places = (processes / PART).clamp(1, MOST);
        Self(Arc::new(Semaphore::new(usize::try_from(places).unwrap_or(1))))
    }
}

/// A turn: over when it is dropped, or when the first moment is.
pub struct Turn {
    _moment: Option<AbortOnDropHandle<()>>,
}

impl Turns {
    /// Waits for a turn.
    pub async fn next(&self) -> Turn {
        // It is never closed.
        let place = self.0.clone().acquire_owned().await.ok();
        Turn { _moment: place.map(|place| AbortOnDropHandle::new(tokio::spawn(moment(place)))) }
    }
}

async fn moment(place: OwnedSemaphorePermit) {
    sleep(FIRST).await;
    drop(place);
}

/// Starts a process by `start`, again and again while there are as many as there may be: others end.
///
/// # Errors
/// `start`'s own, `WouldBlock` when there are too many processes for too long.
pub async fn started<T>(mut start: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        match start() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < end => {
                sleep(PAUSE).await;
            }
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_turn_waits_for_one_that_ends_and_for_one_whose_first_moment_is_over() {
        let turns = Turns(Arc::new(Semaphore::new(1)));
        let first = turns.next().await;
        assert!(turns.next().now_or_never().is_none(), "the first one has just begun");
        drop(first);
        let long = turns.next().await;
        let next = turns.next().await;
        drop((long, next));
    }

    #[tokio::test]
    async fn what_cannot_start_for_now_is_tried_again_and_nothing_else_is() {
        let mut attempts = 0;
        let late = started(|| {
            attempts += 1;
            if attempts < 4 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(attempts) }
        });
        assert_eq!(late.await.expect("it starts"), 4);
        let mut attempts = 0;
        let other = started(|| {
            attempts += 1;
            Err::<(), _>(io::ErrorKind::NotFound.into())
        });
        assert_eq!(other.await.expect_err("no program").kind(), io::ErrorKind::NotFound);
        assert_eq!(attempts, 1);
    }
}
