//! Code contexts: a Jupyter kernel each. The reference's routes (§4), and the notebook's socket.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;
use utoipa::ToSchema;

/// Body of `POST /api/contexts`. `language` is a name or alias (`python`, `javascript`,
/// `typescript`, `js`, `ts`, …) or the name of any kernelspec in the sandbox.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[ts(export, optional_fields)]
pub struct CreateContext {
    pub language: Option<String>,
    pub cwd: Option<String>,
    /// `null` unsets a variable.
    #[serde(alias = "envVars")]
    pub env_vars: Option<BTreeMap<String, Option<String>>>,
    /// Set in the kernel before anything runs, and again in each new kernel of the context. Names are
    /// identifiers of the language; any JSON value.
    #[ts(optional, type = "Record<string, unknown>")]
    #[schema(value_type = Option<Object>)]
    pub variables: Option<Map<String, Value>>,
    /// How long a run may take that does not say so itself, milliseconds; without it, or 0: no limit.
    #[serde(alias = "timeoutMs", alias = "timeout")]
    pub timeout_ms: Option<u64>,
}

/// Body of `POST /api/execute/code`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
#[ts(export, optional_fields)]
pub struct ExecuteCode {
    pub code: String,
    /// Without it the code runs in the default context of `language`.
    #[serde(alias = "contextId")]
    pub context_id: Option<String>,
    /// `python` when neither it nor a context is named.
    pub language: Option<String>,
    /// Milliseconds from when the run begins; before the context's own. 0: no limit.
    #[serde(alias = "timeoutMs", alias = "timeout")]
    pub timeout_ms: Option<u64>,
    /// For this run alone; `null` unsets a variable.
    #[serde(alias = "envVars")]
    pub env_vars: Option<BTreeMap<String, Option<String>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum KernelState {
    Starting,
    Idle,
    Busy,
    /// The kernel ended by itself; a restart makes a new one.
    Dead,
}

/// One context (`GET /api/contexts`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Context {
    pub id: String,
    pub language: String,
    pub cwd: String,
    pub state: KernelState,
    /// Name for people, for example `Python 3.11`.
    pub display_name: String,
    /// RFC 3339, UTC.
    pub created_at: String,
}

/// A kernel that the sandbox can start (`GET /api/kernels`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct KernelSpec {
    /// Kernelspec name, for example `python3` or `deno`.
    pub name: String,
    pub display_name: String,
    /// What it runs, for example `python` or `typescript`.
    pub language: String,
}

/// A whole MIME bundle: MIME type to its content, JSON or text (binary as base64).
pub type MimeBundle = Map<String, Value>;

/// A text frame from the agent on `/ws/context`. Frames are numbered; `?since=` resumes after one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct ContextFrame {
    pub cursor: u64,
    /// The `execute` it belongs to, as its sender named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    #[serde(flatten)]
    pub event: ContextEvent,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[ts(export)]
pub enum ContextEvent {
    /// Sent first; live frames follow the replayed ones.
    Ready {
        context: Context,
    },
    State {
        state: KernelState,
    },
    Queued,
    #[schema(rename_all = "camelCase")]
    Started {
        execution_count: u32,
    },
    Stream {
        name: StreamName,
        text: String,
    },
    #[schema(rename_all = "camelCase")]
    Display {
        #[ts(type = "Record<string, unknown>")]
        #[schema(value_type = Object)]
        data: MimeBundle,
        #[ts(type = "Record<string, unknown>")]
        #[schema(value_type = Object)]
        metadata: MimeBundle,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        display_id: Option<String>,
    },
    #[schema(rename_all = "camelCase")]
    UpdateDisplay {
        #[ts(type = "Record<string, unknown>")]
        #[schema(value_type = Object)]
        data: MimeBundle,
        #[ts(type = "Record<string, unknown>")]
        #[schema(value_type = Object)]
        metadata: MimeBundle,
        display_id: String,
    },
    #[schema(rename_all = "camelCase")]
    Result {
        #[ts(type = "Record<string, unknown>")]
        #[schema(value_type = Object)]
        data: MimeBundle,
        #[ts(type = "Record<string, unknown>")]
        #[schema(value_type = Object)]
        metadata: MimeBundle,
        execution_count: u32,
        /// A displayhook may give its result a display id, which later updates name.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        display_id: Option<String>,
    },
    Error {
        ename: String,
        evalue: String,
        traceback: Vec<String>,
    },
    ClearOutput {
        wait: bool,
    },
    /// The code waits for a line of text (`input()`); any viewer may answer with `input_reply`.
    #[schema(rename_all = "camelCase")]
    InputRequest {
        input_id: String,
        prompt: String,
        /// What is typed must not be shown.
        password: bool,
    },
    /// Somebody answered. What was shown of it follows as text.
    #[schema(rename_all = "camelCase")]
    InputReplied {
        input_id: String,
    },
    /// The run was interrupted some seconds ago and goes on: only a restart ends it.
    Unresponsive,
    #[schema(rename_all = "camelCase")]
    Done {
        status: RunStatus,
        execution_count: Option<u32>,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// Older frames are gone; what follows is what is left.
    Truncated,
    /// The kernel was restarted: its variables are gone.
    Restarted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum StreamName {
    Stdout,
    Stderr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum RunStatus {
    Ok,
    Error,
    /// Never ran: an earlier cell failed, or it was interrupted or the kernel restarted before its turn.
    Aborted,
}

/// A text frame from a viewer on `/ws/context`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[ts(export)]
pub enum ContextControl {
    #[schema(rename_all = "camelCase")]
    Execute {
        request_id: String,
        code: String,
        /// Abort what is queued behind it when it fails.
        #[serde(default)]
        #[ts(optional, as = "Option<bool>")]
        stop_on_error: bool,
    },
    Interrupt,
    Restart,
    /// Answers an `input_request`; the first answer counts.
    #[schema(rename_all = "camelCase")]
    InputReply {
        input_id: String,
        value: String,
    },
}
