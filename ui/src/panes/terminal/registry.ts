/** The terminals on this window, for commands and menus. It is light: the screen itself is loaded when one is shown. */
import type { LiveTerminal } from "./live";

const live = new Map<string, LiveTerminal>();
const fresh = new Set<string>();

/** The terminal shown in a pane of that id. */
export const liveIn = (paneId: string | undefined) => (paneId ? live.get(paneId) : undefined);

/** Tells which terminal a pane shows; what it returns takes that back. */
export function putLive(paneId: string, terminal: LiveTerminal): () => void {
  live.set(paneId, terminal);
  return () => {
    if (live.get(paneId) === terminal) live.delete(paneId);
  };
}

/** Says that this window has just made a terminal, so nothing in it has been answered by anyone. */
export const markFresh = (id: string) => void fresh.add(id);
/** Whether it was, asked once. */
export const takeFresh = (id: string) => fresh.delete(id);
