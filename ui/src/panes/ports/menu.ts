import { AppWindow, Copy, ExternalLink, Globe, Pencil, Unplug } from "lucide-react";
import type { MenuItem } from "../../kit";
import { copyAddress, exposeIt, openOutside, openPreview, unexpose } from "./actions";
import type { PortRow } from "./rows";
import { portsUi } from "./ui";

/** Everything that can be done with a port, for its button and its right click. */
export function portMenu(id: string, { port, exposed }: PortRow): MenuItem[] {
  const ending: MenuItem[] = exposed
    ? [
        {
          label: "Stop exposing",
          icon: Unplug,
          run: () => void unexpose(id, exposed),
          testId: "port-unexpose",
        },
      ]
    : [{ label: "Expose", icon: Globe, run: () => void exposeIt(id, port) }];
  return [
    { label: "Open in the browser", icon: ExternalLink, run: () => void openOutside(id, port) },
    { label: "Preview", icon: AppWindow, run: () => openPreview(id, port) },
    { label: "Copy address", icon: Copy, run: () => void copyAddress(id, port) },
    {
      label: "Name…",
      icon: Pencil,
      run: () => portsUi.setState({ naming: port }),
      testId: "port-name",
    },
    "separator",
    ...ending,
  ];
}
