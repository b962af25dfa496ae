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
    step: (by) => step(dock, by),
    focusActive: () => focusActive(dock),
    nextGroup: () => nextGroup(dock),
    moveActive: (where) => moveActive(dock, where),
    closeActive: () => void (dock.activePanel && closePane(sandboxId, dock.activePanel)),
    renameActive: () =>
      dock.activePanel && setTab(tabKey(sandboxId, dock.activePanel.id), { renaming: true }),
    toggleMaximised: () =>
      dock.hasMaximizedGroup() ? dock.exitMaximizedGroup() : dock.activePanel?.api.maximize(),
    focus: (paneId) => dock.getPanel(paneId)?.api.setActive(),
  };
}

const around = <T>(list: readonly T[], one: T | undefined, by: number): T | undefined =>
  one === undefined ? undefined : list.at((list.indexOf(one) + by) % list.length);

const step = (dock: DockviewApi, by: number) =>
  around(dock.activeGroup?.panels ?? [], dock.activePanel, by)?.api.setActive();

function nextGroup(dock: DockviewApi) {
  around(dock.groups, dock.activeGroup, 1)?.activePanel?.api.setActive();
  focusActive(dock);
}

/** Where keys go in a pane: a terminal's or an editor's own field first. */
function focusActive(dock: DockviewApi) {
  const content = dock.activePanel?.view.content.element;
  const field = content?.querySelector<HTMLElement>("textarea, [contenteditable=true]");
  (field ?? content?.querySelector<HTMLElement>("[tabindex='0']"))?.focus();
}

function moveActive(dock: DockviewApi, where: "right" | "below"): boolean {
  const panel = dock.activePanel;
  if (!panel || panel.group.panels.length < 2) return false;
  panel.api.moveTo({ group: panel.group, position: where === "right" ? "right" : "bottom" });
  return true;
}

function open(
  dock: DockviewApi,
  definition: PaneDefinition,
  params: AnyParams,
  { where, title }: OpenOptions,
) {
  const key = definition.key?.(params);
  // By what a tab shows now, which is not always what it was opened with: a file may have been renamed.
  const there =
    key === undefined
      ? undefined
      : dock.panels.find(
          ({ view, params }) =>
            view.contentComponent === definition.type && definition.key?.(params ?? {}) === key,
        );
  if (there) {
    there.api.updateParameters(params);
    there.api.setActive();
    return;
  }
  const id = freeId(dock, `${definition.type}:${key ?? crypto.randomUUID()}`);
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

const freeId = (dock: DockviewApi, id: string): string =>
  dock.getPanel(id) ? `${id}:${crypto.randomUUID()}` : id;
