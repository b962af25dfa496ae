//! The closed set of error codes and the one error body. The UI decides by code, never by message.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal => $status:literal),+ $(,)?) => {
        /// Why an operation failed. Names and statuses are the reference's (§3) where it has them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
        #[ts(export)]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $name)] $variant),+
        }

        impl ErrorCode {
            /// Every code, for tables and tests.
            pub const ALL: &[ErrorCode] = &[$(ErrorCode::$variant),+];

            /// The HTTP status this code is always sent with.
            pub const fn status(self) -> u16 {
                match self { $(ErrorCode::$variant => $status),+ }
            }

            /// The name on the wire, for example `FILE_NOT_FOUND`.
            pub const fn name(self) -> &'static str {
                match self { $(ErrorCode::$variant => $name),+ }
            }
        }
    };
}

codes! {
    // 400: the request can never succeed as it is.
    ValidationFailed = "VALIDATION_FAILED" => 400,
    InvalidCommand = "INVALID_COMMAND" => 400,
    InvalidPort = "INVALID_PORT" => 400,
    InvalidGitUrl = "INVALID_GIT_URL" => 400,
    IsDirectory = "IS_DIRECTORY" => 400,
    NotDirectory = "NOT_DIRECTORY" => 400,
    NameTooLong = "NAME_TOO_LONG" => 400,
    // 401, 403: who asks, or what it touches.
    Unauthorized = "UNAUTHORIZED" => 401,
    GitAuthFailed = "GIT_AUTH_FAILED" => 401,
    Forbidden = "FORBIDDEN" => 403,
    PermissionDenied = "PERMISSION_DENIED" => 403,
    CommandPermissionDenied = "COMMAND_PERMISSION_DENIED" => 403,
    ReadOnly = "READ_ONLY" => 403,
    // 404: the name means nothing here.
    RouteNotFound = "ROUTE_NOT_FOUND" => 404,
    SandboxNotFound = "SANDBOX_NOT_FOUND" => 404,
    EngineNotFound = "ENGINE_NOT_FOUND" => 404,
    SessionNotFound = "SESSION_NOT_FOUND" => 404,
    FileNotFound = "FILE_NOT_FOUND" => 404,
    CommandNotFound = "COMMAND_NOT_FOUND" => 404,
    ProcessNotFound = "PROCESS_NOT_FOUND" => 404,
    TerminalNotFound = "TERMINAL_NOT_FOUND" => 404,
    ContextNotFound = "CONTEXT_NOT_FOUND" => 404,
    PortNotExposed = "PORT_NOT_EXPOSED" => 404,
    InvalidToken = "INVALID_TOKEN" => 404,
    WatchNotFound = "WATCH_NOT_FOUND" => 404,
    GitRepositoryNotFound = "GIT_REPOSITORY_NOT_FOUND" => 404,
    GitBranchNotFound = "GIT_BRANCH_NOT_FOUND" => 404,
    BackupNotFound = "BACKUP_NOT_FOUND" => 404,
    MethodNotAllowed = "METHOD_NOT_ALLOWED" => 405,
    ProcessReadyTimeout = "PROCESS_READY_TIMEOUT" => 408,
    // 409, 410: the state is another one than the request supposes.
    SandboxExists = "SANDBOX_ALREADY_EXISTS" => 409,
    /// The sandbox is not running, so its agent cannot answer. `context.state` says what it is.
    SandboxNotRunning = "SANDBOX_NOT_RUNNING" => 409,
    SessionExists = "SESSION_ALREADY_EXISTS" => 409,
    FileExists = "FILE_EXISTS" => 409,
    /// The file on disk is not the version named by `If-Match`. `context.etag` is the present one.
    FileChanged = "FILE_CHANGED" => 409,
    PortAlreadyExposed = "PORT_ALREADY_EXPOSED" => 409,
    PortInUse = "PORT_IN_USE" => 409,
    ResourceBusy = "RESOURCE_BUSY" => 409,
    /// The process ended, or closed its standard input. `context.bytesWritten` says how much it was given.
    StdinClosed = "STDIN_CLOSED" => 409,
    OperationInterrupted = "OPERATION_INTERRUPTED" => 409,
    SessionDestroyed = "SESSION_DESTROYED" => 410,
    SessionTerminated = "SESSION_TERMINATED" => 410,
    StalePreviewUrl = "STALE_PREVIEW_URL" => 410,
    FileTooLarge = "FILE_TOO_LARGE" => 413,
    // 500: it was tried and did not work.
    NoSpace = "NO_SPACE" => 500,
    TooManyFiles = "TOO_MANY_FILES" => 500,
    TooManyLinks = "TOO_MANY_LINKS" => 500,
    FilesystemError = "FILESYSTEM_ERROR" => 500,
    CommandExecutionError = "COMMAND_EXECUTION_ERROR" => 500,
    StreamStartError = "STREAM_START_ERROR" => 500,
    ProcessError = "PROCESS_ERROR" => 500,
    ProcessExitedBeforeReady = "PROCESS_EXITED_BEFORE_READY" => 500,
    TerminalControlError = "TERMINAL_CONTROL_ERROR" => 500,
    GitCloneFailed = "GIT_CLONE_FAILED" => 500,
    GitOperationFailed = "GIT_OPERATION_FAILED" => 500,
    CodeExecutionError = "CODE_EXECUTION_ERROR" => 500,
    WatchStartError = "WATCH_START_ERROR" => 500,
    SandboxStartFailed = "SANDBOX_START_FAILED" => 500,
    EngineError = "ENGINE_ERROR" => 500,
    InternalError = "INTERNAL_ERROR" => 500,
    // 501: what this build or this sandbox does not have.
    NotSupported = "NOT_SUPPORTED" => 501,
    PythonNotAvailable = "PYTHON_NOT_AVAILABLE" => 501,
    JavascriptNotAvailable = "JAVASCRIPT_NOT_AVAILABLE" => 501,
    // 502, 503: a peer. 503 only where a retry can help: the official client retries it for 120 s.
    ServiceNotResponding = "SERVICE_NOT_RESPONDING" => 502,
    AgentUnreachable = "AGENT_UNREACHABLE" => 502,
    GitNetworkError = "GIT_NETWORK_ERROR" => 502,
    InterpreterNotReady = "INTERPRETER_NOT_READY" => 503,
    EngineUnavailable = "ENGINE_UNAVAILABLE" => 503,
}

