/** From a key's event in the page to the changed row in the document. */
import { liveTerminal } from "./live";

let found: number[] = [];

/** Watches from now on; each key must make the cursor move. */
export function listenToKeys(): void {
  const { term } = liveTerminal().screen;
  const rows = term.element?.querySelector(".xterm-rows");
  if (!rows) throw new Error("the DOM renderer does not draw this terminal");
  const place = () => `${term.buffer.active.baseY + term.buffer.active.cursorY}:${term.buffer.active.cursorX}`;
  let pressed: { at: number; place: string } | undefined;
  found = [];
  const note = () => {
    pressed = { at: performance.now(), place: place() };
  };
  addEventListener("keydown", note, { capture: true });
  new MutationObserver(() => {
    if (!pressed || pressed.place === place()) return;
    found.push(performance.now() - pressed.at);
    pressed = undefined;
  }).observe(rows, { subtree: true, childList: true, characterData: true, attributes: true });
}

export const echoes = (): number[] => found;
