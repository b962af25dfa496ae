import { Keyboard, Plus, Settings } from "lucide-react";
import type { MenuItem } from "../../kit/menu";
import { runCommand, shortcutOf } from "../../state/commands";

const entry = (id: string, label: string, icon: typeof Plus): MenuItem => ({
  label,
  icon,
  shortcut: shortcutOf(id),
  testId: `menu-${id}`,
  run: () => void runCommand(id),
});

export const listMenu = (): MenuItem[] => [
  entry("sandbox.newWith", "New sandbox with options…", Plus),
  "separator",
  entry("settings.open", "Settings", Settings),
  entry("keys.open", "Keyboard shortcuts", Keyboard),
];
