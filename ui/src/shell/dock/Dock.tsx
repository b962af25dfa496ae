import "dockview-react/dist/styles/dockview.css";
import { type DockviewApi, DockviewReact, type DockviewReadyEvent, type DockviewTheme } from "dockview-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { attachDock, paneTypes } from "../../state/panes";
import { useSandbox } from "../../state/sandboxes";
import css from "./Dock.module.css";
import { DockTab } from "./DockTab";
import { dockApi } from "./dockApi";
import { EmptyDock } from "./EmptyDock";
import { GroupActions, NewTab } from "./GroupActions";
import { restoreLayout, saveLayout } from "./layout";
import { DockContext, PaneBody } from "./PaneBody";

const theme: DockviewTheme = {
  name: "sandpit",
  className: "dockview-theme-sandpit",
  dndTabIndicator: "line",
};

/** The panes of one sandbox. It stays in the document while another sandbox is in view. */
export function Dock({ sandboxId, shown }: { sandboxId: string; shown: boolean }) {
  const components = useMemo(
    () => Object.fromEntries(paneTypes("dock").map(({ type }) => [type, PaneBody])),
    [],
  );
  const context = useMemo(() => ({ sandboxId, shown }), [sandboxId, shown]);
  const [ready, setReady] = useState(false);
  const leave = useRef<(() => void) | undefined>(undefined);
  useEffect(() => () => leave.current?.(), []);
  const onReady = ({ api }: DockviewReadyEvent) => {
    leave.current?.();
    leave.current = begin(sandboxId, api);
    setReady(true);
  };
  const running = useSandbox(sandboxId)?.state === "running";
  useEffect(() => {
    if (ready && running) for (const { opened } of paneTypes("dock")) opened?.(sandboxId);
  }, [sandboxId, ready, running]);
  return (
    <DockContext.Provider value={context}>
      <div className={css.dock} hidden={!shown} data-dock data-testid={`dock-${sandboxId}`}>
        <DockviewReact
          theme={theme}
          components={components}
          defaultTabComponent={DockTab}
          watermarkComponent={EmptyDock}
          leftHeaderActionsComponent={NewTab}
          rightHeaderActionsComponent={GroupActions}
          disableFloatingGroups
          onReady={onReady}
        />
      </div>
    </DockContext.Provider>
  );
}

/** Puts the kept layout back and keeps it from then on. What it returns ends that. */
function begin(sandboxId: string, dock: DockviewApi): () => void {
  restoreLayout(sandboxId, dock);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const save = () => {
    clearTimeout(timer);
    timer = undefined;
    saveLayout(sandboxId, dock);
  };
  // The window may go within the wait.
  const leaving = () => timer && save();
  window.addEventListener("pagehide", leaving);
  const stop = dock.onDidLayoutChange(() => {
    clearTimeout(timer);
    timer = setTimeout(save, 250);
  });
  const detach = attachDock(sandboxId, dockApi(sandboxId, dock));
  return () => {
    detach();
    stop.dispose();
    clearTimeout(timer);
    window.removeEventListener("pagehide", leaving);
  };
}
