//! What a kernel says, turned into frames, and what follows from it for the run.

use std::sync::Arc;
use std::time::Duration;

use jupyter_protocol::{InputRequest, JupyterMessage, ReplyStatus};
use sandpit_api::context::{ContextEvent, KernelState, RunStatus, StreamName};
use tokio::time::Instant;

use super::actor::Actor;
use super::diagnose;
use super::kernel::{Incoming, execute_reply, is_child_of, is_idle};
use super::output::{self, Lines};
use super::prepare;
use super::run::{Run, Stop};

/// A kernel that ends early hands its output to another task, which may be at it this long after the run.
const LATE: Duration = Duration::from_millis(25);
/// What is shown for a line that must not be seen.
const MASK: &str = "········";

/// What a run waits to be told by a person.
pub struct Question {
    id: String,
    request: Arc<str>,
    prompt: String,
    password: bool,
}

impl Actor {
    pub(super) async fn hear(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Output(message) => self.output(message),
            Incoming::Reply(message) => self.reply(message).await,
            Incoming::Question(request) => self.ask(request),
            Incoming::Unreadable(reason) => {
                let request = self.run.as_ref().map(|run| run.request_id.clone());
                self.outputs.push(request.as_ref(), output::unreadable(&reason));
            }
            Incoming::Ended(how) => self.died(&how),
        }
        self.tell_stop().await;
        self.settle().await;
    }

    fn output(&mut self, message: JupyterMessage) {
        let idle = is_idle(&message);
        let parent = message.parent_header.map(|parent| parent.msg_id).unwrap_or_default();
        let known = self.runs.iter().rev().find(|(id, _)| *id == parent);
        let request = known.map(|(_, request)| request.clone());
        self.heard_behind(&parent, idle);
        let event = match output::lines(message.content) {
            Some(Lines::Stream(name, text)) => {
                self.heard(&parent, idle);
                return self.outputs.stream(request.as_ref(), name, text, Instant::now());
            }
            Some(Lines::Event(event)) => Some(event),
            None => None,
        };
        let run = self.heard(&parent, idle);
        match (event, run) {
            (Some(ContextEvent::Error { ename, evalue, traceback }), Some(run)) => {
                run.failed = true;
                let late = run.stop_error(&traceback);
                let error = late.unwrap_or(ContextEvent::Error { ename, evalue, traceback });
                self.conclude(request.as_ref(), error);
            }
            (Some(result @ ContextEvent::Result { .. }), Some(_)) => {
                self.conclude(request.as_ref(), result);
            }
            (Some(ContextEvent::Started { execution_count }), Some(run)) => {
                run.count = Some(execution_count);
                self.outputs.push(request.as_ref(), ContextEvent::Started { execution_count });
            }
            // What the agent runs itself begins unseen.
            (Some(ContextEvent::Started { .. }) | None, _) => {}
            (Some(event), _) => self.outputs.push(request.as_ref(), event),
        }
    }

    /// Tells what the present run came to; after all of its output, where that may still be on its way.
    fn conclude(&mut self, request: Option<&Arc<str>>, event: ContextEvent) {
        let early = self.start.launch.spec.ends_early();
        match self.run.as_mut().filter(|_| early) {
            Some(run) => run.conclusion = Some(event),
            None => self.outputs.push(request, event),
        }
    }

    /// Tells what was held back until all output was out.
    fn tell_conclusion(&mut self, run: &mut Run) {
        let untold = run.untold.take().filter(|_| !run.failed);
        run.failed |= untold.is_some();
        for event in run.pages.drain(..).chain(run.conclusion.take()).chain(untold) {
            self.outputs.push(Some(&run.request_id), event);
        }
    }

    /// The present run, when it is the one that `parent` names.
    fn heard(&mut self, parent: &str, idle: bool) -> Option<&mut Run> {
        let run = self.run.as_mut().filter(|run| run.message_id == parent)?;
        run.idle |= idle;
        run.words_awaited &= !idle;
        run.heard = Instant::now();
        Some(run)
    }

    /// The answer to a question behind the present run: what has not come before it never will.
    fn heard_behind(&mut self, parent: &str, idle: bool) {
        let behind = self.run.as_mut().filter(|run| run.behind.as_deref() == Some(parent));
        let Some(run) = behind.filter(|_| idle) else {
            return;
        };
        run.idle = true;
        if run.words_awaited {
            let request = run.request_id.clone();
            self.tell_dropped(&request);
        }
    }

    fn tell_dropped(&mut self, request: &Arc<str>) {
        self.outputs.push(Some(request), output::unreadable("the kernel dropped some of it"));
    }

    async fn reply(&mut self, message: JupyterMessage) {
        let Some(run) = self.run.as_mut().filter(|run| is_child_of(&message, &run.message_id)) else {
            return;
        };
        let Some(reply) = execute_reply(message) else {
            return;
        };
        let status = match reply.status {
            ReplyStatus::Ok => RunStatus::Ok,
            ReplyStatus::Error | ReplyStatus::Aborted => RunStatus::Error,
        };
        run.status = Some(status);
        run.heard = Instant::now();
        run.count = run.count.or_else(|| u32::try_from(reply.execution_count.value()).ok());
        run.pages = output::pages(reply.payload).collect();
        // Some kernels tell an error only in their reply. Whether this one does is known when all output is
        // out: it comes on a channel of its own, before the reply or after it.
        if status == RunStatus::Ok || run.failed {
            return;
        }
        let (stopped, code) = (run.stopped, run.code.take());
        let error = match (run.stop_error(&[]), stopped, code) {
            (Some(error), ..) => error,
            (_, Some((Stop::Interrupted | Stop::Abandoned, _)), _) => output::interrupted(),
            (_, _, Some(code)) => diagnose::refusal(&self.start.launch, &code).await,
            _ => output::untold_error(reply.error),
        };
        run.untold = Some(error);
    }

    fn ask(&mut self, InputRequest { prompt, password }: InputRequest) {
        let Some(run) = &self.run else {
            return;
        };
        let id = uuid::Uuid::now_v7().to_string();
        let request = run.request_id.clone();
        let event = ContextEvent::InputRequest { input_id: id.clone(), prompt: prompt.clone(), password };
        self.outputs.push(Some(&request), event);
        self.question = Some(Question { id, request, prompt, password });
    }

    /// The first answer counts; a later one, or one to a question that is over, is for nobody.
    pub(super) async fn answer(&mut self, input_id: &str, value: String) {
        let (Some(question), Some(kernel)) =
            (self.question.take_if(|question| question.id == input_id), &mut self.kernel)
        else {
            return;
        };
        let shown = if question.password { MASK } else { &value };
        let text = format!("{}{shown}\n", question.prompt);
        let replied = ContextEvent::InputReplied { input_id: input_id.to_owned() };
        self.outputs.push(Some(&question.request), replied);
        let echo = ContextEvent::Stream { name: StreamName::Stdout, text };
        self.outputs.push(Some(&question.request), echo);
        // A kernel that cannot be told has ended, which is told otherwise.
        let _ = kernel.answer(value).await;
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
        let Some(mut run) = self.run.take_if(|run| finished(run)) else {
            return;
        };
        self.question = None;
        self.tell_conclusion(&mut run);
        let mut status = run.status.unwrap_or(RunStatus::Error);
        // Code may swallow its interruption and end in peace.
        if let Some(error) = run.stop_error(&[]).filter(|_| !run.failed) {
            self.outputs.push(Some(&run.request_id), error);
            status = RunStatus::Error;
        }
        self.give_back(&run).await;
        self.done(&run.request_id, status, run.count, run.started.elapsed());
        if status != RunStatus::Ok && run.stop_on_error {
            self.abort_queue();
        }
        if self.queue.is_empty() {
            self.set(KernelState::Idle);
        }
        self.advance().await;
    }

    /// The environment is again what it was before the run.
    async fn give_back(&mut self, run: &Run) {
        let dialect = self.start.launch.spec.dialect().filter(|_| run.lent);
        if let (Some(dialect), Some(kernel)) = (dialect, &mut self.kernel) {
            // A kernel that cannot be told has ended, and its environment with it.
            let _ = kernel.execute(prepare::restore(dialect), super::kernel::Manner::Silent).await;
        }
    }

    /// Ends a run that was interrupted before the kernel came to it.
    pub(super) async fn take_as_dropped(&mut self) {
        if let Some(run) = &mut self.run {
            (run.status, run.failed) = (Some(RunStatus::Error), true);
            let error = run.stop_error(&[]).unwrap_or_else(output::interrupted);
            let request = run.request_id.clone();
            self.conclude(Some(&request), error);
        }
        self.settle().await;
    }

    /// Asks the kernel, which has answered, something that it answers behind all of its output.
    pub(super) async fn ask_for_words(&mut self) {
        let (Some(run), Some(kernel)) = (&mut self.run, &mut self.kernel) else {
            return;
        };
        // A kernel that cannot be asked has ended, which is told otherwise.
        run.behind = Some(kernel.ask().await.unwrap_or_default());
        run.words_awaited = true;
        run.heard = Instant::now();
    }

    /// Ends a run of whose output nothing more will come.
    pub(super) async fn give_up(&mut self) {
        if let Some(run) = &mut self.run {
            run.idle = true;
            let request = run.request_id.clone();
            self.tell_dropped(&request);
        }
        self.settle().await;
    }

    fn died(&mut self, how: &str) {
        (self.kernel, self.question) = (None, None);
        if let Some(mut run) = self.run.take() {
            self.tell_conclusion(&mut run);
            let text = format!("The kernel ended by itself ({how}). Its variables are gone.");
            self.outputs.push(Some(&run.request_id), output::error("KernelDied", text));
            self.done(&run.request_id, RunStatus::Error, run.count, run.started.elapsed());
        }
        self.abort_queue();
        self.set(KernelState::Dead);
    }
}
