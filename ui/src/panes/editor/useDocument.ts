/** The life of a document in its tab: loaded, told of what happens to its file, kept over a reload of the window. */
import { useEffect, useState, useSyncExternalStore } from "react";
import { headFile, readFile, writeFile } from "../../api/files";
import { filesOf } from "../files/browser";
import { FileDocument } from "./document";
import { draftOf, dropDraft, keepDraft } from "./drafts";

export class OpenDocument extends FileDocument {
  version = 0;
  private listeners = new Set<() => void>();

  constructor(
    readonly sandboxId: string,
    readonly path: string,
  ) {
    super({
      head: () => headFile(sandboxId, path),
      read: (most) => readFile(sandboxId, path, undefined, most),
      write: (body, expected) => writeFile(sandboxId, path, body, expected),
      keepDraft: (draft) => keepDraft(sandboxId, path, draft),
      draft: () => draftOf(sandboxId, path),
      dropDraft: () => dropDraft(sandboxId, path),
      changed: () => this.tell(),
    });
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  private tell(): void {
    this.version++;
    for (const listener of this.listeners) listener();
  }
}

const nothing = () => () => {};

export function useDocument(sandboxId: string, path: string): OpenDocument | undefined {
  const [document, setDocument] = useState<OpenDocument>();
  useEffect(() => {
    const made = new OpenDocument(sandboxId, path);
    setDocument(made);
    void made.load();
    const unfollow = filesOf(sandboxId).follow(path, () => void made.check().catch(() => {}));
    const flush = () => made.flushDraft();
    window.addEventListener("pagehide", flush);
    window.document.addEventListener("visibilitychange", flush);
    return () => {
      unfollow();
      window.removeEventListener("pagehide", flush);
      window.document.removeEventListener("visibilitychange", flush);
      made.dispose();
    };
  }, [sandboxId, path]);
  useSyncExternalStore(document?.subscribe ?? nothing, () => document?.version ?? 0);
  return document;
}
