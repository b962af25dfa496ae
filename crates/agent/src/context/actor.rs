//! One context's life: its queue of runs, and what its kernel says turned into frames.
//!
//! The only task that touches the kernel. It never waits for a viewer.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jupyter_protocol::{JupyterMessage, JupyterMessageContent, ReplyStatus};
use sandpit_api::ApiError;
use sandpit_api::context::{ContextEvent, KernelState, RunStatus};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::kernel::{Incoming, Kernel, execute_reply, is_child_of, is_idle};
use super::output::{self, Outputs};
use super::start::Start;
use super::{Shared, diagnose, output::Lines};

/// A kernel that has answered says within this time that its output is out, or never: its socket drops
/// what it cannot send when a run floods it.
const GRACE: Duration = Duration::from_secs(3);
/// A kernel that ends early hands its output to another task, which may be at it this long after the run.
const LATE: Duration = Duration::from_millis(25);
/// Runs that wait in one context.
const QUEUED: usize = 1000;
/// How many past runs are remembered, so that what their threads print later goes to them.
const REMEMBERED: usize = 256;

/// What can be asked of a context.
pub enum Command {
    Execute(Execute),
    Interrupt,
    /// Answered when the new kernel is there.
    Restart(oneshot::Sender<Result<(), ApiError>>),
    End,
}

/// One run.
pub struct Execute {
    pub request_id: Arc<str>,
    pub code: String,
    pub stop_on_error: bool,
}

/// The run that the kernel has now.
struct Run {
    request_id: Arc<str>,
    message_id: String,
    /// Kept for a kernel that does not say what is wrong with it.
    code: Option<String>,
    stop_on_error: bool,
    started: Instant,
    /// When the kernel last said anything about it.
    heard: Instant,
    count: Option<u32>,
    status: Option<RunStatus>,
    idle: bool,
    /// A question asked behind the run, whose answer comes after all output.
    behind: Option<String>,
    failed: bool,
    interrupted: bool,
}

impl Run {
    fn given_up_at(&self) -> Option<Instant> {
        (self.status.is_some() && !self.idle).then(|| self.heard + GRACE)
    }
}

pub struct Actor {
    shared: Arc<Shared>,
    start: Start,
    kernel: Option<Kernel>,
    queue: VecDeque<Execute>,
    run: Option<Run>,
    /// Message ids of runs, with the request each belongs to.
    runs: VecDeque<(String, Arc<str>)>,
    outputs: Outputs,
}

impl Actor {
    pub fn new(shared: Arc<Shared>, start: Start, kernel: Kernel) -> Self {
        let outputs = Outputs::new(shared.ring.clone());
        let (queue, runs) = (VecDeque::new(), VecDeque::new());
        Self { shared, start, kernel: Some(kernel), queue, run: None, runs, outputs }
    }

