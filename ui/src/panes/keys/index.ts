import { Keyboard } from "lucide-react";
import type { PaneDefinition } from "../../state/panes";
import { KeysPane } from "./KeysPane";

export const pane: PaneDefinition<Record<string, never>> = {
  type: "keys",
  home: "dock",
  title: () => "Keyboard shortcuts",
  icon: Keyboard,
  component: KeysPane,
  key: () => "keys",
};
