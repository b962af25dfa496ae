//! Folders as tar, both ways, in flat memory: `GET|PUT /api/files/archive` (docs/PROTOCOL.md, Files).

mod arrive;
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
use sandpit_api::ApiError;
use serde::Deserialize;
use serde_json::json;

use self::arrive::Arrival;
use self::pack::Packing;
use self::unpack::Unpacked;
use super::body::{self, Incoming, Outgoing};
use super::fault::{Result, blocking};
use super::{name, raw};
use crate::server::reply::{self, Query, Reply};
use crate::server::{State, extract};

/// The query of `GET`.
#[derive(Deserialize)]
pub struct Wanted {
    path: String,
    /// `gzip`, or nothing.
    #[serde(default)]
    compression: String,
}

/// `GET`: the folder or file at `path`, under its own name.
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
#[derive(Deserialize)]
pub struct Target {
    path: String,
}

/// `PUT`: what the archive holds comes into the folder at `path`.
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
    reply::success(&json!({ "path": target.path, "entries": stored.entries, "bytes": stored.bytes }))
}

fn store(path: PathBuf, incoming: Incoming, replaces: bool) -> Result<Unpacked> {
    let arrival = Arrival::begin(&path)?;
    let unpacked = unpack::unpack(incoming, arrival.folder())?;
    arrival.finish(replaces, &unpacked.sealed)?;
    Ok(unpacked)
}
