//! One context's life: its queue of runs, given to its kernel one by one.
//!
//! The only task that touches the kernel. It never waits for a viewer. What the kernel says is in `hear`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jupyter_zmq_client::RuntimeError;
use sandpit_api::ApiError;
use sandpit_api::context::{ContextEvent, KernelState, RunStatus, StreamName};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::hear::Question;
use super::kernel::{Incoming, Kernel, Manner};
use super::output::{self, Outputs};
use super::run::{Due, Execute, Run, Stop};
use super::start::Start;
use super::{Shared, prepare};

/// Runs that wait in one context.
const QUEUED: usize = 1000;
/// How many past runs are remembered, so that what their threads print later goes to them.
const REMEMBERED: usize = 256;
/// What is told when a kernel had to be replaced.
const LOST: &str =
    "The kernel did not stop when it was interrupted, so it was restarted. Its variables are gone.\n";

/// What can be asked of a context.
pub enum Command {
    Execute(Execute),
    Interrupt,
    /// Answered when the new kernel is there.
    Restart(oneshot::Sender<Result<(), ApiError>>),
    /// What somebody typed, for the question with this id.
    Answer(String, String),
    End,
}

pub struct Actor {
    pub(super) shared: Arc<Shared>,
    pub(super) start: Start,
    pub(super) kernel: Option<Kernel>,
    /// Whether the kernel tells plain values as JSON too.
    values: bool,
    pub(super) queue: VecDeque<Execute>,
    pub(super) run: Option<Run>,
    /// What the run waits to be told by a person.
    pub(super) question: Option<Question>,
    /// Message ids of runs, with the request each belongs to.
    pub(super) runs: VecDeque<(String, Arc<str>)>,
    pub(super) outputs: Outputs,
}

impl Actor {
    pub fn new(shared: Arc<Shared>, start: Start, kernel: Kernel) -> Self {
        let outputs = Outputs::new(shared.ring.clone());
        let (queue, runs) = (VecDeque::new(), VecDeque::new());
        let kernel = Some(kernel);
        Self { shared, start, kernel, values: false, queue, run: None, question: None, runs, outputs }
    }

