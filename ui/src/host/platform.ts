/** What can be known of the machine from inside the page. The only place that looks at it. */
import type { Platform } from "./types";

export function platform(kind: "desktop" | "browser"): Platform {
  const agent = navigator.userAgent;
  const os = /Mac OS X|Macintosh/.test(agent)
    ? "macos"
    : /Windows/.test(agent)
      ? "windows"
      : /Linux|X11/.test(agent)
        ? "linux"
        : "other";
  const engine = /Firefox\//.test(agent)
    ? "gecko"
    : /Chrom(e|ium)\//.test(agent)
      ? "chromium"
      : /AppleWebKit\//.test(agent)
        ? "webkit"
        : "other";
  return {
    os,
    engine,
    modifier: os === "macos" ? "Meta" : "Ctrl",
    lateWebgl: kind === "desktop" && os === "linux",
  };
}
