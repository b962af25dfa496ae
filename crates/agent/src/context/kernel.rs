//! One running kernel: its process, and messages to and from it.

use std::time::Duration;

use jupyter_protocol::{
    ConnectionInfo, ExecuteReply, ExecuteRequest, ExecutionState, InputReply, InputRequest, InterruptRequest,
    JupyterMessage, JupyterMessageContent, KernelInfoRequest, ReplyStatus,
};
use jupyter_zmq_client::{
    ClientIoPubConnection, DealerRecvConnection, DealerSendConnection, RuntimeError,
    create_client_control_connection, create_client_iopub_connection,
    create_client_shell_connection_with_identity, create_client_stdin_connection_with_identity,
    peer_identity_for_session,
};
use rustix::process::{Pid, Signal, kill_process_group};
use sandpit_api::{ApiError, ErrorCode};
use tempfile::TempDir;
use tokio::process::Child;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::hidden::Hidden;
use crate::port::listening;

/// Messages between the kernel and the agent.
const QUEUE: usize = 256;
/// A subscription may be late: the kernel is asked again after this.
const NUDGE: Duration = Duration::from_millis(50);
/// Preparing a kernel that was handed out takes no longer.
const SILENT: Duration = Duration::from_secs(60);

/// What comes from a kernel.
#[derive(Debug)]
pub enum Incoming {
    /// On the channel that everybody hears.
    Output(JupyterMessage),
    /// The answer to a request.
    Reply(JupyterMessage),
    /// The code that runs wants a line of text.
    Question(InputRequest),
    /// A message that could not be read; the text says why.
    Unreadable(String),
    /// The process is gone; the text says how.
    Ended(String),
}

/// The process, killed with everything in its group when dropped.
pub struct Process {
    group: Option<Pid>,
    ended: watch::Receiver<Option<String>>,
    _dir: TempDir,
    hidden: Hidden,
}

impl Process {
    pub fn new(mut child: Child, dir: TempDir, hidden: Hidden) -> Self {
        let group = child.id().and_then(|id| Pid::from_raw(id as i32));
        let (tell, ended) = watch::channel(None);
        tokio::spawn(async move {
            let text = match child.wait().await {
                Ok(status) => status.to_string(),
                Err(error) => error.to_string(),
            };
            // Nobody may listen any more.
            let _ = tell.send(Some(text));
        });
        Self { group, ended, _dir: dir, hidden }
    }

    /// Waits for its end, and says how it came.
    pub async fn ended(&mut self) -> String {
        match self.ended.wait_for(Option::is_some).await {
            Ok(status) => status.clone().unwrap_or_default(),
            Err(_) => "it is not known how".to_owned(),
        }
    }

    /// Hides what the process listens on by now: nobody has used it yet, so it is the kernel's own.
    pub fn hide_ports(&mut self) {
        if let Some(group) = self.group {
            self.hidden.extend(&listening::ports_of(group.as_raw_nonzero().get()));
        }
    }