    /// Lives until `End`, or until nobody can send commands.
    pub async fn live(mut self, mut commands: mpsc::Receiver<Command>) {
        loop {
            let (text, due) = (self.outputs.due(), self.due());
            let left = self.run.as_ref().and_then(Run::left);
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::End) | None => break,
                    Some(command) => self.obey(command).await,
                },
                incoming = next(&mut self.kernel) => self.hear(incoming).await,
                () = until(text) => self.outputs.flush(),
                () = until(due.map(|(at, _)| at)) => self.fall_due(due.map(|(_, due)| due)).await,
                () = cancelled(left) => self.stop(Stop::Abandoned).await,
            }
        }
        self.end_all("ContextDeleted", "The code context was deleted");
        self.set(KernelState::Dead);
        self.shared.ring.close();
    }

    fn due(&self) -> Option<(Instant, Due)> {
        self.run.as_ref()?.due(!self.queue.is_empty())
    }

    async fn obey(&mut self, command: Command) {
        match command {
            // A viewer that lost its connection may send again what had come through.
            Command::Execute(execute) if self.knows(&execute.request_id) => {}
            Command::Execute(execute) => {
                self.enqueue(execute);
                self.advance().await;
            }
            Command::Interrupt => {
                self.abort_queue();
                self.stop(Stop::Interrupted).await;
            }
            Command::Restart(answer) => {
                let outcome = self.restart().await;
                // Whoever asked may be gone.
                let _ = answer.send(outcome);
                self.advance().await;
            }
            Command::Answer(input_id, value) => self.answer(&input_id, value).await,
            Command::End => {}
        }
    }

    fn knows(&self, request: &Arc<str>) -> bool {
        self.queue.iter().any(|execute| execute.request_id == *request)
            || self.runs.iter().any(|(_, known)| known == request)
    }

    fn enqueue(&mut self, execute: Execute) {
        if self.queue.len() >= QUEUED {
            let error = output::error("QueueFull", format!("{QUEUED} runs are waiting already"));
            self.outputs.push(Some(&execute.request_id), error);
            self.done(&execute.request_id, RunStatus::Aborted, None, Duration::ZERO);
            return;
        }
        self.outputs.push(Some(&execute.request_id), ContextEvent::Queued);
        self.queue.push_back(execute);
    }

    /// Gives the kernel the next run when it has none.
    pub(super) async fn advance(&mut self) {
        while self.run.is_none() {
            let Some(execute) = self.queue.pop_front() else {
                return;
            };
            if execute.terms.abandoned.is_cancelled() {
                self.done(&execute.request_id, RunStatus::Aborted, None, Duration::ZERO);
                continue;
            }
            if let Err(error) = self.ensure_kernel().await {
                self.refuse(&execute.request_id, &error);
                continue;
            }
            self.begin(execute).await;
        }
    }

    /// A dead kernel is replaced by the next run.
    async fn ensure_kernel(&mut self) -> Result<(), ApiError> {
        if self.kernel.is_none() {
            self.renew().await?;
        }
        Ok(())
    }

    async fn begin(&mut self, mut execute: Execute) {
        execute.terms.limit = execute.terms.limit.or(self.start.limit);
        let message_id = match self.send(&execute).await {
            Ok(id) => id,
            Err(error) => {
                self.refuse(&execute.request_id, &super::code_error(error.to_string()));
                return;
            }
        };
        self.runs.push_back((message_id.clone(), execute.request_id.clone()));
        if self.runs.len() > REMEMBERED {
            self.runs.pop_front();
        }
        self.run = Some(Run::new(execute, message_id, self.start.launch.spec.is_deno()));
        self.set(KernelState::Busy);
    }

    /// Sends code to the kernel, behind what makes the kernel fit for its terms: a kernel takes its
    /// messages in order, so nothing need be waited for.
    async fn send(&mut self, execute: &Execute) -> Result<String, RuntimeError> {
        let Some(kernel) = &mut self.kernel else {
            return Err(RuntimeError::ZmqMessageError("there is no kernel".to_owned()));
        };
        let terms = &execute.terms;
        if let Some(dialect) = self.start.launch.spec.dialect() {
            if self.values != terms.values {
                self.values = terms.values;
                kernel.execute(prepare::values(dialect, terms.values), Manner::Silent).await?;
            }
            if !terms.variables.is_empty() {
                kernel.execute(prepare::lend(dialect, &terms.variables), Manner::Silent).await?;
            }
        }
        kernel.execute(execute.code.clone(), Manner::Told { asks: terms.asks }).await
    }

    fn refuse(&mut self, request: &Arc<str>, error: &ApiError) {
        self.outputs.push(Some(request), output::error("KernelNotAvailable", error.message.clone()));
        self.done(request, RunStatus::Error, None, Duration::ZERO);
    }

    async fn fall_due(&mut self, due: Option<Due>) {
        match due {
            Some(Due::Words) => self.ask_for_words().await,
            Some(Due::Lost) => self.give_up().await,
            Some(Due::Dropped) => self.take_as_dropped().await,
            Some(Due::Late(limit)) => self.stop(Stop::Late(limit)).await,
            Some(Due::Word) => self.say_that_it_goes_on(),
            Some(Due::Deaf) => self.replace_deaf().await,
            None => {}
        }
    }

    /// Stops what runs; what waits behind it is not touched.
    async fn stop(&mut self, why: Stop) {
        if let Some(run) = &mut self.run {
            run.stopped = Some((why, Instant::now()));
            run.told = false;
        }
        self.tell_stop().await;
    }

    /// Interrupts the kernel once it is at the run: before, it would not hear it.
    pub(super) async fn tell_stop(&mut self) {
        let (Some(run), Some(kernel)) = (&mut self.run, &mut self.kernel) else {
            return;
        };
        if run.stopped.is_some() && run.count.is_some() && !run.told {
            run.told = true;
            kernel.interrupt(self.start.launch.spec.interrupted_by_message()).await;
        }
    }

    fn say_that_it_goes_on(&mut self) {
        if let Some(run) = &mut self.run {
            run.known_to_go_on = true;
            self.outputs.push(Some(&run.request_id), ContextEvent::Unresponsive);
        }
    }

    /// A kernel that does not stop is ended. What waits goes on in a new one, and is told what it finds there.
    async fn replace_deaf(&mut self) {
        if let Some(run) = self.run.take() {
            let next = self.queue.front().map(|next| next.request_id.clone());
            for request in [Some(run.request_id.clone()), next].iter().flatten() {
                let text = LOST.to_owned();
                self.outputs.push(Some(request), ContextEvent::Stream { name: StreamName::Stderr, text });
            }
            let error = run.stop_error(&[]).unwrap_or_else(output::interrupted);
            self.outputs.push(Some(&run.request_id), error);
            self.done(&run.request_id, RunStatus::Error, run.count, run.started.elapsed());
        }
        // Its outcome is told to every viewer; the next run tries again.
        let _ = self.renew().await;
        self.advance().await;
    }

    async fn restart(&mut self) -> Result<(), ApiError> {
        self.end_all("KernelRestarted", "The kernel was restarted before the code had ended");
        self.renew().await
    }

    async fn renew(&mut self) -> Result<(), ApiError> {
        (self.kernel, self.values, self.question) = (None, false, None);
        self.set(KernelState::Starting);
        match self.start.kernel().await {
            Ok(kernel) => {
                self.kernel = Some(kernel);
                self.outputs.push(None, ContextEvent::Restarted);
                self.set(KernelState::Idle);
                Ok(())
            }
            Err(error) => {
                self.outputs.push(None, output::error("KernelNotAvailable", error.message.clone()));
                self.set(KernelState::Dead);
                Err(error)
            }
        }
    }

    /// Ends what runs, with this error, and what waits.
    fn end_all(&mut self, ename: &str, why: &str) {
        if let Some(run) = self.run.take() {
            self.outputs.push(Some(&run.request_id), output::error(ename, why.to_owned()));
            self.done(&run.request_id, RunStatus::Error, run.count, run.started.elapsed());
        }
        self.abort_queue();
    }

    pub(super) fn abort_queue(&mut self) {
        for execute in std::mem::take(&mut self.queue) {
            self.done(&execute.request_id, RunStatus::Aborted, None, Duration::ZERO);
        }
    }

    pub(super) fn done(&mut self, request: &Arc<str>, status: RunStatus, count: Option<u32>, took: Duration) {
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let done = ContextEvent::Done { status, execution_count: count, duration_ms };
        self.outputs.push(Some(request), done);
    }

    pub(super) fn set(&mut self, state: KernelState) {
        if std::mem::replace(&mut *self.shared.state.lock(), state) != state {
            self.outputs.push(None, ContextEvent::State { state });
        }
    }
}

/// What the kernel says next; never, without one.
async fn next(kernel: &mut Option<Kernel>) -> Incoming {
    match kernel {
        Some(kernel) => kernel.next().await,
        None => std::future::pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn cancelled(token: Option<CancellationToken>) {
    match token {
        Some(token) => token.cancelled().await,
        None => std::future::pending().await,
    }
}
