// Keeps what listens true from the first moment on, and tells of a new server once.
import { create } from "zustand";
import { ApiFailure } from "../../api/failure";
import { ports } from "../../api/gateway";
import type { ListeningPort } from "../../api/wire/ListeningPort";
import { notify } from "../../state/notices";
import { sandbox, type World, world } from "../../state/sandboxes";
import { selection } from "../../state/selection";
import { openOutside, openPreview } from "./actions";
import { fresh, serverName } from "./rows";

/** Why the ports of a sandbox could not be asked for. Events do not tell what began before they did. */
export const unasked = create<Record<string, ApiFailure>>(() => ({}));
/** Sandboxes whose ports are being asked for: what listens already is no news. */
const asking = new Set<string>();
const none: ListeningPort[] = [];

export const useListening = (id: string) => world(({ listening }) => listening[id] ?? none);

export async function askListening(id: string) {
  asking.add(id);
  try {
    const { listening } = await ports(id);
    world.setState((all) => ({ listening: { ...all.listening, [id]: listening } }));
    unasked.setState(({ [id]: _, ...rest }) => rest, true);
  } catch (thrown) {
    unasked.setState({ [id]: ApiFailure.from(thrown) });
  } finally {
    asking.delete(id);
  }
}

function announce(id: string, listening: ListeningPort) {
  const { port } = listening;
  const where = id === selection.getState().id ? "" : ` in ${sandbox(id)?.name ?? id}`;
  notify({
    tone: "info",
    text: `${serverName(listening)} is listening on port ${port}${where}`,
    action: { label: "Open", run: () => void openOutside(id, port) },
    second: { label: "Preview", run: () => openPreview(id, port) },
    lasts: 8000,
  });
}

function tell(now: World, before: World) {
  for (const [id, listening] of Object.entries(now.listening)) {
    const known = before.listening[id];
    if (listening === known || asking.has(id)) continue;
    for (const one of fresh(known ?? none, listening)) announce(id, one);
  }
}

/** Begins. The gateway's events go on from there; what was missed while it was away is asked for. */
export function followPorts() {
  world.subscribe((now, before) => {
    tell(now, before);
    if (now.link.at !== "live" || before.link.at === "live") return;
    for (const { id, state } of now.sandboxes) if (state === "running") void askListening(id);
  });
}
