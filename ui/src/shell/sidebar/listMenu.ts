import { Check, Keyboard, Plus, Settings } from "lucide-react";
import type { MenuItem } from "../../kit/menu";
import { runCommand, shortcutOf } from "../../state/commands";
import { type SandboxOrder, set, settings } from "../../state/settings";

const entry = (id: string, label: string, icon: typeof Plus): MenuItem => ({
  label,
  icon,
  shortcut: shortcutOf(id),
  testId: `menu-${id}`,
  run: () => void runCommand(id),
});

const orderNames: Record<SandboxOrder, string> = { age: "Newest first", name: "By name", state: "By state" };

const orders = (): MenuItem[] =>
  (Object.keys(orderNames) as SandboxOrder[]).map((order) => ({
    label: orderNames[order],
    icon: settings.getState().sandboxOrder === order ? Check : undefined,
    indent: true,
    run: () => set({ sandboxOrder: order }),
  }));

export const listMenu = (): MenuItem[] => [
  entry("sandbox.newWith", "New sandbox with options…", Plus),
  "separator",
  ...orders(),
  "separator",
  entry("settings.open", "Settings", Settings),
  entry("keys.open", "Keyboard shortcuts", Keyboard),
];
