// What the window asks of one sandbox's agent that belongs to no single pane.
// Files, terminals and code contexts have files of their own beside this one.
import { get, post } from "./client";
import { sandboxPath } from "./gateway";
import type { FileList } from "./wire/FileList";

/** A cheap round trip through gateway and agent, whole milliseconds and parts of one. */
export async function roundTrip(id: string, signal?: AbortSignal): Promise<number> {
  const start = performance.now();
  await get(sandboxPath(id, "/api/ping"), signal);
  return performance.now() - start;
}

/** The ids of its sessions, oldest first. */
export const sessionIds = async (id: string) =>
  (await get<{ data: string[] }>(sandboxPath(id, "/api/session/list"))).data;

/** Paths of all files beneath the workspace, hidden ones left out, relative to it. */
export async function allFiles(id: string, signal?: AbortSignal): Promise<string[]> {
  const wish = { path: WORKSPACE, options: { recursive: true, includeHidden: false } };
  const { files } = await post<FileList>(sandboxPath(id, "/api/list-files"), wish, signal);
  return files.filter(({ type }) => type !== "directory").map(({ relativePath }) => relativePath);
}

export const WORKSPACE = "/workspace";
