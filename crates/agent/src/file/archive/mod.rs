//! Folders as tar, both ways, in flat memory: `GET|PUT /api/files/archive` (docs/PROTOCOL.md, Files).

pub mod arrive;
mod pack;
mod place;
#[cfg(test)]
mod tests;
mod unpack;

use std::path::PathBuf;

use axum::body::Body;
use axum::response::IntoResponse;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, header};
use sandpit_api::answer::Success;
use sandpit_api::{ApiError, ErrorCode::*};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use self::arrive::Arrival;
use self::pack::Packing;
use self::unpack::Unpacked;
use super::body::{self, Incoming, Outgoing};
use super::fault::{self, Result, blocking};
use super::{name, raw};
use crate::server::reply::{self, Query, Reply};
use crate::server::{State, extract};

/// The query of `GET`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// The folder or file: absolute, or relative to the workspace.
    #[param(example = "/workspace/src")]
    path: String,
    /// `gzip`, or nothing.
    #[serde(default)]
    compression: String,
}

/// A folder or file as a tar stream, under its own name.
#[utoipa::path(
    get, path = "/api/files/archive", tag = "Files", params(Wanted),
    responses((status = 200, description = "The archive", content(
        (Vec<u8> = "application/x-tar", example = json!("(tar)")),
        (Vec<u8> = "application/gzip", example = json!("(tar in gzip)")),
    ))),
    extensions(("x-errors" = json!(fault::CODES))),
)]
pub async fn get(agent: State, Query(wanted): Query<Wanted>) -> Reply {
    let path = name::resolve(agent.workspace(), "path", &wanted.path)?;
    let gzip = match wanted.compression.as_str() {
        "" | "none" => false,
        "gzip" => true,
        other => {
            let message = format!("compression {other:?} is not gzip or none");
            return Err(ApiError::invalid("compression", message).into());
        }
    };
    let packing = blocking(move || Packing::open(path)).await?;
    let ending = if gzip { ".tar.gz" } else { ".tar" };
    let disposition = raw::disposition(&format!("{}{ending}", packing.name()));
    let (out, body) = body::outgoing();
    tokio::task::spawn_blocking(move || send(packing, out, gzip));
    let kind = if gzip { "application/gzip" } else { "application/x-tar" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_str(&disposition).map_err(reply::internal)?),
    ];
    Ok((headers, body).into_response())
}

/// An error after the first byte cuts the answer off.
fn send(packing: Packing, mut out: Outgoing, gzip: bool) {
    let sent = if gzip {
        let mut encoder = GzEncoder::new(&mut out, Compression::fast());
        packing.write(&mut encoder).and_then(|()| encoder.finish().map(drop))
    } else {
        packing.write(&mut out)
    };
    if let Err(error) = sent.and_then(|()| std::io::Write::flush(&mut out)) {
        out.fail(error);
    }
}

/// The query of `PUT`.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Target {
    /// The folder, made when missing.
    #[param(example = "/workspace/src")]
    path: String,
}

/// Answer of `PUT`.
#[derive(Serialize, ToSchema)]
pub struct UnpackedArchive {
    path: String,
    entries: u64,
    /// Of all files together.
    bytes: u64,
}

/// Unpacks tar (or tar in gzip) into a folder: all of it or nothing.
#[utoipa::path(
    put, path = "/api/files/archive", tag = "Files",
    params(Target, ("if-none-match" = Option<String>, Header, description = "`*`: replace no file")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", example = json!("(tar)")),
    responses((status = 200, description = "It is unpacked", body = Success<UnpackedArchive>, example = json!({
        "success": true, "path": "/workspace/src", "entries": 3, "bytes": 120, "timestamp": "2026-01-01T00:00:00Z",
    }))),
    extensions(("x-errors" = json!([&fault::CODES[..], &[FileChanged]].concat()))),
)]
pub async fn put(agent: State, Query(target): Query<Target>, headers: HeaderMap, body: Body) -> Reply {
    let mut pieces = body.into_data_stream();
    let stored = match name::resolve(agent.workspace(), "path", &target.path) {
        Ok(path) => {
            let replaces = headers.get(header::IF_NONE_MATCH).is_none_or(|value| value != "*");
            let (fed, incoming) = body::incoming();
            let work = tokio::spawn(blocking(move || store(path, incoming, replaces)));
            body::feed(&mut pieces, fed).await;
            work.await.map_err(reply::internal)?
        }
        Err(error) => Err(error),
    };
    extract::linger(&mut pieces).await;
    let stored = stored?;
    reply::success(&UnpackedArchive { path: target.path, entries: stored.entries, bytes: stored.bytes })
}

fn store(path: PathBuf, incoming: Incoming, replaces: bool) -> Result<Unpacked> {
    let arrival = Arrival::begin(&path)?;
    let unpacked = unpack::unpack(incoming, arrival.folder())?;
    arrival.finish(replaces, &unpacked.sealed)?;
    Ok(unpacked)
}
