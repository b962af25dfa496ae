import type { DockviewApi, IDockviewPanel } from "dockview-react";
import { type OpenPane, type PaneHandle, paneType } from "../../state/panes";
import { forgetTab, mayClose, setGuard, setTab, tabKey } from "./tabs";

/** A panel of the dock as others know it. */
export const openPaneOf = (sandboxId: string, panel: IDockviewPanel): OpenPane => ({
  id: panel.id,
  type: panel.view.contentComponent,
  sandboxId,
  params: panel.params ?? {},
  title: panel.title ?? "",
});

/** Closes a tab as the person does: its guard is asked, and its kind is told. */
export async function closePane(sandboxId: string, panel: IDockviewPanel): Promise<boolean> {
  const key = tabKey(sandboxId, panel.id);
  if (!(await mayClose(key))) return false;
  const pane = openPaneOf(sandboxId, panel);
  panel.api.close();
  forgetTab(key);
  await paneType(pane.type)?.closed?.(pane);
  return true;
}

/** The handle a pane in the dock gets. */
export function handleOf(sandboxId: string, panelId: string, dock: DockviewApi): PaneHandle {
  const key = tabKey(sandboxId, panelId);
  const panel = () => dock.getPanel(panelId);
  return {
    id: panelId,
    setTitle: (title) => panel()?.api.setTitle(title),
    setParams: (change) => panel()?.api.updateParameters(change),
    setDirty: (dirty) => setTab(key, { dirty }),
    guardClose: (ask) => setGuard(key, ask),
    close: () => {
      const one = panel();
      if (one) void closePane(sandboxId, one);
    },
    focus: () => panel()?.api.setActive(),
  };
}
