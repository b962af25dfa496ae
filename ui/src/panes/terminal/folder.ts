/** The folder a shell says it is in (OSC 7), told in the status bar while its terminal is seen. */
import { useEffect, useState } from "react";
import { setStatus } from "../../state/status";
import type { LiveTerminal } from "./live";

/** The path of `file://host/path`; nothing for anything else. A `%` that encodes nothing stands for itself. */
export function folderOf(data: string): string | undefined {
  const path = /^file:\/\/[^/]*(\/.*)$/.exec(data)?.[1];
  if (path === undefined || path.length > 4096) return undefined;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

export function useFolder(live: LiveTerminal | undefined, sandboxId: string, visible: boolean): void {
  const [folder, setFolder] = useState<string>();
  useEffect(() => {
    const handler = live?.screen.term.parser.registerOscHandler(7, (data) => {
      setFolder(folderOf(data));
      return true;
    });
    return () => handler?.dispose();
  }, [live]);
  useEffect(() => {
    if (!visible || !folder) return;
    setStatus(sandboxId, "cwd", { text: folder, title: "The folder of the shell in view" });
    return () => setStatus(sandboxId, "cwd", undefined);
  }, [folder, sandboxId, visible]);
}
