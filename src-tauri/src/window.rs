//! The one window: how it looks before the page does, what it may show and where it may go.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use http::{HeaderValue, Request, Response, header::CONTENT_SECURITY_POLICY};
use tauri::{
    AppHandle, Manager, State, Theme, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    webview::{Color, NewWindowResponse, PageLoadEvent, PermissionResponse},
};
use tauri_plugin_opener::OpenerExt;

use crate::{
    carrier::disk,
    ipc::{Answer, Gate, said},
};

pub const LABEL: &str = "main";
const FRAME: &str = "/output-frame.html";
/// The policy of the frame in which HTML and script from a sandbox are shown, in place of the window's own. It says
/// again what the frame's own `<meta>` says, and adds `sandbox`: even opened by itself it has no origin to act from.
const FRAME_POLICY: &str = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; \
     style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data: blob:; form-action 'none'; \
     base-uri 'none'";
/// `--bg` of the UI's tokens, so that nothing white is seen before the page paints.
const DARK: Color = Color(0x16, 0x18, 0x1d, 0xff);
const LIGHT: Color = Color(0xff, 0xff, 0xff, 0xff);

/// What the page looked like last, in a file: a person's own choice is known to the page only.
pub struct Look(PathBuf);

impl Look {
    pub fn kept_in(data: &Path) -> Self {
        Self(data.join("theme"))
    }

    fn last(&self) -> Option<Theme> {
        match std::fs::read_to_string(&self.0).ok()?.as_str() {
            "dark" => Some(Theme::Dark),
            "light" => Some(Theme::Light),
            _ => None,
        }
    }
}

const fn background(theme: Theme) -> Color {
    if matches!(theme, Theme::Dark) { DARK } else { LIGHT }
}

/// The page says what it looks like, for the window around it now and before it at the next start.
#[tauri::command]
pub async fn set_dark(window: WebviewWindow, look: State<'_, Look>, dark: bool) -> Answer<()> {
    let (theme, name) = if dark { (Theme::Dark, "dark") } else { (Theme::Light, "light") };
    window.set_background_color(Some(background(theme))).map_err(said)?;
    disk::write_whole(&look.0, name.as_bytes()).await.map_err(said)
}

/// Makes the window. `data` is where the page's own storage lives.
pub fn open(app: &AppHandle, gate: Gate, data: PathBuf) -> tauri::Result<WebviewWindow> {
    let opener = app.clone();
    let last = app.state::<Look>().last();
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App("index.html".into()))
        .title("Sandpit")
        .inner_size(1280.0, 800.0)
        .min_inner_size(720.0, 480.0)
        .data_directory(data)
        .background_color(background(last.unwrap_or(Theme::Light)))
        .visible(false)
        .disable_drag_drop_handler()
        .zoom_hotkeys_enabled(true)
        .on_web_resource_request(police)
        .on_navigation(allowed)
        .on_download(|_, _| false) // A page in a preview would write into the person's own folder.
        .on_permission_request(|_, _| PermissionResponse::Deny)
        .on_new_window(move |url, _| {
            visit(&opener, &url);
            NewWindowResponse::Deny
        })
        .on_page_load(move |_, load| {
            if load.event() == PageLoadEvent::Started {
                gate.page_left();
            }
        })
        .build()?;
    close_side_door(&window)?;
    if last.is_none() {
        window.set_background_color(Some(background(window.theme()?)))?;
    }
    Ok(window)
}

/// WebKitGTK gives `webkit.messageHandlers.ipc`, Tauri's second way for messages, to every frame, also those that
/// show what a sandbox made. Tauri would refuse them for want of its key, but nothing here uses that way at all.
#[cfg(target_os = "linux")]
fn close_side_door(window: &WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::{UserContentManagerExt, WebViewExt};
    window.with_webview(|view| {
        if let Some(content) = view.inner().user_content_manager() {
            content.unregister_script_message_handler("ipc");
        }
    })
}

#[cfg(not(target_os = "linux"))]
fn close_side_door(_: &WebviewWindow) -> tauri::Result<()> {
    Ok(())
}

/// Brings the window to the front, for a second start of the app.
pub fn present(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL) {
        // Each of these can only fail when the window is going away.
        let _ = window.unminimize();
        let _ = window.show();
        let _ = window.set_focus();
    }
}

/// The window shows the UI and, in frames, previews. Nothing can lead it elsewhere.
fn allowed(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => true,
        "http" => url.host_str().is_some_and(|host| host.ends_with(".localhost")),
        "about" | "blob" => true,
        _ => false,
    }
}

/// What wants a window of its own is shown in the person's browser, if it is an ordinary address.
fn visit(app: &AppHandle, url: &Url) {
    if matches!(url.scheme(), "http" | "https")
        && let Err(error) = app.opener().open_url(url.as_str(), None::<&str>)
    {
        tracing::warn!(%error, "no browser could be opened");
    }
}

fn police(request: Request<Vec<u8>>, response: &mut Response<Cow<'static, [u8]>>) {
    if request.uri().path() == FRAME {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(FRAME_POLICY));
    }
}
