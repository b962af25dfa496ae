import { Globe } from "lucide-react";
import type { PaneDefinition } from "../../state/panes";
import { PreviewPane, type PreviewParams } from "./PreviewPane";

export const pane: PaneDefinition<PreviewParams> = {
  type: "preview",
  home: "dock",
  title: ({ port }) => `Preview :${port}`,
  icon: Globe,
  component: PreviewPane,
  key: ({ port }) => String(port),
  // A frame that leaves the document loses its page.
  keepAlive: true,
};
