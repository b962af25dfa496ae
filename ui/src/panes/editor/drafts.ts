/**
 * Edits that are not saved, kept in this window's own storage so that a reload or a crash loses nothing.
 * One for each file; it goes when the file is saved or the edits are given up.
 */

export interface Draft {
  /** The version of the file that the edits began from. */
  etag: string;
  text: string;
}

const PREFIX = "sandpit.draft.";
const key = (sandboxId: string, path: string) => `${PREFIX}${sandboxId}:${path}`;

/** Whether there was room for it. */
export function keepDraft(sandboxId: string, path: string, draft: Draft): boolean {
  try {
    localStorage.setItem(key(sandboxId, path), JSON.stringify(draft));
    return true;
  } catch {
    dropDraft(sandboxId, path);
    return false;
  }
}

export function draftOf(sandboxId: string, path: string): Draft | undefined {
  try {
    const draft = JSON.parse(localStorage.getItem(key(sandboxId, path)) ?? "null") as Draft | null;
    return typeof draft?.text === "string" && typeof draft.etag === "string" ? draft : undefined;
  } catch {
    return undefined;
  }
}

export const dropDraft = (sandboxId: string, path: string) => localStorage.removeItem(key(sandboxId, path));

/** The file was moved; its edits go along. */
export function moveDraft(sandboxId: string, from: string, to: string): void {
  const draft = draftOf(sandboxId, from);
  if (draft) keepDraft(sandboxId, to, draft);
  dropDraft(sandboxId, from);
}

/** The sandbox is gone, and its files with it. */
export function forgetDrafts(sandboxId: string): void {
  for (const one of Object.keys(localStorage))
    if (one.startsWith(`${PREFIX}${sandboxId}:`)) localStorage.removeItem(one);
}
