// Keeps what listens true from the first moment on, and tells of a new server once.
import { create } from "zustand";
import { ApiFailure } from "../../api/failure";
import { ports } from "../../api/gateway";
import type { ListeningPort } from "../../api/wire/ListeningPort";
import { dismiss, notify } from "../../state/notices";
import { sandbox, type World, world } from "../../state/sandboxes";
import { selection } from "../../state/selection";
import { exposed, openOutside, openPreview } from "./actions";
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

/** Notices in view, by sandbox and port, to take back what has become old news. */
const told = new Map<string, number>();
const key = (id: string, port: number) => `${id}:${port}`;

/** The person has seen to the port, or nothing listens there any more. */
function takeBack(id: string, port: number) {
  const notice = told.get(key(id, port));
  if (notice !== undefined) dismiss(notice);
  told.delete(key(id, port));
}

function announce(id: string, listening: ListeningPort) {
  const { port } = listening;
  const where = id === selection.getState().id ? "" : ` in ${sandbox(id)?.name ?? id}`;
  const notice = notify({
    tone: "info",
    text: `${serverName(listening)} is listening on port ${port}${where}`,
    action: { label: "Open", run: () => void openOutside(id, port) },
    second: { label: "Preview", run: () => openPreview(id, port) },
    lasts: 8000,
  });
  told.set(key(id, port), notice);
}

function tell(now: World, before: World) {
  for (const [id, listening] of Object.entries(now.listening)) {
    const known = before.listening[id];
    if (listening === known || asking.has(id)) continue;
    for (const { port } of fresh(listening, known ?? none)) takeBack(id, port);
    // One that is exposed is known, and its server only came back.
    for (const one of fresh(known ?? none, listening)) if (!exposed(id, one.port)) announce(id, one);
  }
}

/** Begins. The gateway's events go on from there; what was missed while it was away is asked for. */
export function followPorts() {
  world.subscribe((now, before) => {
    tell(now, before);
    if (now.sandboxes !== before.sandboxes)
      for (const { id, ports } of now.sandboxes) for (const { port } of ports) takeBack(id, port);
    if (now.link.at !== "live" || before.link.at === "live") return;
    for (const { id, state } of now.sandboxes) if (state === "running") void askListening(id);
  });
}
