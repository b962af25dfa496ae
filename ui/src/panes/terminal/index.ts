import { SquareTerminal } from "lucide-react";
import { lazy } from "react";
import type { PaneDefinition } from "../../state/panes";
import { tabMenu } from "./menus";
import { closed, PANE, renamed, showTerminals, type TerminalParams } from "./open";

export { commands } from "./commands";

const TerminalPane = lazy(async () => ({ default: (await import("./TerminalPane")).TerminalPane }));

export const pane: PaneDefinition<TerminalParams> = {
  type: PANE,
  home: "dock",
  title: ({ name }) => name ?? "New terminal",
  icon: SquareTerminal,
  component: TerminalPane,
  key: ({ id }) => id ?? "new",
  keepAlive: true,
  tabMenu,
  rename: renamed,
  closed,
  opened: (sandboxId) => void showTerminals(sandboxId),
};
