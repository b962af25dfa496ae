import { Network } from "lucide-react";
import type { Command } from "../../state/commands";
import { openPane, type PaneDefinition } from "../../state/panes";
import { set } from "../../state/settings";
import { followPorts } from "./follow";
import { PortsActions, PortsCount, PortsPane } from "./PortsPane";
import { portsUi } from "./ui";

followPorts();

export const pane: PaneDefinition = {
  type: "ports",
  home: "panel",
  title: () => "Ports",
  icon: Network,
  component: PortsPane,
  actions: PortsActions,
  count: PortsCount,
  order: 1,
};

const show = () => {
  set({ panelOpen: true });
  openPane("ports");
};

export const commands: Command[] = [
  {
    id: "ports.show",
    group: "Ports",
    title: "Show ports",
    when: ({ sandbox }) => sandbox?.state === "running",
    run: show,
  },
  {
    id: "ports.expose",
    group: "Ports",
    title: "Expose a port…",
    when: ({ sandbox }) => sandbox?.state === "running",
    run: () => {
      show();
      portsUi.setState({ adding: true });
    },
  },
];
