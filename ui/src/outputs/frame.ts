/**
 * The window's side of the isolated frame (`public/output-frame.html`): what is sent into it and what is
 * believed of what comes out. The frame runs whatever a cell printed, so nothing it says is trusted
 * beyond a height between bounds and a link that a person must confirm.
 */
import type { Theme } from "../theme/theme";

/** Pixels. A frame grows with its content up to the first; asked to show all, up to the second. */
export const COLLAPSED = 480;
export const TALLEST = 20_000;
export const SANDBOX = "allow-scripts";

export type FrameContent = { html: string } | { script: string };

export type FrameSays =
  | { type: "hello" }
  | { type: "height"; height: number }
  | { type: "focus" }
  | { type: "escape" }
  | { type: "link"; href: string };

/** Tokens the frame's own style uses, as they are now. */
const TOKENS = [
  "bg",
  "bg-hover",
  "line",
  "text",
  "text-2",
  "text-3",
  "accent",
  "accent-soft",
  "focus",
  "bad",
  "info",
  "font",
  "mono",
];

export const frameUrl = (nonce: string, theme: Theme) =>
  `${new URL("output-frame.html", document.baseURI).href}#${nonce},${theme}`;

export function newNonce(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("");
}

/** What a message from the frame says; undefined for anything that is not one of its few words. */
export function hear(data: unknown, nonce: string): FrameSays | undefined {
  const said = data as Record<string, unknown> | null;
  if (typeof said !== "object" || said === null || said.sandpit !== nonce) return undefined;
  switch (said.type) {
    case "hello":
    case "focus":
    case "escape":
      return { type: said.type };
    case "height":
      return typeof said.height === "number" && Number.isFinite(said.height)
        ? { type: "height", height: Math.min(TALLEST, Math.max(0, Math.ceil(said.height))) }
        : undefined;
    case "link":
      return isWebLink(said.href) ? { type: "link", href: said.href } : undefined;
    default:
      return undefined;
  }
}

const isWebLink = (href: unknown): href is string =>
  typeof href === "string" && href.length < 4096 && /^https?:\/\//i.test(href);

export function tokensMessage(nonce: string, theme: Theme) {
  const style = getComputedStyle(document.documentElement);
  const values = Object.fromEntries(
    TOKENS.map((name) => [`--${name}`, style.getPropertyValue(`--${name}`).trim()]),
  );
  return { sandpit: nonce, type: "tokens", scheme: theme, values };
}

export const renderMessage = (nonce: string, content: FrameContent) => ({
  sandpit: nonce,
  type: "render",
  ...content,
});

/** The window's own fonts, as data: the frame cannot fetch them. Loaded once, when a first frame is shown. */
export async function fontsMessage(nonce: string) {
  const { css } = await import("./frameFonts");
  return { sandpit: nonce, type: "fonts", css };
}
