/** The open notebooks. Two panes of one file share one session. */
import { NotebookSession } from "./session";

/** Last saves on their way: an opening waits for them, lest it reads the file from before. */
const closing = new Map<string, Promise<void>>();
const open = new Map<string, { session: NotebookSession; panes: number }>();
const keyOf = (sandboxId: string, path: string) => `${sandboxId}:${path}`;

export function acquire(sandboxId: string, path: string): NotebookSession {
  const key = keyOf(sandboxId, path);
  const entry = open.get(key) ?? { session: new NotebookSession(sandboxId, path), panes: 0 };
  if (!open.has(key)) void (closing.get(key) ?? Promise.resolve()).then(() => entry.session.load());
  entry.panes++;
  open.set(key, entry);
  return entry.session;
}

/** A pane let go. The session ends a moment later, unless the pane was only moved. */
export function release(sandboxId: string, path: string): void {
  const key = keyOf(sandboxId, path);
  const entry = open.get(key);
  if (!entry) return;
  entry.panes--;
  setTimeout(() => {
    if (entry.panes > 0 || open.get(key) !== entry) return;
    open.delete(key);
    const close = entry.session.close().finally(() => closing.delete(key));
    closing.set(key, close);
  }, 200);
}

export const sessionOf = (sandboxId: string, path: string) => open.get(keyOf(sandboxId, path))?.session;
