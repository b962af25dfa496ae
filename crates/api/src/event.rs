//! What `GET /v1/events` tells: one server-sent event each, `data:` being an [`Event`].

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{engine::Engine, port::ListeningPort, sandbox::Sandbox};

/// An event and its place in the gateway's order. `?since=<cursor>` resumes after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Event {
    pub cursor: u64,
    /// RFC 3339, UTC.
    pub timestamp: String,
    #[serde(flatten)]
    pub kind: EventKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[ts(export)]
pub enum EventKind {
    /// A sandbox was made or changed in any way; this is its record now.
    Sandbox {
        sandbox: Sandbox,
    },
    SandboxDeleted {
        id: String,
    },
    /// The whole set of ports that something in the sandbox listens on now.
    #[schema(rename_all = "camelCase")]
    Ports {
        sandbox_id: String,
        listening: Vec<ListeningPort>,
    },
    Engine {
        engine: Engine,
    },
    /// Events were missed (the cursor is too old): read the lists again.
    Resync,
}
