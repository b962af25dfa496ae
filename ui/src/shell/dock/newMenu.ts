import { BookText, SquareTerminal } from "lucide-react";
import type { MenuItem } from "../../kit/menu";
import { runCommand, shortcutOf } from "../../state/commands";

const entry = (id: string, label: string, icon: typeof BookText, before: () => void): MenuItem => ({
  label,
  icon,
  shortcut: shortcutOf(id),
  testId: `menu-${id}`,
  leaves: true,
  run: () => {
    before();
    void runCommand(id);
  },
});

/** Everything a tab can be made of from nothing. `before` brings the group where it shall stand to the front. */
export const newMenu = (before: () => void): MenuItem[] => [
  entry("terminal.new", "New terminal", SquareTerminal, before),
  entry("terminal.newIn", "New terminal in a session…", SquareTerminal, before),
  "separator",
  entry("notebook.new", "New Python notebook", BookText, before),
  entry("notebook.newTypeScript", "New TypeScript notebook", BookText, before),
  entry("notebook.newJavaScript", "New JavaScript notebook", BookText, before),
];
