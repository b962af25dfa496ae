// What runs once, before the first paint.
import { followGateway, sandbox } from "../state/sandboxes";
import { keepSelection } from "../state/selection";
import { registerShellCommands } from "./commands";
import { forgetLayout } from "./dock/layout";
import { definePanes } from "./panes";

definePanes();
registerShellCommands();
keepSelection();
void followGateway(new AbortController().signal, (event) => {
  if (event.type === "sandboxDeleted" && !sandbox(event.id)) forgetLayout(event.id);
});
