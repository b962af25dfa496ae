/**
 * The host of a page that `sandpitd serve` served: plain HTTP and WebSocket to its own origin.
 * The token comes in the fragment of the address, which never reaches a server, and is kept for this tab.
 */
import { BrowserSocket } from "./browser-socket";
import { pickInPage, saveFromPage } from "./page-files";
import { platform } from "./platform";
import type { Host, HostClipboard, HostRequest } from "./types";

const KEPT = "sandpit.token";

/** Takes the token out of the address, so that it is not bookmarked or shown, and keeps it for reloads. */
export function takeToken(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(KEPT, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return given ?? sessionStorage.getItem(KEPT) ?? "";
}

const clipboard: HostClipboard = {
  readText: () => navigator.clipboard.readText(),
  writeText: (text) => navigator.clipboard.writeText(text),
  writePng: (png) => navigator.clipboard.write([new ClipboardItem({ "image/png": png })]),
};

export function browserHost(): Host {
  const token = takeToken();
  const send = (path: string, { headers, ...rest }: HostRequest = {}) =>
    fetch(path, { ...rest, headers: { ...headers, authorization: `Bearer ${token}` } });
  return {
    kind: "browser",
    platform: platform("browser"),
    clipboard,
    fetch: send,
    socket: (path) => new BrowserSocket(path, token, send),
    openExternal: async (url) => {
      window.open(url, "_blank", "noopener,noreferrer");
    },
    pickFiles: (options) => pickInPage(options?.multiple ?? false, send),
    saveFile: (name, source) => saveFromPage(name, source, send),
    setDark: () => {},
    setTitle: (title) => {
      document.title = title;
    },
  };
}
