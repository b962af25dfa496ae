//! Changes in the sandbox's files: the reference's server-sent shape, and the tree's socket.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::file::FileInfo;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum ChangeType {
    Create,
    Modify,
    Delete,
    MoveFrom,
    MoveTo,
    Attrib,
}

/// Body of `POST /api/watch`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[ts(export, optional_fields)]
pub struct Watch {
    #[ts(optional = false)]
    pub path: String,
    /// `true` when absent.
    pub recursive: Option<bool>,
    pub include: Option<Vec<String>>,
    pub exclude: Option<Vec<String>>,
    pub session_id: Option<String>,
}

/// One server-sent event of `POST /api/watch` (reference §2.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
#[ts(export)]
pub enum WatchEvent {
    Watching {
        path: String,
        watch_id: String,
    },
    Event {
        event_type: ChangeType,
        path: String,
        is_directory: bool,
        timestamp: String,
    },
    /// Changes were missed: read the folder again.
    Resync {
        path: String,
        timestamp: String,
    },
    Error {
        error: String,
    },
    Stopped {
        reason: String,
    },
}

/// One change in a watched folder. `file` is absent when the entry is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct Change {
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<FileInfo>,
}

/// A text frame from the agent on `/ws/watch`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
#[ts(export)]
pub enum WatchFrame {
    /// The folder is watched from now on.
    Watching { path: String },
    /// Entries directly in watched folders that changed, at most one line for each path.
    Changes { changes: Vec<Change> },
    /// Changes under `path` were missed: list it again.
    Resync { path: String },
    /// The folder cannot be watched, or is gone.
    Unwatched { path: String, code: crate::ErrorCode, message: String },
}

/// A text frame from a viewer on `/ws/watch`. Folders are watched one by one, not recursively.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
#[ts(export)]
pub enum WatchControl {
    Watch { path: String },
    Unwatch { path: String },
}
