import { Files } from "lucide-react";
import type { PaneDefinition } from "../../state/panes";
import { FilesActions } from "./FilesActions";
import { FilesPane } from "./FilesPane";

export { commands } from "./commands";

export const pane: PaneDefinition = {
  type: "files",
  home: "side",
  title: () => "Files",
  icon: Files,
  component: FilesPane,
  actions: FilesActions,
};
