//! Changes in the sandbox's files: the reference's server-sent shape, and the tree's socket.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::file::FileInfo;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS, ToSchema)]
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
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[ts(export, optional_fields)]
pub struct Watch {
    #[ts(optional = false)]
    pub path: String,
    /// `true` when absent.
    pub recursive: Option<bool>,
    /// Only what one of these names; not together with `exclude`. `*`, `**` and `?`.
    pub include: Option<Vec<String>>,
    /// `.git`, `node_modules` and `.DS_Store` when neither list has anything.
    pub exclude: Option<Vec<String>>,
    /// All but `attrib` when absent.
    pub events: Option<Vec<ChangeType>>,
    pub session_id: Option<String>,
}

/// Body of `POST /api/watch/check`: a `Watch`, and what is known already.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[ts(export, optional_fields)]
pub struct CheckChanges {
    #[ts(optional = false)]
    pub path: String,
    /// `true` when absent.
    pub recursive: Option<bool>,
    pub include: Option<Vec<String>>,
    pub exclude: Option<Vec<String>>,
    /// All but `attrib` when absent.
    pub events: Option<Vec<ChangeType>>,
    pub session_id: Option<String>,
    /// The `version` of an earlier answer to the same question.
    pub since: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum ChangesStatus {
    Unchanged,
    Changed,
    /// What `since` names is not known any more: read the folder again.
    Resync,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum ResyncReason {
    /// Nobody asked for too long, or it was another question, or the path was made anew.
    Expired,
    /// The sandbox was restarted.
    Restarted,
}

/// Answer of `POST /api/watch/check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct Changes {
    pub status: ChangesStatus,
    /// With `resync`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ResyncReason>,
    /// To be sent as `since` next time.
    pub version: String,
}

/// One server-sent event of `POST /api/watch` (reference §2.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
#[ts(export)]
pub enum WatchEvent {
    #[schema(rename_all = "camelCase")]
    Watching {
        path: String,
        watch_id: String,
    },
    #[schema(rename_all = "camelCase")]
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
    /// The watch has failed, and ends here.
    Error {
        error: String,
        code: crate::ErrorCode,
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
