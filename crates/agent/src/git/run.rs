//! One run of git: to its end, or until it is to end. No more of what it says is kept than is told.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use xterm_rs_bridge::Ring;

use super::failure::Failed;
use crate::reap;

/// What git may take to end when it is asked to.
const TIDY: Duration = Duration::from_secs(2);
/// How much of each stream is kept, bytes. A server may send messages without end.
const KEPT: usize = 16 << 10;

/// Runs git within `limit`; the end of what it wrote to its standard output.
///
/// # Errors
/// How it failed. It and its helpers have ended then.
pub async fn run(
    mut command: Command,
    limit: Duration,
    cancel: &CancellationToken,
) -> Result<Vec<u8>, Failed> {
    let mut child = reap::own(|| command.spawn()).map_err(Failed::NotStarted)?;
    let group = child.id().and_then(|id| Pid::from_raw(id as i32));
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let ended = async {
        let (out, err, status) = tokio::join!(tail(out), tail(err), child.wait());
        Ok((out, err, status.map_err(Failed::NotStarted)?))
    };
    let ended = tokio::select! {
        ended = ended => ended,
        () = sleep(limit) => Err(Failed::TimedOut(limit)),
        () = cancel.cancelled() => Err(Failed::Cancelled),
    };
    let Ok((out, err, status)) = ended else {
        end(&mut child, group).await;
        return ended.map(|_| Vec::new());
    };
    if status.success() {
        return Ok(out);
    }
    Err(Failed::Refused(String::from_utf8_lossy(&err).into_owned()))
}

async fn tail(stream: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Ring::new(KEPT);
    let mut buffer = vec![0; 4 << 10];
    if let Some(mut stream) = stream {
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            kept.push(&buffer[..count]);
        }
    }
    kept.read(0, KEPT).bytes.into()
}

/// Ends git, which may tidy up, and then whatever helper is left of it.
async fn end(child: &mut Child, group: Option<Pid>) {
    let signal = |signal| {
        if let Some(group) = group {
            // A group that is gone has ended, as was wanted.
            let _ = kill_process_group(group, signal);
        }
    };
    signal(Signal::TERM);
    let tidied = timeout(TIDY, child.wait()).await;
    signal(Signal::KILL);
    if tidied.is_err() {
        // It was killed.
        let _ = child.wait().await;
    }
}
