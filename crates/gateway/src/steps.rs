//! The steps of a sandbox's life that are asked for by name.

use axum::{Json, extract::State};
use sandpit_api::{ErrorCode::*, sandbox::Sandbox};

use crate::{
    answer::{Answer, Id},
    gateway::Gateway,
    lifecycle::Step,
};

macro_rules! step {
    ($handler:ident, $step:ident, $state:literal, $path:literal, $summary:literal, $description:literal) => {
        #[doc = $summary]
        #[utoipa::path(
            post, path = $path, tag = "Sandboxes",
            responses((status = 200, description = $description, body = Sandbox, example = json!({
                "id": "demo", "name": "demo", "engine": "embedded", "image": "host", "state": $state,
                "createdAt": "2026-01-01T00:00:00Z", "env": {}, "limits": {}, "network": { "mode": "off" },
                "keepAlive": false, "labels": {}, "ports": [],
            }))),
            extensions(("x-errors" = json!([
                SandboxNotRunning, SandboxStartFailed, NotSupported, NoSpace, EngineUnavailable,
            ]))),
        )]
        pub async fn $handler(State(gateway): State<Gateway>, Id(id): Id) -> Answer<Json<Sandbox>> {
            Ok(Json(gateway.whole(|gateway| gateway.step(id, Step::$step)).await?))
        }
    };
}

step!(
    start,
    Start,
    "running",
    "/v1/sandboxes/{sandbox}/start",
    "Starts a sandbox; its files are as they were.",
    "It runs"
);
step!(
    stop,
    Stop,
    "stopped",
    "/v1/sandboxes/{sandbox}/stop",
    "Stops a sandbox; its files stay.",
    "It is stopped"
);
step!(
    pause,
    Pause,
    "paused",
    "/v1/sandboxes/{sandbox}/pause",
    "Freezes all that runs in a sandbox.",
    "It is paused"
);
step!(resume, Resume, "running", "/v1/sandboxes/{sandbox}/resume", "Lets a paused sandbox go on.", "It runs");
step!(
    restart,
    Restart,
    "running",
    "/v1/sandboxes/{sandbox}/restart",
    "Stops a sandbox and starts it again.",
    "It runs"
);
