/**
 * Which context a notebook runs in, kept in the window's own storage: in the file it would make every
 * run a change, and would be wrong wherever the file is copied to.
 */
import { deleteFile, loadText, saveText } from "../../../api/notebooks";
import { hashOf, type Snapshot } from "./snapshot";

export interface Binding {
  context: string;
  /** Kernelspec name it was made of. */
  kernel: string;
  /** Of the last file known to be saved, and of the one on its way. */
  snapshots: Snapshot[];
}

const PREFIX = "sandpit.notebook:";
const key = (sandboxId: string, path: string) => `${PREFIX}${sandboxId}:${path}`;

export function readBinding(sandboxId: string, path: string): Binding | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(key(sandboxId, path)) ?? "null") as Partial<Binding> | null;
    if (typeof kept?.context !== "string" || !Array.isArray(kept.snapshots)) return undefined;
    return { context: kept.context, kernel: String(kept.kernel), snapshots: kept.snapshots };
  } catch {
    return undefined;
  }
}

/** Best effort: without it a reopened notebook starts a new kernel, and loses nothing else. */
export function writeBinding(sandboxId: string, path: string, binding: Binding | undefined): void {
  try {
    if (binding) localStorage.setItem(key(sandboxId, path), JSON.stringify(binding));
    else localStorage.removeItem(key(sandboxId, path));
  } catch {
    forgetOthers(sandboxId);
  }
}

/** The storage is full: what other sandboxes left behind goes first. */
function forgetOthers(sandboxId: string): void {
  const keys = Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at) ?? "");
  for (const one of keys) {
    if (one.startsWith(PREFIX) && !one.startsWith(`${PREFIX}${sandboxId}:`)) localStorage.removeItem(one);
  }
}

/**
 * The same in the sandbox, for a window that knows nothing yet (another browser, another port): only which
 * context. In its temporary folder, which ends no later than the kernel does.
 */
const shared = (path: string) => `/tmp/.sandpit-notebooks/${hashOf(path)}.json`;

export async function sharedContext(sandboxId: string, path: string): Promise<string | undefined> {
  try {
    const said = JSON.parse((await loadText(sandboxId, shared(path))).text) as {
      path?: unknown;
      context?: unknown;
    };
    return said.path === path && typeof said.context === "string" ? said.context : undefined;
  } catch {
    return undefined;
  }
}

/** Best effort, as above. */
export function shareContext(sandboxId: string, path: string, context: string | undefined): void {
  const done = context
    ? saveText(sandboxId, shared(path), JSON.stringify({ path, context }), "anything")
    : deleteFile(sandboxId, shared(path));
  done.catch(() => undefined);
}