    pub fn signal(&self, signal: Signal) {
        if let Some(group) = self.group.filter(|_| self.ended.borrow().is_none()) {
            // A group that is gone needs no signal.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // What a cell started goes too, also after the kernel itself.
        if let Some(group) = self.group {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// The sockets to a kernel that has answered.
pub struct Connected {
    iopub: ClientIoPubConnection,
    shell: DealerSendConnection,
    replies: DealerRecvConnection,
    control: DealerSendConnection,
    control_replies: DealerRecvConnection,
    input: DealerSendConnection,
    questions: DealerRecvConnection,
}

/// How code is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It leaves no trace: no count, no history, no result.
    Silent,
    Told {
        /// Somebody is there who can be asked for input.
        asks: bool,
    },
}

impl Connected {
    /// Connects, and waits until an answer and an output have come.
    pub async fn new(info: &ConnectionInfo) -> Result<Self, RuntimeError> {
        let session = uuid::Uuid::now_v7().simple().to_string();
        let identity = peer_identity_for_session(&session)?;
        let iopub = create_client_iopub_connection(info, "", &session).await?;
        let shell = create_client_shell_connection_with_identity(info, &session, identity.clone()).await?;
        // The kernel asks whoever has the shell's identity.
        let input = create_client_stdin_connection_with_identity(info, &session, identity).await?;
        let control = create_client_control_connection(info, &session).await?;
        let (shell, replies) = shell.split();
        let (control, control_replies) = control.split();
        let (input, questions) = input.split();
        let mut connected = Self { iopub, shell, replies, control, control_replies, input, questions };
        connected.greet().await?;
        Ok(connected)
    }

    /// A subscription takes effect some time after it was made. What a kernel says before is lost,
    /// so it is asked something harmless until it was heard.
    async fn greet(&mut self) -> Result<(), RuntimeError> {
        let (mut answered, mut heard) = (false, false);
        self.shell.send(KernelInfoRequest {}.into()).await?;
        while !(answered && heard) {
            tokio::select! {
                reply = self.replies.read() => answered |= reply.is_ok(),
                output = self.iopub.read() => heard |= output.is_ok(),
                () = sleep(NUDGE), if answered => self.shell.send(KernelInfoRequest {}.into()).await?,
            }
        }
        Ok(())
    }
}

/// A kernel that has answered.
pub struct Kernel {
    // First: sockets that outlive their kernel try to find it again.
    _readers: JoinSet<()>,
    shell: DealerSendConnection,
    control: DealerSendConnection,
    input: DealerSendConnection,
    incoming: mpsc::Receiver<Incoming>,
    process: Process,
}

impl Kernel {
    pub fn new(process: Process, connected: Connected) -> Self {
        let Connected { iopub, shell, replies, control, control_replies, input, questions } = connected;
        let (send, incoming) = mpsc::channel(QUEUE);
        let mut readers = JoinSet::new();
        readers.spawn(outputs(iopub, send.clone()));
        readers.spawn(answers(replies, send.clone()));
        readers.spawn(asked(questions, send.clone()));
        readers.spawn(ignored(control_replies));
        let mut ended = process.ended.clone();
        readers.spawn(async move {
            let how = match ended.wait_for(Option::is_some).await {
                Ok(how) => how.clone().unwrap_or_default(),
                Err(_) => return,
            };
            let _ = send.send(Incoming::Ended(how)).await;
        });
        Self { _readers: readers, shell, control, input, incoming, process }
    }

    /// The next message; safe to be cancelled.
    pub async fn next(&mut self) -> Incoming {
        let ended = || Incoming::Ended("its sockets are gone".to_owned());
        self.incoming.recv().await.unwrap_or_else(ended)
    }

    /// Asks for `code` to be run; answers with the id that its outputs name.
    pub async fn execute(&mut self, code: String, manner: Manner) -> Result<String, RuntimeError> {
        let silent = manner == Manner::Silent;
        let request = ExecuteRequest {
            code,
            silent,
            store_history: !silent,
            user_expressions: None,
            allow_stdin: manner == Manner::Told { asks: true },
            // The queue is the agent's; the kernel holds one run at a time.
            stop_on_error: false,
        };
        let message: JupyterMessage = request.into();
        let id = message.header.msg_id.clone();
        self.shell.send(message).await?;
        Ok(id)
    }

    /// Answers what the running code asked for.
    pub async fn answer(&mut self, value: String) -> Result<(), RuntimeError> {
        self.input.send(InputReply { value, ..InputReply::default() }.into()).await
    }

    /// Asks something harmless; answers with the id that its answer names.
    pub async fn ask(&mut self) -> Result<String, RuntimeError> {
        let message: JupyterMessage = KernelInfoRequest {}.into();
        let id = message.header.msg_id.clone();
        self.shell.send(message).await?;
        Ok(id)
    }

    /// Runs code that leaves no trace, before anybody uses the kernel.
    pub async fn run_silently(&mut self, code: String) -> Result<(), ApiError> {
        let failed =
            |text: String| ApiError::new(ErrorCode::CodeExecutionError, text).during("context.create");
        let id = self.execute(code, Manner::Silent).await.map_err(|error| failed(error.to_string()))?;
        let (mut replied, mut idle) = (None, false);
        let finished = timeout(SILENT, async {
            while replied.is_none() || !idle {
                match self.next().await {
                    Incoming::Reply(message) if is_child_of(&message, &id) => {
                        replied = execute_reply(message)
                    }
                    Incoming::Output(message) if is_child_of(&message, &id) => idle |= is_idle(&message),
                    Incoming::Ended(how) => return Err(failed(format!("the kernel ended ({how})"))),
                    _ => {}
                }
            }
            Ok(())
        });
        finished.await.map_err(|_| failed("the kernel does not answer".to_owned()))??;
        match replied {
            Some(ExecuteReply { status: ReplyStatus::Ok, .. }) => Ok(()),
            reply => Err(failed(describe(reply))),
        }
    }

    /// Whether its process runs.
    pub fn is_alive(&self) -> bool {
        self.process.ended.borrow().is_none()
    }

    /// Asks what runs to stop.
    pub async fn interrupt(&mut self, by_message: bool) {
        if by_message {
            // A kernel whose socket is gone has ended, which is told otherwise.
            let _ = self.control.send(InterruptRequest {}.into()).await;
        } else {
            self.process.signal(Signal::INT);
        }
    }
}

fn describe(reply: Option<ExecuteReply>) -> String {
    match reply.and_then(|reply| reply.error) {
        Some(error) => format!("{}: {}", error.ename, error.evalue),
        None => "the kernel refused".to_owned(),
    }
}

/// Whether `message` answers the request with `id`.
pub fn is_child_of(message: &JupyterMessage, id: &str) -> bool {
    message.parent_header.as_ref().is_some_and(|parent| parent.msg_id == id)
}

/// Whether `message` says that what was asked for is done, outputs included.
pub fn is_idle(message: &JupyterMessage) -> bool {
    matches!(&message.content, JupyterMessageContent::Status(status)
        if status.execution_state == ExecutionState::Idle)
}

/// The reply to an execute request.
pub fn execute_reply(message: JupyterMessage) -> Option<ExecuteReply> {
    match message.content {
        JupyterMessageContent::ExecuteReply(reply) => Some(reply),
        _ => None,
    }
}

async fn outputs(mut iopub: ClientIoPubConnection, send: mpsc::Sender<Incoming>) {
    loop {
        let incoming = match iopub.read().await {
            Ok(message) => Incoming::Output(message),
            Err(error) if is_end(&error) => return,
            Err(error) => Incoming::Unreadable(error.to_string()),
        };
        if send.send(incoming).await.is_err() {
            return;
        }
    }
}

async fn answers(mut replies: DealerRecvConnection, send: mpsc::Sender<Incoming>) {
    loop {
        let incoming = match replies.read().await {
            Ok(message) => Incoming::Reply(message),
            Err(error) if is_end(&error) => return,
            Err(error) => Incoming::Unreadable(error.to_string()),
        };
        if send.send(incoming).await.is_err() {
            return;
        }
    }
}

async fn asked(mut questions: DealerRecvConnection, send: mpsc::Sender<Incoming>) {
    loop {
        let incoming = match questions.read().await {
            Ok(JupyterMessage { content: JupyterMessageContent::InputRequest(request), .. }) => {
                Incoming::Question(request)
            }
            Ok(_) => continue,
            Err(error) if is_end(&error) => return,
            Err(error) => Incoming::Unreadable(error.to_string()),
        };
        if send.send(incoming).await.is_err() {
            return;
        }
    }
}

async fn ignored(mut replies: DealerRecvConnection) {
    loop {
        match replies.read().await {
            Err(error) if is_end(&error) => return,
            _ => {}
        }
    }
}

/// Whether nothing more can come after `error`, as opposed to one message being broken.
fn is_end(error: &RuntimeError) -> bool {
    matches!(error, RuntimeError::ZmqError(_) | RuntimeError::IoError(_))
}
