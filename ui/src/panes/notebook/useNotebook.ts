/** The session of a pane, and parts of its state. */
import { createContext, useContext, useEffect, useState } from "react";
import { useStore } from "zustand";
import type { NotebookSession } from "./session/session";
import { acquire, release } from "./session/sessions";
import type { NotebookState } from "./session/state";

export const SessionContext = createContext<NotebookSession | undefined>(undefined);

export function useSession(): NotebookSession {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useSession is for the inside of a notebook pane");
  return session;
}

export function useNotebook<T>(part: (state: NotebookState) => T): T {
  return useStore(useSession().store, part);
}

/** Holds the session of a file for as long as the pane is there. */
export function useHeldSession(sandboxId: string, path: string): NotebookSession | undefined {
  const [session, set] = useState<NotebookSession>();
  useEffect(() => {
    set(acquire(sandboxId, path));
    return () => release(sandboxId, path);
  }, [sandboxId, path]);
  return session;
}
