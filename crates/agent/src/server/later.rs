//! What the reference has and this version has not: a typed refusal, never a pretence.

use axum::body::Body;
use sandpit_api::{ApiError, ErrorCode, ErrorCode::*};

use super::{
    Routes, extract,
    reply::{Failure, Reply},
};

/// The routes of this module.
pub fn routes() -> Routes {
    crate::routes![create_backup, restore_backup, upload_backup_parts]
}

/// Backups are not supported yet.
#[utoipa::path(
    post, path = "/api/backup/create", tag = "Later",
    extensions(("x-errors" = json!([NotSupported]))),
)]
async fn create_backup(body: Body) -> Reply {
    refuse(body, "backups").await
}

/// Backups are not supported yet.
#[utoipa::path(
    post, path = "/api/backup/restore", tag = "Later",
    extensions(("x-errors" = json!([NotSupported]))),
)]
async fn restore_backup(body: Body) -> Reply {
    refuse(body, "backups").await
}

/// Backups are not supported yet.
#[utoipa::path(
    post, path = "/api/backup/upload-parts", tag = "Later",
    extensions(("x-errors" = json!([NotSupported]))),
)]
async fn upload_backup_parts(body: Body) -> Reply {
    refuse(body, "backups").await
}

async fn refuse(body: Body, what: &str) -> Reply {
    extract::linger(&mut body.into_data_stream()).await;
    let error = ApiError::new(ErrorCode::NotSupported, format!("{what} are not supported yet"));
    let error = error.suggest("GET and PUT /api/files/archive carry folders as tar.");
    Err(Failure::from(error.with("feature", what)))
}

#[cfg(test)]
mod tests {
    use crate::server::testing::TestAgent;
    use serde_json::json;

    #[tokio::test]
    async fn what_is_left_for_later_says_so() {
        let agent = TestAgent::start().await;
        for route in ["create", "restore", "upload-parts"] {
            let (status, body) =
                agent.post(&format!("/api/backup/{route}"), json!({ "dir": "/workspace" })).await;
            assert_eq!((status.as_u16(), &body["code"]), (501, &json!("NOT_SUPPORTED")), "{body}");
        }
    }
}
