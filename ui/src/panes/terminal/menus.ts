import {
  Clipboard,
  Columns2,
  Copy,
  Eraser,
  PanelBottom,
  Plus,
  RotateCw,
  Search,
  TextSelect,
} from "lucide-react";
import { restartTerminal } from "../../api/terminals";
import type { MenuItem } from "../../kit";
import { runCommand, shortcutOf } from "../../state/commands";
import { notifyFailure } from "../../state/notices";
import { type OpenPane, openPane } from "../../state/panes";
import { copySelection, pasteClipboard } from "./clipboard";
import type { LiveTerminal } from "./live";
import { PANE, type TerminalParams } from "./open";
import { liveIn } from "./registry";

const command = (label: string, id: string, icon: typeof Plus): MenuItem => ({
  label,
  icon,
  shortcut: shortcutOf(id),
  run: () => void runCommand(id),
});

/** The menu of a right click into a terminal. */
export function screenMenu(live: LiveTerminal, paneId: string, ask: (text: string) => void): MenuItem[] {
  const { term } = live.screen;
  return [
    {
      label: "Copy",
      icon: Copy,
      shortcut: "mod+shift+c",
      disabled: !term.hasSelection(),
      run: () => void copySelection(live),
    },
    { label: "Paste", icon: Clipboard, shortcut: "mod+shift+v", run: () => void pasteClipboard(live, ask) },
    { label: "Select all", icon: TextSelect, run: () => term.selectAll() },
    "separator",
    command("Find…", "terminal.find", Search),
    {
      label: "Clear",
      icon: Eraser,
      shortcut: shortcutOf("terminal.clear"),
      run: () => liveIn(paneId)?.clear(),
    },
    { label: "Restart the shell", icon: RotateCw, run: () => restart(live.sandboxId, live.id) },
    "separator",
    command("New terminal", "terminal.new", Plus),
    command("Split right", "terminal.splitRight", Columns2),
    command("Split down", "terminal.splitDown", PanelBottom),
  ];
}

/** What a terminal's tab adds to the usual menu of tabs. */
export const tabMenu = ({ sandboxId, params }: OpenPane<TerminalParams>): MenuItem[] => {
  const { id } = params;
  const own: MenuItem[] = id
    ? [{ label: "Restart the shell", icon: RotateCw, run: () => restart(sandboxId, id) }]
    : [];
  return [
    ...own,
    { label: "New terminal in a session…", icon: Plus, run: () => openPane(PANE, {}, { sandboxId }) },
  ];
};

const restart = (sandboxId: string, id: string) =>
  void restartTerminal(sandboxId, id).catch((thrown) => notifyFailure(thrown, "The shell was not restarted"));
