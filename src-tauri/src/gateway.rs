//! Opens the gateway in this process. A gateway that cannot be opened answers everything with the reason, so that
//! the window can say it.

use std::path::{Path, PathBuf};

use axum::{Json, Router};
use http::StatusCode;
use sandpit_api::{ApiError, ErrorCode};
use sandpit_gateway::{Config, Gateway, installed};

use crate::carrier::Carrier;

/// The UI's own origin: only it may frame a preview.
const WINDOW: &str = "tauri://localhost";

pub async fn open(data: PathBuf) -> Carrier {
    match opened(&data).await {
        Ok(gateway) => Carrier::new(gateway.router(), move || gateway.connect()),
        Err(error) => {
            tracing::error!(%error, data = %data.display(), "the gateway cannot be opened");
            closed(&data, &error)
        }
    }
}

async fn opened(data: &Path) -> std::io::Result<Gateway> {
    let config = Config {
        engines: installed(data).await?,
        frame_ancestors: vec![WINDOW.to_owned()],
        data_dir: data.to_owned(),
    };
    Gateway::open(config).await
}

fn closed(data: &Path, error: &std::io::Error) -> Carrier {
    let said = ApiError::new(ErrorCode::InternalError, format!("Sandpit's data cannot be used: {error}."))
        .with("dataDir", data.to_string_lossy())
        .suggest(format!("See that {} can be written to, then start Sandpit again.", data.display()));
    let answer = move || async move { (StatusCode::INTERNAL_SERVER_ERROR, Json(said)) };
    Carrier::new(Router::new().fallback(answer), || tokio::io::duplex(1).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_gateway_that_cannot_open_says_why() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let carrier = open(file.path().to_owned()).await;
        let ask = serde_json::json!({"id": 1, "method": "GET", "path": "/v1/health", "headers": []});
        let answer = carrier.fetch(&crate::carrier::pack::head(&ask, b"")).await.expect("it answers");
        let (head, body) = crate::carrier::pack::unpack_head::<serde_json::Value>(&answer).expect("packed");
        assert_eq!(head["status"], 500);
        let error: ApiError = serde_json::from_slice(body).expect("an error of the wire");
        assert_eq!(error.code, ErrorCode::InternalError);
        assert!(error.message.starts_with("Sandpit's data cannot be used"), "{}", error.message);
    }
}
