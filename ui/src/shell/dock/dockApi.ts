import type { DockviewApi } from "dockview-react";
import type { AnyParams, Dock, OpenOptions, PaneDefinition, Where } from "../../state/panes";
import { closePane, openPaneOf } from "./handle";
import { setTab, tabKey } from "./tabs";

const placed = (dock: DockviewApi, where: Where = "here") => {
  if (where === "here" || !dock.activeGroup) return undefined;
  return { referenceGroup: dock.activeGroup, direction: where };
};

/** What the rest of the window may do with a sandbox's dock. */
export function dockApi(sandboxId: string, dock: DockviewApi): Dock {
  const active = () => dock.activePanel && openPaneOf(sandboxId, dock.activePanel);
  return {
    active,
    open: (definition, params, options) => open(dock, definition, params, options),
    list: () => dock.panels.map((panel) => openPaneOf(sandboxId, panel)),
    activate: (at) => dock.activeGroup?.panels.at(at)?.api.setActive(),
    closeActive: () => void (dock.activePanel && closePane(sandboxId, dock.activePanel)),
    renameActive: () =>
      dock.activePanel && setTab(tabKey(sandboxId, dock.activePanel.id), { renaming: true }),
    toggleMaximised: () =>
      dock.hasMaximizedGroup() ? dock.exitMaximizedGroup() : dock.activePanel?.api.maximize(),
    focus: (paneId) => dock.getPanel(paneId)?.api.setActive(),
  };
}

function open(
  dock: DockviewApi,
  definition: PaneDefinition,
  params: AnyParams,
  { where, title }: OpenOptions,
) {
  const key = definition.key?.(params);
  const id = `${definition.type}:${key ?? crypto.randomUUID()}`;
  const there = dock.getPanel(id);
  if (there) {
    there.api.updateParameters(params);
    there.api.setActive();
    return;
  }
  const position = placed(dock, where);
  dock.addPanel({
    id,
    component: definition.type,
    title: title ?? definition.title(params),
    params,
    renderer: definition.keepAlive ? "always" : "onlyWhenVisible",
    ...(position ? { position } : {}),
  });
}
