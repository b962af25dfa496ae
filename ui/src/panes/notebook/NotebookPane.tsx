import { useEffect } from "react";
import { ApiFailure } from "../../api/failure";
import { Button, Failed, Loading } from "../../kit";
import { notify } from "../../state/notices";
import { dockOf, openPane, type PaneProps } from "../../state/panes";
import { useSandbox } from "../../state/sandboxes";
import { setStatus } from "../../state/status";
import { toCommand } from "./actions";
import { Bars } from "./bar/Bars";
import { kernelName, kernelWords } from "./bar/KernelPill";
import { Toolbar } from "./bar/Toolbar";
import { CellList } from "./cell/CellList";
import { focusActive } from "./cell/focus";
import { commandKey } from "./keys";
import css from "./Notebook.module.css";
import type { NotebookSession } from "./session/session";
import { SessionContext, useHeldSession, useNotebook, useSession } from "./useNotebook";

export interface NotebookParams {
  /** Absolute, in the sandbox. */
  path: string;
}

/** A notebook's tab. */
export function NotebookPane(props: PaneProps<NotebookParams>) {
  const session = useHeldSession(props.sandboxId, props.params.path);
  if (!session) return null;
  return (
    <SessionContext value={session}>
      <Shown {...props} />
    </SessionContext>
  );
}

function Shown({ sandboxId, params, pane, visible }: PaneProps<NotebookParams>) {
  const session = useSession();
  const phase = useNotebook((state) => state.phase);
  const running = useSandbox(sandboxId)?.state === "running";
  useSaving(session, pane);
  useStatusLine(sandboxId, visible);
  useEffect(() => {
    if (running) session.reconnect();
  }, [session, running]);
  useFreshness(session, visible);
  useFrontFocus(session, pane.id, sandboxId, visible);
  switch (phase.at) {
    case "loading":
      return <Loading lines={8} label="Opening the notebook" />;
    case "failed":
      return <Failed failure={phase.failure} onRetry={() => void session.load()} />;
    case "unreadable": {
      const failure = new ApiFailure("VALIDATION_FAILED", phase.why.message, {
        suggestion: "The file is left as it is.",
      });
      return (
        <Failed
          failure={failure}
          onRetry={() => void session.load()}
          actions={<AsText path={params.path} />}
        />
      );
    }
    case "ready":
      return (
        <div className={css.notebook} data-testid="notebook" data-notebook="">
          <Toolbar />
          <Bars />
          <CellList />
        </div>
      );
  }
}

const AsText = ({ path }: { path: string }) => (
  <Button onClick={() => openPane("editor", { path })}>Open as text</Button>
);

/** The dot in the tab, and nothing lost when the tab or the window goes. */
function useSaving(session: NotebookSession, pane: PaneProps["pane"]) {
  const saving = useNotebook((state) => state.saving);
  const dirty = saving.at !== "saved";
  useEffect(() => pane.setDirty(dirty), [pane, dirty]);
  useEffect(() => {
    pane.guardClose(() => mayClose(session, pane));
    const leave = () => void session.save();
    window.addEventListener("pagehide", leave);
    return () => {
      pane.guardClose(null);
      window.removeEventListener("pagehide", leave);
    };
  }, [session, pane]);
}

async function mayClose(session: NotebookSession, pane: PaneProps["pane"]): Promise<boolean> {
  await session.save();
  const { saving } = session.state;
  if (saving.at === "saved") return true;
  const discard = () => {
    session.discard();
    pane.guardClose(null);
    pane.close();
  };
  const why = saving.at === "conflict" ? "The file was changed by something else." : "It could not be saved.";
  notify({
    tone: "bad",
    text: "This notebook has changes that are not saved.",
    detail: why,
    action: { label: "Close anyway", run: discard },
  });
  return false;
}

function useStatusLine(sandboxId: string, visible: boolean) {
  const name = useNotebook(kernelName);
  const state = useNotebook(kernelWords);
  const ready = useNotebook(({ phase }) => phase.at === "ready");
  useEffect(() => {
    if (!visible || !ready) return;
    setStatus(sandboxId, "kernel", { text: `${name} ${state}` });
    return () => setStatus(sandboxId, "kernel", undefined);
  }, [sandboxId, visible, ready, name, state]);
}

/** Whether the file is still the one that is shown: looked at when the pane or the window comes to the front. */
function useFreshness(session: NotebookSession, visible: boolean) {
  useEffect(() => {
    if (!visible) return;
    const look = () => void session.lookForChange();
    look();
    window.addEventListener("focus", look);
    return () => window.removeEventListener("focus", look);
  }, [session, visible]);
}

/** A notebook in front has the keyboard in its active cell, whenever nothing else has it. */
function useFrontFocus(session: NotebookSession, paneId: string, sandboxId: string, visible: boolean) {
  const ready = useNotebook(({ phase }) => phase.at === "ready");
  useEffect(() => {
    const inFront = () => visible && ready && dockOf(sandboxId)?.active()?.id === paneId;
    if (inFront()) focusActive(session);
    // A button that vanished leaves the keyboard to nobody: the next key brings it back.
    const onKey = (event: KeyboardEvent) => {
      if (event.target !== document.body || event.defaultPrevented || !inFront()) return;
      if (event.key === "Escape") toCommand(session);
      focusActive(session);
      if (session.state.mode === "command" && commandKey(session, event)) event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [session, paneId, sandboxId, visible, ready]);
}
