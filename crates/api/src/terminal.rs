//! Terminals: a login shell under a PTY, bound to a session, replayable by cursor.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// Body of `POST /api/terminals`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[ts(export, optional_fields)]
pub struct CreateTerminal {
    pub id: Option<String>,
    /// For people; `Terminal N` when absent.
    pub name: Option<String>,
    /// The session whose directory and environment it starts from, and shares if it is a login
    /// shell; `default` when absent.
    pub session_id: Option<String>,
    /// argv; the login shell when absent.
    pub command: Option<Vec<String>>,
    pub cwd: Option<String>,
    pub env: Option<BTreeMap<String, Option<String>>>,
    pub cols: Option<u16>,
    pub rows: Option<u16>,
}

/// Body of `PATCH /api/terminals/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[ts(export, optional_fields)]
pub struct PatchTerminal {
    pub name: Option<String>,
}

/// One terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct Terminal {
    pub id: String,
    pub name: String,
    pub session_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    pub cols: u16,
    pub rows: u16,
    pub running: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// RFC 3339, UTC.
    pub created_at: String,
}

/// A text frame from the agent on `/ws/terminal`. Binary frames between them are PTY output; the
/// position of each byte is the last told cursor plus what followed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
#[ts(export)]
pub enum TerminalFrame {
    /// Sent first: the next binary frame starts at `cursor`.
    Ready {
        cursor: u64,
        terminal: Terminal,
    },
    /// Everything that existed when the viewer attached has been sent.
    Replayed {
        cursor: u64,
    },
    /// Bytes before `cursor` are gone; the next binary frame starts there.
    Truncated {
        cursor: u64,
    },
    /// The size of the PTY changed, perhaps by another viewer.
    Resized {
        cols: u16,
        rows: u16,
    },
    /// The shell ended. `cursor` counts all its output.
    #[schema(rename_all = "camelCase")]
    Exit {
        cursor: u64,
        exit_code: i32,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        signal: Option<String>,
    },
    /// It was restarted in place; output goes on at `cursor`.
    Restarted {
        cursor: u64,
    },
    Error {
        code: crate::ErrorCode,
        message: String,
    },
}

/// A text frame from a viewer on `/ws/terminal`. Its binary frames are input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
#[ts(export)]
pub enum TerminalControl {
    Resize {
        cols: u16,
        rows: u16,
    },
    /// The viewer has drawn everything before `cursor`: credit for as many bytes more.
    Ack {
        cursor: u64,
    },
}
