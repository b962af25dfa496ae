// A notebook's file: its text, and a write that notices when somebody else wrote first.
import { post, query, send } from "./client";
import { sandboxPath } from "./gateway";

export interface Loaded {
  text: string;
  etag: string;
}

const path = (id: string, file: string) => sandboxPath(id, `/api/files/raw${query({ path: file })}`);

export async function loadText(id: string, file: string): Promise<Loaded> {
  const answer = await send(path(id, file));
  return { text: await answer.text(), etag: answer.headers.get("etag") ?? "" };
}

/** The state of the file now, without its text. */
export async function fileTag(id: string, file: string): Promise<string> {
  const answer = await send(path(id, file), { method: "HEAD" });
  return answer.headers.get("etag") ?? "";
}

/** What must be true of the file beforehand, else `FILE_CHANGED` or `FILE_EXISTS`. */
export type Guard = { etag: string } | "absent" | "anything";

/** Whole or not at all. Its new tag. */
export async function saveText(id: string, file: string, text: string, guard: Guard): Promise<string> {
  const headers: Record<string, string> = { "content-type": "application/x-ipynb+json" };
  if (guard === "absent") headers["if-none-match"] = "*";
  else if (guard !== "anything") headers["if-match"] = guard.etag;
  const answer = await send(path(id, file), { method: "PUT", headers, body: text });
  return answer.headers.get("etag") ?? "";
}

export const deleteFile = (id: string, file: string) =>
  post<unknown>(sandboxPath(id, "/api/delete"), { path: file });
