/** Copy and paste of a terminal: its keys, the setting that copies a selection, and what a paste must pass. */
import { host } from "../../host";
import { notify } from "../../state/notices";
import { settings } from "../../state/settings";
import type { LiveTerminal } from "./live";
import { warnsBeforePaste } from "./paste";

export async function copySelection(live: LiveTerminal): Promise<void> {
  const text = live.screen.term.getSelection();
  if (text) await host.clipboard.writeText(text);
}

/** Pastes `text`, or hands it to `ask` when it has several lines. */
export function offerPaste(live: LiveTerminal, text: string, ask: (text: string) => void): void {
  const warning = settings.getState().warnOnMultilinePaste ? "always" : "never";
  if (!text) return;
  if (warnsBeforePaste(text, warning, live.screen.term.modes.bracketedPasteMode)) ask(text);
  else live.paste(text);
}

export async function pasteClipboard(live: LiveTerminal, ask: (text: string) => void): Promise<void> {
  try {
    offerPaste(live, await host.clipboard.readText(), ask);
  } catch {
    notify({
      tone: "bad",
      text: "The clipboard could not be read.",
      detail: "The browser may have to allow it.",
    });
  }
}

type Act = "copy" | "paste";

/** What a key means for the clipboard; nothing when it is the program's. */
export function clipboardKey(event: KeyboardEvent, selected: boolean, ctrlCCopies: boolean): Act | undefined {
  const mod = host.platform.modifier === "Meta" ? event.metaKey : event.ctrlKey && event.shiftKey;
  if (event.altKey) return undefined;
  if (mod && event.code === "KeyC") return "copy";
  if (mod && event.code === "KeyV") return "paste";
  if (event.code === "Insert" && event.ctrlKey !== event.shiftKey) return event.ctrlKey ? "copy" : "paste";
  const plain = event.ctrlKey && !event.shiftKey && !event.metaKey;
  return plain && event.code === "KeyC" && selected && ctrlCCopies ? "copy" : undefined;
}

/** Joins keys, native pastes (middle click, the browser's menu) and selecting to the clipboard. */
export function attachClipboard(
  live: LiveTerminal,
  element: HTMLElement,
  ask: (text: string) => void,
): () => void {
  const { term } = live.screen;
  term.attachCustomKeyEventHandler((event) => {
    if (event.type !== "keydown") return true;
    const act = clipboardKey(event, term.hasSelection(), settings.getState().terminalCtrlCCopies);
    if (!act) return true;
    event.preventDefault();
    if (act === "paste") void pasteClipboard(live, ask);
    else void copySelection(live).then(() => event.shiftKey || term.clearSelection());
    return false;
  });
  const onPaste = (event: ClipboardEvent) => {
    event.preventDefault();
    event.stopPropagation();
    offerPaste(live, event.clipboardData?.getData("text/plain") ?? "", ask);
  };
  const onMouseUp = () => {
    if (settings.getState().copyOnSelect && term.hasSelection()) void copySelection(live);
  };
  element.addEventListener("paste", onPaste, { capture: true });
  element.addEventListener("mouseup", onMouseUp);
  return () => {
    element.removeEventListener("paste", onPaste, { capture: true });
    element.removeEventListener("mouseup", onMouseUp);
  };
}
