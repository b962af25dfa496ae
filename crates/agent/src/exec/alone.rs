//! A command without a session: `bash -c`, a process group and a fate of its own (reference §5).

use std::{process::Stdio, time::Duration};

use bytes::Bytes;
use sandpit_api::ApiError;
use tokio::{io::AsyncWriteExt, process::Child, sync::mpsc};
use tokio_util::sync::CancellationToken;

use super::{
    Chunk, Pipe, Reason, Source, code_of, not_run, pass_on, stopped,
    turn::{Turns, started},
};
use crate::{
    reap::{self, Tree},
    session::{Place, Task, bash},
};

/// How long a command that is stopped has to end by itself.
const GRACE: Duration = Duration::from_millis(500);
/// The exit code of a command that took too long, as `timeout` tells it.
const TIMED_OUT: i32 = 124;

pub async fn run(
    turns: Turns,
    place: Place,
    task: Task,
    output: mpsc::Sender<Chunk>,
    timeout: Option<Duration>,
    cancel: CancellationToken,
) -> Result<i32, ApiError> {
    let place = place.at(task.cwd.as_deref()).with_env(task.env.as_ref());
    if !place.cwd.is_dir() {
        let text = format!("bash: line 1: cd: {}: No such file or directory\n", place.cwd.display());
        // Nobody may listen any more.
        let _ = output.send(Chunk::new(Source::Stderr, text.into())).await;
        return Ok(1);
    }
    let spawning = async {
        let turn = turns.next().await;
        (started(|| spawn(&place, &task)).await, turn)
    };
    let (spawned, _turn) = tokio::select! {
        spawned = spawning => spawned,
        () = cancel.cancelled() => return Err(Reason::Cancelled.error("")),
    };
    let (mut child, out, err) = spawned.map_err(|error| not_run(&error))?;
    give(&mut child, task.stdin);
    let tree = Tree::of(child.id().unwrap_or_default() as i32);
    let never = CancellationToken::new();
    let reason = tokio::select! {
        status = child.wait() => {
            let code = code_of(status.map_err(|error| not_run(&error))?);
            rest(&output, out, err).await;
            return Ok(code);
        }
        never = pass_on(&out, &err, &output) => match never {},
        reason = stopped(timeout, &cancel, &never) => reason,
    };
    tree.end(GRACE).await;
    // It was killed; a zombie is all that can be left of it.
    let _ = child.wait().await;
    rest(&output, out, err).await;
    let Reason::Timeout(time) = reason else { return Err(reason.error("")) };
    let text = format!("Command timeout after {}ms\n", time.as_millis());
    let _ = output.send(Chunk::new(Source::Stderr, text.into())).await;
    Ok(TIMED_OUT)
}

fn spawn(place: &Place, task: &Task) -> std::io::Result<(Child, Pipe, Pipe)> {
    let (out, out_end) = Pipe::for_child()?;
    let (err, err_end) = Pipe::for_child()?;
    let mut command = bash(place);
    command.args(["-c", &task.command]).stdout(out_end).stderr(err_end);
    if task.stdin.is_some() {
        command.stdin(Stdio::piped());
    }
    let child = reap::own(|| command.spawn())?;
    // The writing ends live in `command`; while they do, there is no end of file.
    drop(command);
    Ok((child, out, err))
}

/// Gives `child` its input.
fn give(child: &mut Child, input: Option<Vec<u8>>) {
    if let (Some(bytes), Some(mut stdin)) = (input, child.stdin.take()) {
        tokio::spawn(async move {
            // A command may end without reading its input.
            let _ = stdin.write_all(&bytes).await;
        });
    }
}

async fn rest(output: &mpsc::Sender<Chunk>, out: Pipe, err: Pipe) {
    for (source, pipe) in [(Source::Stdout, out), (Source::Stderr, err)] {
        let bytes: Bytes = pipe.finish().unwrap_or_default();
        if !bytes.is_empty() {
            // Nobody may listen any more.
            let _ = output.send(Chunk::new(source, bytes)).await;
        }
    }
}