// By hand, since the derive does not see names that a macro puts in.
impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        let names = Self::ALL.iter().map(|code| code.name());
        let text = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
        text.description(Some("Why an operation failed.")).into()
    }
}

impl ToSchema for ErrorCode {}

impl ErrorCode {
    /// What helps wherever this code is met, for people; a place that knows better says so.
    const fn suggestion(self) -> Option<&'static str> {
        Some(match self {
            Self::FileNotFound => "Check the path; a relative one starts from /workspace.",
            Self::FileExists => "Choose another name, or remove what is there.",
            Self::FileChanged => "Read the file again, then write with its new etag.",
            Self::IsDirectory => "Name a file, or say that the folder is meant with recursive.",
            Self::ReadOnly => "Write under /workspace, the home folder or /tmp.",
            Self::NoSpace => "Delete what is not needed, or give the sandbox more room.",
            Self::FileTooLarge => "Send or read it raw, by /api/files/raw, which has no limit.",
            Self::ResourceBusy => "Wait for what is running, or end it.",
            Self::SessionExists => "Use the session that is there, or choose another id.",
            Self::SessionTerminated => "Run it again: the session has a fresh shell.",
            Self::SessionDestroyed => "Run it again: a new session is made.",
            Self::SandboxNotRunning => "Start the sandbox; its files are there.",
            Self::StalePreviewUrl => "Expose the port again.",
            Self::PortNotExposed => "Expose the port first.",
            Self::ServiceNotResponding => "Check that a server listens on the port.",
            Self::GitAuthFailed => {
                "Put a token into the address, or clone over https from a public repository."
            }
            Self::GitNetworkError => "Check the address, and that the sandbox was made with network.",
            Self::InterpreterNotReady => "Try again in a moment.",
            _ => return None,
        })
    }
}

/// The body of every failed answer (reference §2.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema, thiserror::Error)]
#[error("{message} ({})", code.name())]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ApiError {
    pub code: ErrorCode,
    /// For people; may change at any time.
    pub message: String,
    /// Facts a program may use: the path, the id, the field that was wrong.
    #[ts(type = "Record<string, unknown>")]
    #[schema(value_type = Object)]
    pub context: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub operation: Option<String>,
    pub http_status: u16,
    /// RFC 3339, UTC.
    pub timestamp: String,
    /// What to do about it, for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[ts(optional)]
    pub suggestion: Option<String>,
}

impl ApiError {
    /// An error of `code` that says `message`.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            context: Map::new(),
            operation: None,
            http_status: code.status(),
            timestamp: jiff::Timestamp::now().to_string(),
            suggestion: code.suggestion().map(str::to_owned),
        }
    }

    /// Adds one fact to `context`.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.context.insert(key.to_owned(), value.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// Names the operation that failed, for example `file.read`.
    #[must_use]
    pub fn during(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// A bad `field` of the request.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::new(ErrorCode::ValidationFailed, message).with("field", field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_keeps_its_name_on_the_wire() {
        for code in ErrorCode::ALL {
            let text = serde_json::to_string(code).expect("a code serialises");
            assert_eq!(text, format!("\"{}\"", code.name()));
        }
    }

    #[test]
    fn an_error_carries_the_status_of_its_code() {
        let error = ApiError::invalid("port", "port must be 1 to 65535");
        let json = serde_json::to_value(&error).expect("an error serialises");
        assert_eq!(json["httpStatus"], 400);
        assert_eq!(json["context"]["field"], "port");
        assert!(json.get("suggestion").is_none());
    }
}
