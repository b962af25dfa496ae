// Shortcuts are written `mod+shift+p`; `mod` is Ctrl, and Command on a Mac keyboard.
import { host } from "../host";

const mac = host.platform.modifier === "Meta";

const names: Record<string, string> = {
  mod: mac ? "⌘" : "Ctrl",
  ctrl: mac ? "⌃" : "Ctrl",
  shift: mac ? "⇧" : "Shift",
  alt: mac ? "⌥" : "Alt",
  delete: "Del",
  enter: "Enter",
  escape: "Esc",
  pagedown: "PageDown",
  pageup: "PageUp",
};

export function shortcutText(shortcut: string): string {
  const parts = shortcut
    .split("+")
    .map((part) => names[part] ?? (part.length === 1 ? part.toUpperCase() : cap(part)));
  return parts.join(mac ? "" : "+");
}

const cap = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** A shifted key on its own keycap: `~` is Shift and the key of a backquote. */
const codes: Record<string, string> = {
  Backquote: "`",
  Backslash: "\\",
  Comma: ",",
  Period: ".",
  Minus: "-",
  Equal: "=",
};

/** The key of an event as a shortcut names it: by its cap for letters and digits, so that Shift changes nothing. */
function keyOf(event: KeyboardEvent): string {
  const digit = /^Digit(\d)$/.exec(event.code)?.[1];
  if (digit) return digit;
  // A letter is what the layout types; a keyboard of another script falls back to the place of the key.
  if (/^[a-z]$/i.test(event.key)) return event.key.toLowerCase();
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  if (letter && event.key.length === 1) return letter.toLowerCase();
  return codes[event.code] ?? event.key.toLowerCase();
}

export function matches(shortcut: string, event: KeyboardEvent): boolean {
  const parts = shortcut.split("+");
  const key = parts.at(-1);
  const mod = parts.includes("mod");
  const ctrl = parts.includes("ctrl") || (mod && !mac);
  return (
    key === keyOf(event) &&
    event.ctrlKey === ctrl &&
    event.metaKey === (mod && mac) &&
    event.shiftKey === parts.includes("shift") &&
    event.altKey === parts.includes("alt")
  );
}
