//! Files of the person's own machine: chosen in native dialogs, streamed between disk and router.
//!
//! The page never learns or names a path of this machine. It holds a number for each file that was picked, and can
//! write only where the person has just said.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tauri::{
    AppHandle, State,
    image::Image,
    ipc::{Channel, Request, Response},
};
use tauri_plugin_clipboard_manager::ClipboardExt;
use tauri_plugin_dialog::{DialogExt, FilePath};
use tokio::sync::oneshot;

use crate::{
    carrier::{Ask, disk, pack},
    ipc::{Answer, Gate, raw, said},
};

/// The files that were picked since the app started, by the number that stands for each.
#[derive(Default)]
pub struct Picked {
    next: AtomicU32,
    paths: Mutex<HashMap<u32, PathBuf>>,
}

#[derive(Serialize)]
pub struct PickedFile {
    file: u32,
    name: String,
    size: u64,
}

impl Picked {
    fn add(&self, path: PathBuf) -> Option<PickedFile> {
        let size = std::fs::metadata(&path).ok()?.len();
        let name = path.file_name()?.to_string_lossy().into_owned();
        let file = self.next.fetch_add(1, Ordering::Relaxed);
        self.paths.lock().insert(file, path);
        Some(PickedFile { file, name, size })
    }
}

#[tauri::command]
pub async fn pick_files(
    app: AppHandle,
    picked: State<'_, Picked>,
    multiple: bool,
) -> Answer<Vec<PickedFile>> {
    let (done, chosen) = oneshot::channel();
    let dialog = app.dialog().file();
    if multiple {
        dialog.pick_files(|paths| drop(done.send(paths.unwrap_or_default())));
    } else {
        dialog.pick_file(|path| drop(done.send(path.into_iter().collect())));
    }
    let paths = chosen.await.unwrap_or_default().into_iter().filter_map(local);
    Ok(paths.filter_map(|path| picked.add(path)).collect())
}

/// Streams a picked file as the body of a request.
#[tauri::command]
pub async fn send_file(
    gate: State<'_, Gate>,
    picked: State<'_, Picked>,
    file: u32,
    head: Ask,
    progress: Channel<u64>,
) -> Answer<Response> {
    let path = picked.paths.lock().get(&file).cloned().ok_or("that file is no longer at hand")?;
    let tell = move |sent| drop(progress.send(sent));
    gate.carrier().await.send_file(head, &path, tell).await.map(Response::new).map_err(said)
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[tauri::command]
pub async fn save_bytes(app: AppHandle, request: Request<'_>) -> Answer<bool> {
    let (Named { name }, bytes) = pack::unpack_head(raw(&request)?).map_err(said)?;
    let Some(path) = ask_where(&app, &name).await else { return Ok(false) };
    disk::write_whole(&path, bytes).await.map_err(said)?;
    Ok(true)
}

/// Streams the answer to `GET path` to where the person says.
#[tauri::command]
pub async fn save_answer(
    app: AppHandle,
    gate: State<'_, Gate>,
    id: u32,
    name: String,
    path: String,
) -> Answer<bool> {
    let Some(place) = ask_where(&app, &name).await else { return Ok(false) };
    gate.carrier().await.save_answer(id, &path, &place).await.map_err(said)?;
    Ok(true)
}

#[tauri::command]
pub fn copy_png(app: AppHandle, request: Request<'_>) -> Answer<()> {
    let image = Image::from_bytes(raw(&request)?).map_err(said)?;
    app.clipboard().write_image(&image).map_err(said)
}

async fn ask_where(app: &AppHandle, name: &str) -> Option<PathBuf> {
    let (done, chosen) = oneshot::channel();
    app.dialog().file().set_file_name(name).save_file(|path| drop(done.send(path)));
    local(chosen.await.ok()??)
}

fn local(path: FilePath) -> Option<PathBuf> {
    path.into_path().ok()
}
