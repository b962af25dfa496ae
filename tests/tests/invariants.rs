//! The house's invariants, each stated as what is absent, checked against the tree itself.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the house").to_owned()
}

fn files_under(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", "node_modules", "dist", ".git", "gen", "wire"].contains(&name.as_str()) {
                found.extend(files_under(&path, endings));
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The crates that a manifest names under `[dependencies]` and `[build-dependencies]`.
fn dependencies(manifest: &Path) -> BTreeSet<String> {
    let parsed: toml::Table = text(manifest).parse().expect("a manifest is TOML");
    ["dependencies", "build-dependencies"]
        .iter()
        .filter_map(|section| parsed.get(*section)?.as_table())
        .flat_map(|table| table.keys().cloned())
        .collect()
}

fn manifests() -> Vec<(String, BTreeSet<String>)> {
    let mut all: Vec<PathBuf> = files_under(&root().join("crates"), &["Cargo.toml"]);
    all.push(root().join("tests/Cargo.toml"));
    let found: Vec<_> = all.iter().map(|path| (relative(path), dependencies(path))).collect();
    assert!(found.len() >= 7, "the crates were looked for and not found: {found:?}");
    found
}

#[test]
fn tauri_is_named_only_by_the_root_package() {
    for (manifest, names) in manifests() {
        let tauri: Vec<_> = names.iter().filter(|name| name.starts_with("tauri")).collect();
        assert!(tauri.is_empty(), "{manifest} names {tauri:?}");
    }
    assert!(dependencies(&root().join("Cargo.toml")).contains("tauri"));
}

#[test]
fn bollard_is_named_only_by_the_docker_engine() {
    for (manifest, names) in manifests() {
        assert!(
            !names.contains("bollard") || manifest == "crates/engine-docker/Cargo.toml",
            "{manifest} names bollard"
        );
    }
}

#[test]
fn arrows_between_crates_point_one_way() {
    let allowed: &[(&str, &[&str])] = &[
        ("crates/api/Cargo.toml", &[]),
        ("crates/xterm-rs-bridge/Cargo.toml", &[]),
        ("crates/agent/Cargo.toml", &["sandpit-api", "xterm-rs-bridge"]),
        ("crates/engine/Cargo.toml", &["sandpit-api"]),
        ("crates/engine-embedded/Cargo.toml", &["sandpit-api", "sandpit-engine"]),
        (
            "crates/gateway/Cargo.toml",
            &["sandpit-api", "sandpit-engine", "sandpit-engine-embedded", "xterm-rs-bridge"],
        ),
    ];
    let ours = |name: &String| name.starts_with("sandpit") || name == "xterm-rs-bridge";
    for (manifest, names) in manifests() {
        let Some((_, may)) = allowed.iter().find(|(path, _)| *path == manifest) else { continue };
        for name in names.iter().filter(|name| ours(name)) {
            assert!(may.contains(&name.as_str()), "{manifest} must not depend on {name}");
        }
    }
}

#[test]
fn tauri_s_javascript_is_imported_only_by_the_host_room() {
    let mut inside = 0;
    for path in files_under(&root().join("ui/src"), &[".ts", ".tsx"]) {
        if !text(&path).contains("@tauri-apps/") {
            continue;
        }
        assert!(relative(&path).starts_with("ui/src/host/"), "{} imports @tauri-apps", relative(&path));
        inside += 1;
    }
    assert!(inside > 0, "ui/src/host carries the API over Tauri");
}

#[test]
fn no_engine_knows_a_route_of_the_agent() {
    let rooms = ["crates/engine-embedded/src"];
    for path in rooms.iter().flat_map(|room| files_under(&root().join(room), &[".rs"])) {
        for route in ["/api/execute", "/api/read", "/api/write", "/api/contexts", "/api/terminals", "/ws/"] {
            assert!(!text(&path).contains(route), "{} names {route}", relative(&path));
        }
    }
}

#[test]
fn no_tauri_command_repeats_a_route() {
    let mut commands = 0;
    for path in files_under(&root().join("src-tauri/src"), &[".rs"]) {
        let source = text(&path);
        commands += source.matches("#[tauri::command").count();
        assert!(!source.contains("\"/v1/sandboxes"), "{} names a route of the gateway", relative(&path));
    }
    assert!((1..=12).contains(&commands), "the carrier is a handful of commands, not {commands}");
}

#[test]
fn the_desktop_app_opens_no_port_but_the_preview_proxy() {
    let listeners: Vec<_> = files_under(&root().join("src-tauri/src"), &[".rs"])
        .iter()
        .flat_map(|path| text(path).lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| line.contains("TcpListener::bind") || line.contains("TcpListener::from_std"))
        .collect();
    assert!(listeners.len() <= 1, "more than the preview proxy listens: {listeners:?}");
}

/// A spawn may ask for a session and the orphans of its own; nothing else runs between its fork and its exec.
const SPAWN_IN_A_SESSION: &str =
    "command.pre_exec(|| Ok(rustix::process::setsid().and_then(adopt_orphans)?));";

#[test]
fn nothing_forks_inside_a_process_that_has_threads() {
    let calls = ["libc::fork", "unistd::fork", "libc::unshare", "libc::setns", "libc::clone(", ".pre_exec("];
    for path in files_under(&root().join("crates"), &[".rs"]) {
        let source = text(&path).replace(SPAWN_IN_A_SESSION, "");
        for call in calls {
            assert!(!source.contains(call), "{} calls {call}", relative(&path));
        }
    }
}

#[test]
fn nothing_between_a_sandbox_and_the_window_is_unbounded() {
    let rooms = ["crates", "src-tauri/src"];
    for path in rooms.iter().flat_map(|room| files_under(&root().join(room), &[".rs"])) {
        assert!(!text(&path).contains("unbounded_channel"), "{} has an unbounded queue", relative(&path));
    }
}

#[test]
fn the_ui_decides_by_error_code_and_fetches_only_in_its_api_room() {
    for path in files_under(&root().join("ui/src"), &[".ts", ".tsx"]) {
        let (name, source) = (relative(&path), text(&path).replace("typeof value.message ===", ""));
        if name.contains(".test.") {
            continue;
        }
        assert!(
            !source.contains(".message ===") && !source.contains(".message.includes("),
            "{name} decides by a message"
        );
        let may_fetch = name.starts_with("ui/src/api/") || name.starts_with("ui/src/host/");
        assert!(may_fetch || !source.contains("host.fetch("), "{name} fetches outside api/");
    }
}

#[test]
fn frames_that_show_sandbox_content_have_an_opaque_origin() {
    for path in files_under(&root().join("ui/src/outputs"), &[".ts", ".tsx"]) {
        assert!(!text(&path).contains("allow-same-origin"), "{} gives an output an origin", relative(&path));
    }
}

#[test]
fn every_rust_module_says_what_it_is_for() {
    let rooms = ["crates", "src-tauri", "tests"];
    for path in rooms.iter().flat_map(|room| files_under(&root().join(room), &[".rs"])) {
        assert!(text(&path).starts_with("//!"), "{} does not open with //!", relative(&path));
    }
}

#[test]
fn lock_files_hold_no_download_address() {
    for name in ["ui/package-lock.json", "tests/package-lock.json", "setup/runtime.lock"] {
        let lock = text(&root().join(name));
        assert!(!lock.contains("\"resolved\""), "{name} names where a package came from");
    }
}
