//! Puts the app together: plugins, commands, the gateway behind them and the window in front.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    time::Duration,
};

use anyhow::Context;
use tauri::{App, AppHandle, Manager, WebviewWindow, WindowEvent};
use tauri_plugin_window_state::{AppHandleExt, StateFlags, WindowExt};
use tokio::sync::mpsc;

use crate::{files, gateway, home, ipc, window};

/// What is remembered of the window. Not whether it is visible: it always is.
const REMEMBERED: StateFlags =
    StateFlags::SIZE.union(StateFlags::POSITION).union(StateFlags::MAXIMIZED).union(StateFlags::FULLSCREEN);
/// How long a window must rest before its place is written.
const REST: Duration = Duration::from_millis(400);

pub fn run() -> anyhow::Result<()> {
    let data = home::data_dir()
        .context("neither SANDPIT_DATA_DIR, XDG_DATA_HOME nor HOME says where to keep data")?;
    std::fs::create_dir_all(&data).with_context(|| format!("{} cannot be made", data.display()))?;
    let place = data.join("window.json");
    let remember = tauri_plugin_window_state::Builder::new()
        .with_filename(place.to_string_lossy())
        .with_state_flags(REMEMBERED)
        .skip_initial_state(window::LABEL);
    let once = tauri_plugin_single_instance::Builder::new()
        .dbus_id(name_of_instance(&data))
        .callback(|app, _, _| window::present(app));
    tauri::Builder::default()
        .plugin(once.build()) // First: a second start must end before it does anything.
        .plugin(remember.build())
        .plugin(tauri_plugin_opener::Builder::new().open_js_links_on_click(false).build())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_clipboard_manager::init())
        .manage(ipc::Gate::default())
        .manage(files::Picked::default())
        .manage(window::Look::kept_in(&data))
        .invoke_handler(tauri::generate_handler![
            ipc::fetch,
            ipc::body,
            ipc::cancel,
            ipc::socket_open,
            ipc::socket_send,
            ipc::socket_take,
            files::pick_files,
            files::send_file,
            files::save_bytes,
            files::save_answer,
            files::copy_png,
            window::set_dark,
        ])
        .setup(move |app| Ok(set_up(app, &data)?))
        .run(tauri::generate_context!())?;
    Ok(())
}

/// The window first, and the gateway beside it: what the page asks meanwhile waits at the gate.
fn set_up(app: &mut App, data: &Path) -> anyhow::Result<()> {
    let gate = app.state::<ipc::Gate>().inner().clone();
    let opening = gate.clone();
    let home = data.to_owned();
    tauri::async_runtime::spawn(async move { opening.open(gateway::open(home).await) });
    let window = window::open(app.handle(), gate, data.join("webview"))?;
    window.restore_state(REMEMBERED)?;
    keep_place(app.handle().clone(), &window);
    window.show()?;
    Ok(())
}

/// Writes the window's place soon after each change, so that it is kept however the app ends.
fn keep_place(app: AppHandle, window: &WebviewWindow) {
    let (moved, mut moves) = mpsc::channel(1);
    window.on_window_event(move |event| {
        if matches!(event, WindowEvent::Resized(_) | WindowEvent::Moved(_)) {
            // A full channel already says that it moved.
            let _ = moved.try_send(());
        }
    });
    tauri::async_runtime::spawn(async move {
        while moves.recv().await.is_some() {
            tokio::time::sleep(REST).await;
            while moves.try_recv().is_ok() {}
            if let Err(error) = app.save_window_state(REMEMBERED) {
                tracing::warn!(%error, "the window's place could not be kept");
            }
        }
    });
}

/// One app for each data directory: another one may run beside it.
fn name_of_instance(data: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    format!("dev.sandpit.desktop.d{:016x}", hasher.finish())
}
