//! Names the commands of the window, so that each must be granted in `tauri.conf.json` to be callable at all.

use std::{error::Error, fs, path::Path};

/// The UI as `make ui` builds it; it becomes part of the binary.
const UI: &str = "ui/dist";

fn main() -> Result<(), Box<dyn Error>> {
    see_to_ui()?;
    let commands = &[
        "fetch",
        "body",
        "cancel",
        "socket_open",
        "socket_send",
        "socket_take", // the carrier
        "pick_files",
        "send_file",
        "save_bytes",
        "save_answer",
        "copy_png",
        "set_dark", // what is native
    ];
    let manifest = tauri_build::AppManifest::new().commands(commands);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))?;
    Ok(())
}

/// Without the folder not even a check compiles; with an empty one it does, and says what is missing.
fn see_to_ui() -> std::io::Result<()> {
    println!("cargo:rerun-if-changed={UI}");
    if !Path::new(UI).join("index.html").exists() {
        fs::create_dir_all(UI)?;
        println!("cargo:warning=the UI is not built, so the window will be empty: run `make ui` first");
    }
    Ok(())
}
