// What runs once, before the first paint.

import { forgetDrafts } from "../panes/editor/drafts";
import { forgetOpenFolders } from "../panes/files/kept";
import { onReveal, paneType } from "../state/panes";
import { followGateway, sandbox } from "../state/sandboxes";
import { keepSelection } from "../state/selection";
import { set } from "../state/settings";
import { registerShellCommands } from "./commands";
import { forgetLayout } from "./dock/layout";
import { definePanes } from "./panes";
import { panelTab } from "./uiState";

definePanes();
registerShellCommands();
keepSelection();
onReveal((type) => {
  const home = paneType(type)?.home;
  if (home === "side") set({ sidebarOpen: true });
  if (home !== "panel") return;
  panelTab.setState({ type });
  set({ panelOpen: true });
});
void followGateway(new AbortController().signal, (event) => {
  if (event.type !== "sandboxDeleted" || sandbox(event.id)) return;
  forgetLayout(event.id);
  forgetDrafts(event.id);
  forgetOpenFolders(event.id);
});
