// The files of a sandbox. Paths are absolute inside it.
import { post, query, send } from "./client";
import { sandboxPath } from "./gateway";
import type { FileInfo } from "./wire/FileInfo";
import type { FileList } from "./wire/FileList";
import type { Trashed } from "./wire/Trashed";

/** Where the bytes of a file are read and written. */
export const rawPath = (id: string, path: string, download?: boolean) =>
  sandboxPath(id, `/api/files/raw${query({ path, download: download ? 1 : undefined })}`);

/** Where a folder is read as tar. */
export const archivePath = (id: string, path: string) =>
  sandboxPath(id, `/api/files/archive${query({ path })}`);

/** Every entry of a folder, hidden ones as well, in no particular order. */
export const listFiles = async (id: string, path: string, signal?: AbortSignal): Promise<FileInfo[]> =>
  (
    await post<FileList>(
      sandboxPath(id, "/api/list-files"),
      { path, options: { includeHidden: true } },
      signal,
    )
  ).files;

export const stat = async (id: string, path: string, signal?: AbortSignal) =>
  (await post<{ file: FileInfo }>(sandboxPath(id, "/api/stat"), { path }, signal)).file;

export const makeFolder = (id: string, path: string) =>
  post<unknown>(sandboxPath(id, "/api/mkdir"), { path });

/** Refuses with `FILE_EXISTS` when something is there. */
export const move = (id: string, sourcePath: string, destinationPath: string) =>
  post<unknown>(sandboxPath(id, "/api/move"), { sourcePath, destinationPath });

/** Files and folders. Refuses with `FILE_EXISTS` when something is there. */
export const copy = (id: string, sourcePath: string, destinationPath: string) =>
  post<unknown>(sandboxPath(id, "/api/copy"), { sourcePath, destinationPath });

export const trash = (id: string, paths: string[]) => post<Trashed>(sandboxPath(id, "/api/trash"), { paths });
export const restore = (id: string, trashed: Trashed) =>
  post<unknown>(sandboxPath(id, "/api/trash/restore"), trashed);

export interface FileBytes {
  bytes: Uint8Array<ArrayBuffer>;
  /** To be given to `writeFile`, so that nobody else's change is lost. */
  etag: string;
  type: string;
}

/** Size, version and kind of a file, without its bytes. */
export async function headFile(id: string, path: string) {
  const { headers } = await send(rawPath(id, path), { method: "HEAD" }).catch(() => reason(id, path));
  return {
    size: Number(headers.get("content-length") ?? 0),
    etag: headers.get("etag") ?? "",
    type: headers.get("content-type") ?? "",
  };
}

/** The answer to HEAD has no body, so why it failed is asked once more in full. */
const reason = (id: string, path: string) => send(rawPath(id, path), { headers: { range: "bytes=0-0" } });

/** The whole file, or its first `most` bytes. */
export async function readFile(
  id: string,
  path: string,
  signal?: AbortSignal,
  most?: number,
): Promise<FileBytes> {
  const headers = most === undefined ? undefined : { range: `bytes=0-${most - 1}` };
  const answer = await send(rawPath(id, path), { headers, signal });
  return {
    bytes: new Uint8Array(await answer.arrayBuffer()),
    etag: answer.headers.get("etag") ?? "",
    type: answer.headers.get("content-type") ?? "",
  };
}

/** What a write expects to find: that version, nothing at all, or whatever there is. */
export type Expected = { etag: string } | "nothing" | "anything";

/**
 * Replaces a file as a whole; tells its new etag.
 * `FILE_CHANGED` when it is not the expected version, `FILE_EXISTS` when nothing was expected.
 */
export async function writeFile(id: string, path: string, body: string, expected: Expected): Promise<string> {
  const headers: Record<string, string> = {
    "content-type": "application/octet-stream",
  };
  if (expected === "nothing") headers["if-none-match"] = "*";
  else if (expected !== "anything") headers["if-match"] = expected.etag;
  const answer = await send(rawPath(id, path), {
    method: "PUT",
    headers,
    body,
  });
  return answer.headers.get("etag") ?? ((await answer.json()) as { etag: string }).etag;
}
