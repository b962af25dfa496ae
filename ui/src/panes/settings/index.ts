import { Settings } from "lucide-react";
import type { PaneDefinition } from "../../state/panes";
import { SettingsPane } from "./SettingsPane";

export const pane: PaneDefinition<Record<string, never>> = {
  type: "settings",
  home: "dock",
  title: () => "Settings",
  icon: Settings,
  component: SettingsPane,
  key: () => "settings",
};
