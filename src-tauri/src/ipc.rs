//! The commands of the window: the carrier's. They only hand packed bytes to and fro; no route has a command.

use std::sync::Arc;

use tauri::{
    State,
    ipc::{InvokeBody, Request, Response},
};
use tokio::sync::SetOnce;

use crate::carrier::{Carrier, Refusal, pack::Unreadable};

/// The carrier, once the gateway behind it is open. The window comes first, and what it asks waits here.
#[derive(Clone, Default)]
pub struct Gate(Arc<SetOnce<Arc<Carrier>>>);

impl Gate {
    pub fn open(&self, carrier: Carrier) {
        // It is opened once; a second carrier would be a second gateway on the same data.
        let _ = self.0.set(Arc::new(carrier));
    }

    pub async fn carrier(&self) -> Arc<Carrier> {
        self.0.wait().await.clone()
    }

    /// Ends all that a page had under way, when another page takes its place.
    pub fn page_left(&self) {
        if let Some(carrier) = self.0.get() {
            carrier.clear();
        }
    }
}

/// Said to the page as text; it makes an `Error` of it.
pub type Answer<T> = Result<T, String>;

#[tauri::command]
pub async fn fetch(gate: State<'_, Gate>, request: Request<'_>) -> Answer<Response> {
    let packed = raw(&request)?;
    gate.carrier().await.fetch(packed).await.map(Response::new).map_err(said)
}

#[tauri::command]
pub async fn body(gate: State<'_, Gate>, id: u32) -> Answer<Response> {
    gate.carrier().await.body(id).await.map(Response::new).map_err(said)
}

#[tauri::command]
pub async fn cancel(gate: State<'_, Gate>, id: u32) -> Answer<()> {
    gate.carrier().await.cancel(id);
    Ok(())
}

#[tauri::command]
pub async fn socket_open(gate: State<'_, Gate>, id: u32, path: String) -> Answer<Option<Refusal>> {
    gate.carrier().await.socket_open(id, path).await.map_err(said)
}

#[tauri::command]
pub async fn socket_send(gate: State<'_, Gate>, request: Request<'_>) -> Answer<()> {
    let packed = raw(&request)?;
    gate.carrier().await.socket_send(packed).await.map_err(said)
}

#[tauri::command]
pub async fn socket_take(gate: State<'_, Gate>, id: u32) -> Answer<Response> {
    gate.carrier().await.socket_take(id).await.map(Response::new).map_err(said)
}

/// The bytes of a message that is not JSON.
pub fn raw<'a>(request: &'a Request<'_>) -> Answer<&'a [u8]> {
    match request.body() {
        InvokeBody::Raw(bytes) => Ok(bytes),
        InvokeBody::Json(_) => Err(said(Unreadable)),
    }
}

pub fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
