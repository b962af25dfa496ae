import type { DockviewApi, IDockviewPanel } from "dockview-react";
import { Columns2, Maximize2, Minimize2, PanelBottom, Pencil, X } from "lucide-react";
import type { MenuItem } from "../../kit/menu";
import { shortcutOf } from "../../state/commands";
import { paneType } from "../../state/panes";
import { closePane, openPaneOf } from "./handle";
import { setTab, tabKey } from "./tabs";

async function closeAll(sandboxId: string, panels: IDockviewPanel[]) {
  for (const panel of panels) await closePane(sandboxId, panel);
}

/** What can be done with a tab: its kind's own entries, then what every tab has. */
export function tabMenu(sandboxId: string, dock: DockviewApi, panel: IDockviewPanel | undefined): MenuItem[] {
  if (!panel) return [];
  const definition = paneType(panel.view.contentComponent);
  const own = definition?.tabMenu?.(openPaneOf(sandboxId, panel)) ?? [];
  const rename: MenuItem[] = definition?.rename
    ? [
        {
          label: "Rename…",
          icon: Pencil,
          shortcut: "f2",
          run: () => setTab(tabKey(sandboxId, panel.id), { renaming: true }),
        },
      ]
    : [];
  const first = [...own, ...rename];
  return [
    ...first,
    ...(first.length ? (["separator"] as const) : []),
    ...placing(dock, panel),
    "separator",
    ...closing(sandboxId, panel),
  ];
}

function placing(dock: DockviewApi, panel: IDockviewPanel): MenuItem[] {
  const alone = panel.group.panels.length < 2;
  const move = (position: "right" | "bottom") => panel.api.moveTo({ group: panel.group, position });
  const big = dock.hasMaximizedGroup();
  return [
    { label: "Move right", icon: Columns2, disabled: alone, run: () => move("right") },
    { label: "Move down", icon: PanelBottom, disabled: alone, run: () => move("bottom") },
    {
      label: big ? "Restore" : "Maximise",
      icon: big ? Minimize2 : Maximize2,
      shortcut: shortcutOf("pane.maximise"),
      run: () => (big ? dock.exitMaximizedGroup() : panel.api.maximize()),
    },
  ];
}

function closing(sandboxId: string, panel: IDockviewPanel): MenuItem[] {
  const others = panel.group.panels.filter((one) => one !== panel);
  return [
    {
      label: "Close",
      icon: X,
      shortcut: shortcutOf("tab.close"),
      run: () => void closePane(sandboxId, panel),
    },
    {
      label: "Close others",
      indent: true,
      disabled: !others.length,
      run: () => void closeAll(sandboxId, others),
    },
  ];
}
