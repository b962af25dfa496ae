/** The host of the desktop window: everything goes over Tauri IPC, and there is no listening port. */
import { Channel, invoke } from "@tauri-apps/api/core";
import { getCurrentWindow } from "@tauri-apps/api/window";
import { readText, writeText } from "@tauri-apps/plugin-clipboard-manager";
import { openUrl } from "@tauri-apps/plugin-opener";
import { packHead, unpackHead } from "./frames";
import { platform } from "./platform";
import { freshId, tauriFetch } from "./tauri-fetch";
import { TauriSocket } from "./tauri-socket";
import type { Host, HostClipboard, PickedFile } from "./types";

const clipboard: HostClipboard = {
  readText,
  writeText,
  writePng: async (png) => invoke("copy_png", new Uint8Array(await png.arrayBuffer())),
};

/** `file` is the Rust side's name for it; the page holds no path. */
const picked = ({ file, name, size }: { file: number; name: string; size: number }): PickedFile => ({
  name,
  size,
  send: async (path, request = {}, progress) => {
    const { method = "PUT", headers = {}, signal } = request;
    signal?.throwIfAborted();
    const id = freshId();
    signal?.addEventListener("abort", () => void invoke("cancel", { id }), { once: true });
    const head = { id, method, path, headers: Object.entries(headers) };
    try {
      const packed = await invoke<ArrayBuffer>("send_file", { file, head, progress: new Channel(progress) });
      const answer = unpackHead<{ status: number; headers: [string, string][] }>(new Uint8Array(packed));
      return new Response(answer.body, answer.head);
    } catch (reason) {
      throw signal?.aborted ? signal.reason : new TypeError(String(reason));
    }
  },
});

const saveFile: Host["saveFile"] = async (name, source) => {
  if (source instanceof Blob) {
    return invoke<boolean>("save_bytes", packHead({ name }, new Uint8Array(await source.arrayBuffer())));
  }
  const id = freshId();
  source.signal?.addEventListener("abort", () => void invoke("cancel", { id }), { once: true });
  return invoke<boolean>("save_answer", { id, name, path: source.path });
};

/** The web view's own menu offers to go back and to reload; it stays only where there is text to edit or to copy. */
function keepMenuToText() {
  addEventListener("contextmenu", (event) => {
    const editable =
      event.target instanceof Element && event.target.closest("input, textarea, [contenteditable]");
    if (!editable && !getSelection()?.toString()) event.preventDefault();
  });
}

export function tauriHost(): Host {
  keepMenuToText();
  return {
    kind: "desktop",
    platform: platform("desktop"),
    clipboard,
    fetch: tauriFetch,
    socket: (path) => new TauriSocket(path),
    openExternal: (url) => openUrl(url),
    pickFiles: async (options) => {
      const files = await invoke<Parameters<typeof picked>[0][]>("pick_files", {
        multiple: options?.multiple ?? false,
      });
      return files.map(picked);
    },
    saveFile,
    setDark: (dark) => void invoke("set_dark", { dark }),
    setTitle: (title) => void getCurrentWindow().setTitle(title),
  };
}
