//! Files of a sandbox. Paths are absolute, or relative to `/workspace`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export)]
pub enum FileType {
    File,
    Directory,
    Symlink,
    Other,
}

/// What the sandbox's user may do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(export)]
pub struct Permissions {
    pub readable: bool,
    pub writable: bool,
    pub executable: bool,
}

/// One entry of `POST /api/list-files`, and what a watch event carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export, optional_fields)]
pub struct FileInfo {
    pub name: String,
    pub absolute_path: String,
    /// Relative to the listed folder.
    pub relative_path: String,
    #[serde(rename = "type")]
    pub kind: FileType,
    /// Bytes.
    pub size: u64,
    /// RFC 3339, UTC.
    pub modified_at: String,
    /// For example `rwxr-xr-x`.
    pub mode: String,
    pub permissions: Permissions,
    /// Where a symbolic link points, as written in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// For a symbolic link to a folder: it can be listed like one.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    #[ts(as = "Option<bool>")]
    pub target_is_directory: bool,
}

/// Options that are not known are ignored: the official client passes on whatever it was given, `sessionId` too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[ts(export, optional_fields)]
pub struct ListFilesOptions {
    #[ts(as = "Option<bool>")]
    pub recursive: bool,
    #[ts(as = "Option<bool>")]
    pub include_hidden: bool,
}

/// Body of `POST /api/list-files`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[ts(export, optional_fields)]
pub struct ListFiles {
    #[ts(optional = false)]
    pub path: String,
    #[ts(as = "Option<ListFilesOptions>")]
    pub options: ListFilesOptions,
    pub session_id: Option<String>,
}

/// Answer of `POST /api/list-files`, in no particular order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct FileList {
    pub success: bool,
    pub path: String,
    pub files: Vec<FileInfo>,
    pub count: usize,
    pub timestamp: String,
}

/// Answer of `POST /api/trash`: what was put aside, to be given to `POST /api/trash/restore` as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Trashed {
    pub entries: Vec<TrashEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TrashEntry {
    /// Where it was.
    pub path: String,
    /// Where it is now.
    pub trashed_path: String,
}
