import { FileCode } from "lucide-react";
import { lazy } from "react";
import type { PaneDefinition } from "../../state/panes";
import { fileIcon } from "../files/icons";
import { nameOf } from "../files/model/paths";
import type { EditorParams } from "./EditorPane";

export { commands } from "./commands";

const EditorPane = lazy(async () => ({ default: (await import("./EditorPane")).EditorPane }));

export const pane: PaneDefinition<EditorParams> = {
  type: "editor",
  home: "dock",
  title: ({ path }) => nameOf(path),
  icon: FileCode,
  iconFor: ({ path }) => fileIcon(nameOf(path)),
  component: EditorPane,
  key: ({ path }) => path,
  // The place scrolled to stays while another tab is in front.
  keepAlive: true,
};
