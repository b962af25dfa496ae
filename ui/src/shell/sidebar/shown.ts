import type { Sandbox } from "../../api/wire/Sandbox";
import type { SandboxState } from "../../api/wire/SandboxState";
import type { SandboxOrder } from "../../state/settings";

const holds = ({ name, id, engine, image, state }: Sandbox, text: string) =>
  `${name} ${id} ${engine} ${image} ${state}`.toLowerCase().includes(text.toLowerCase());

const rank: Record<SandboxState, number> = { creating: 0, running: 1, paused: 2, failed: 3, stopped: 4 };

/** What the list shows of `all`, which comes newest first: filtered by any of its words, in the order chosen. */
export function shown(all: Sandbox[], filter: string | undefined, order: SandboxOrder): Sandbox[] {
  const left = filter ? all.filter((one) => holds(one, filter)) : [...all];
  if (order === "name") left.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  if (order === "state") left.sort((a, b) => rank[a.state] - rank[b.state]);
  return left;
}
