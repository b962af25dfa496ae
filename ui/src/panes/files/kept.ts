/** Which folders of a sandbox's tree are open, kept between starts of the window. */

const PREFIX = "sandpit.tree.";
/** More are not kept: each is listed and watched at the next start. */
const MOST = 200;

export function openFoldersOf(sandboxId: string): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(PREFIX + sandboxId) ?? "[]");
    return Array.isArray(kept) ? kept.filter((path) => typeof path === "string") : [];
  } catch {
    return [];
  }
}

export function keepOpenFolders(sandboxId: string, paths: readonly string[]): void {
  try {
    localStorage.setItem(PREFIX + sandboxId, JSON.stringify(paths.slice(0, MOST)));
  } catch {
    // A full storage only costs the memory of which folders were open.
  }
}

export const forgetOpenFolders = (sandboxId: string) => localStorage.removeItem(PREFIX + sandboxId);
