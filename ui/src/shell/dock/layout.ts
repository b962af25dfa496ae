// The layout of each sandbox's dock, kept between starts.
import type { DockviewApi, SerializedDockview } from "dockview-react";
import { paneType } from "../../state/panes";

const key = (sandboxId: string) => `sandpit.layout.${sandboxId}`;

export const forgetLayout = (sandboxId: string) => localStorage.removeItem(key(sandboxId));

export function saveLayout(sandboxId: string, dock: DockviewApi) {
  // A maximised group comes back at its usual size.
  const layout = JSON.stringify(dock.toJSON());
  try {
    localStorage.setItem(key(sandboxId), layout);
  } catch (thrown) {
    console.warn("the layout was not kept", thrown);
  }
}

const known = (layout: SerializedDockview) =>
  Object.values(layout.panels).every(
    ({ contentComponent }) => paneType(contentComponent ?? "")?.home === "dock",
  );

/** Whether a saved layout was there and could be put back. A broken one is dropped. */
export function restoreLayout(sandboxId: string, dock: DockviewApi): boolean {
  const saved = localStorage.getItem(key(sandboxId));
  if (!saved) return false;
  try {
    const layout = JSON.parse(saved) as SerializedDockview;
    if (!known(layout)) return false;
    dock.fromJSON(layout);
    return true;
  } catch (thrown) {
    console.warn("the kept layout could not be read", thrown);
    dock.clear();
    return false;
  }
}
