//! `GET /api/commands`: what a command may begin with.

use std::{collections::BTreeSet, ffi::OsStr, path::Path};

use rustix::fs::{Access, access};
use sandpit_api::answer::Success;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Routes, State,
    reply::{self, Reply},
};
use crate::file::{blocking, name};

/// The routes of this module.
pub fn routes() -> Routes {
    crate::routes![commands]
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Commands {
    available_commands: BTreeSet<String>,
}

/// The programs on the sandbox's `PATH`, by name.
#[utoipa::path(
    get, path = "/api/commands", tag = "About",
    responses((status = 200, description = "Their names, sorted", body = Success<Commands>, example = json!({
        "success": true, "availableCommands": ["bash", "cat", "ls"], "timestamp": "2026-01-01T00:00:00Z",
    }))),
)]
async fn commands(agent: State) -> Reply {
    let found = blocking(move || {
        let path = agent.env().get(OsStr::new("PATH")).cloned().unwrap_or_default();
        Ok(std::env::split_paths(&path).flat_map(|folder| programs(&folder)).collect())
    });
    reply::success(&Commands { available_commands: found.await? })
}

/// A folder that cannot be read has no programs for whoever asks.
fn programs(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let runs = |path: &Path| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    let programs = entries.filter(|entry| runs(&entry.path()));
    programs.map(|entry| name::encode(&entry.file_name()).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use crate::server::testing::TestAgent;
    use serde_json::json;

    #[tokio::test]
    async fn the_programs_that_can_be_run_are_told_once_each() {
        let agent = TestAgent::start().await;
        let (_, body) = agent.get("/api/commands").await;
        let names = body["availableCommands"].as_array().unwrap();
        assert!(
            names.contains(&json!("bash")) && names.is_sorted_by(|a, b| a.as_str() < b.as_str()),
            "{body}"
        );
    }
}
