import { BookText } from "lucide-react";
import { lazy } from "react";
import type { PaneDefinition } from "../../state/panes";
import { fileName } from "./actions";
import type { NotebookParams } from "./NotebookPane";

export { commands } from "./commands";

const NotebookPane = lazy(async () => ({ default: (await import("./NotebookPane")).NotebookPane }));

export const pane: PaneDefinition<NotebookParams> = {
  type: "notebook",
  home: "dock",
  title: ({ path }) => fileName(path),
  icon: BookText,
  component: NotebookPane,
  opensFile: (path) => /\.ipynb$/i.test(path),
  key: ({ path }) => path,
  // Its frames would load again each time another tab covers them.
  keepAlive: true,
};