    /// Lives until `End`, or until nobody can send commands.
    pub async fn live(mut self, mut commands: mpsc::Receiver<Command>) {
        loop {
            let (due, silent) = (self.outputs.due(), self.run.as_ref().and_then(Run::given_up_at));
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::End) | None => break,
                    Some(command) => self.obey(command).await,
                },
                incoming = next(&mut self.kernel) => self.hear(incoming).await,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.outputs.flush(),
                () = sleep_until(silent.unwrap_or_else(Instant::now)), if silent.is_some() => self.give_up().await,
            }
        }
        self.abort(RunStatus::Aborted);
        self.set(KernelState::Dead);
        self.shared.ring.close();
    }

    async fn obey(&mut self, command: Command) {
        match command {
            // A viewer that lost its connection may send again what had come through.
            Command::Execute(execute) if self.knows(&execute.request_id) => {}
            Command::Execute(execute) => {
                self.enqueue(execute);
                self.advance().await;
            }
            Command::Interrupt => self.interrupt().await,
            Command::Restart(answer) => {
                let outcome = self.restart().await;
                // Whoever asked may be gone.
                let _ = answer.send(outcome);
                self.advance().await;
            }
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
    async fn advance(&mut self) {
        while self.run.is_none() {
            let Some(execute) = self.queue.pop_front() else {
                return;
            };
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

    async fn begin(&mut self, execute: Execute) {
        let Some(kernel) = &mut self.kernel else {
            return;
        };
        let code = self.start.launch.spec.is_deno().then(|| execute.code.clone());
        let message_id = match kernel.execute(execute.code, false).await {
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
        self.run = Some(Run {
            request_id: execute.request_id,
            message_id,
            code,
            stop_on_error: execute.stop_on_error,
            started: Instant::now(),
            heard: Instant::now(),
            count: None,
            status: None,
            idle: false,
            behind: None,
            failed: false,
            interrupted: false,
        });
        self.set(KernelState::Busy);
    }

    fn refuse(&mut self, request: &Arc<str>, error: &ApiError) {
        self.outputs.push(Some(request), output::error("KernelNotAvailable", error.message.clone()));
        self.done(request, RunStatus::Error, None, Duration::ZERO);
    }

    async fn hear(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Output(message) => self.output(message),
            Incoming::Reply(message) => self.reply(message).await,
            Incoming::Unreadable(reason) => {
                let request = self.run.as_ref().map(|run| run.request_id.clone());
                self.outputs.push(request.as_ref(), output::unreadable(&reason));
            }
            Incoming::Ended(how) => self.died(&how),
        }
        self.settle().await;
    }

    fn output(&mut self, message: JupyterMessage) {
        let parent = message.parent_header.as_ref().map(|parent| parent.msg_id.as_str());
        let known = self.runs.iter().rev().find(|(id, _)| Some(id.as_str()) == parent);
        let request = known.map(|(_, request)| request.clone());
        let behind = |run: &&mut Run| run.behind.as_ref().is_some_and(|id| is_child_of(&message, id));
        if let Some(run) = self.run.as_mut().filter(behind) {
            run.idle |= is_idle(&message);
        }
        if let Some(run) = self.run.as_mut().filter(|run| is_child_of(&message, &run.message_id)) {
            run.idle |= is_idle(&message);
            run.heard = Instant::now();
            match &message.content {
                JupyterMessageContent::ExecuteInput(input) => {
                    run.count = u32::try_from(input.execution_count.value()).ok();
                }
                JupyterMessageContent::ErrorOutput(_) => run.failed = true,
                _ => {}
            }
        }
        match output::lines(message.content) {
            Some(Lines::Stream(name, text)) => {
                self.outputs.stream(request.as_ref(), name, text, Instant::now())
            }
            Some(Lines::Event(event)) => self.outputs.push(request.as_ref(), event),
            None => {}
        }
    }

    async fn reply(&mut self, message: JupyterMessage) {
        let Some(run) = self.run.as_mut().filter(|run| is_child_of(&message, &run.message_id)) else {
            return;
        };
        let Some(reply) = execute_reply(message) else {
            return;
        };
        let request = run.request_id.clone();
        let status = match reply.status {
            ReplyStatus::Ok => RunStatus::Ok,
            ReplyStatus::Error | ReplyStatus::Aborted => RunStatus::Error,
        };
        run.status = Some(status);
        run.heard = Instant::now();
        run.count = run.count.or_else(|| u32::try_from(reply.execution_count.value()).ok());
        // Some kernels tell an error only in their reply.
        let untold = status == RunStatus::Error && !std::mem::replace(&mut run.failed, true);
        let (interrupted, code) = (run.interrupted, run.code.take());
        for page in output::pages(reply.payload) {
            self.outputs.push(Some(&request), page);
        }
        if untold {
            let error = match code {
                _ if interrupted => output::error("Interrupted", "The run was interrupted".to_owned()),
                Some(code) => diagnose::syntax_error(&self.start.launch, &code).await,
                None => output::untold_error(reply.error),
            };
            self.outputs.push(Some(&request), error);
        }
    }

    /// Where a kernel ends early, waits for the answer to a question asked behind the run.
    async fn ask_behind(&mut self) {
        let (Some(run), Some(kernel)) = (&mut self.run, &mut self.kernel) else {
            return;
        };
        let over = run.idle && run.status.is_some() && run.behind.is_none();
        if over && self.start.launch.spec.ends_early() {
            tokio::time::sleep(LATE).await;
            // A kernel that cannot be asked has ended, which is told otherwise.
            run.behind = kernel.ask().await.ok();
            run.idle = run.behind.is_none();
        }
    }

    /// Ends the run when the kernel has both answered and said that all output is out.
    async fn settle(&mut self) {
        self.ask_behind().await;
        let finished = |run: &Run| run.idle && run.status.is_some();
        let Some(run) = self.run.take_if(|run| finished(run)) else {
            return;
        };
        let status = run.status.unwrap_or(RunStatus::Error);
        self.done(&run.request_id, status, run.count, run.started.elapsed());
        if status != RunStatus::Ok && run.stop_on_error {
            self.abort_queue();
        }
        if self.queue.is_empty() {
            self.set(KernelState::Idle);
        }
        self.advance().await;
    }

    /// Ends a run whose last words were lost.
    async fn give_up(&mut self) {
        if let Some(run) = &mut self.run {
            run.idle = true;
            run.behind.get_or_insert_default();
            let request = run.request_id.clone();
            self.outputs.push(Some(&request), output::unreadable("the kernel dropped some of it"));
        }
        self.settle().await;
    }

    fn died(&mut self, how: &str) {
        self.kernel = None;
        if let Some(run) = self.run.take() {
            let text = format!("The kernel ended by itself ({how}). Its variables are gone.");
            self.outputs.push(Some(&run.request_id), output::error("KernelDied", text));
            self.done(&run.request_id, RunStatus::Error, run.count, run.started.elapsed());
        }
        self.abort_queue();
        self.set(KernelState::Dead);
    }

    async fn interrupt(&mut self) {
        self.abort_queue();
        if let (Some(run), Some(kernel)) = (&mut self.run, &mut self.kernel) {
            run.interrupted = true;
            kernel.interrupt(self.start.launch.spec.interrupted_by_message()).await;
        }
    }

    async fn restart(&mut self) -> Result<(), ApiError> {
        self.abort(RunStatus::Aborted);
        self.renew().await
    }

    async fn renew(&mut self) -> Result<(), ApiError> {
        self.kernel = None;
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

    fn abort(&mut self, status: RunStatus) {
        if let Some(run) = self.run.take() {
            self.done(&run.request_id, status, run.count, run.started.elapsed());
        }
        self.abort_queue();
    }

    fn abort_queue(&mut self) {
        for execute in std::mem::take(&mut self.queue) {
            self.done(&execute.request_id, RunStatus::Aborted, None, Duration::ZERO);
        }
    }

    fn done(&mut self, request: &Arc<str>, status: RunStatus, count: Option<u32>, took: Duration) {
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let done = ContextEvent::Done { status, execution_count: count, duration_ms };
        self.outputs.push(Some(request), done);
    }

    fn set(&mut self, state: KernelState) {
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
