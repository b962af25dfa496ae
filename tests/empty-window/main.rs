//! An empty Tauri window, of the version and features that the app has: what the benchmarks measure the app beside.
//! It must do nothing else, so that what it costs is what any such window costs.

use tauri::{WebviewUrl, WebviewWindowBuilder};

fn main() -> tauri::Result<()> {
    tauri::Builder::default()
        .setup(|app| {
            let page = WebviewUrl::App("index.html".into());
            WebviewWindowBuilder::new(app, "main", page).inner_size(1280.0, 800.0).build()?;
            Ok(())
        })
        .run(tauri::generate_context!("tests/empty-window/tauri.conf.json"))
}
