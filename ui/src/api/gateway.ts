// Every route of the gateway itself.
import { del, get, patch, post } from "./client";
import { openEvents, type ServerEvent } from "./sse";
import type { CreateSandbox } from "./wire/CreateSandbox";
import type { Engine } from "./wire/Engine";
import type { Event } from "./wire/Event";
import type { ExposedPort } from "./wire/ExposedPort";
import type { ExposePort } from "./wire/ExposePort";
import type { PatchSandbox } from "./wire/PatchSandbox";
import type { Ports } from "./wire/Ports";
import type { Sandbox } from "./wire/Sandbox";
import type { Stats } from "./wire/Stats";

/** The address of a sandbox; what follows `/api` or `/ws` goes to its agent. */
export const sandboxPath = (id: string, rest = "") => `/v1/sandboxes/${encodeURIComponent(id)}${rest}`;

export type LifeVerb = "start" | "stop" | "pause" | "resume" | "restart";

export const engines = async () => (await get<{ engines: Engine[] }>("/v1/engines")).engines;

export const listSandboxes = async (signal?: AbortSignal) =>
  (await get<{ sandboxes: Sandbox[] }>("/v1/sandboxes", signal)).sandboxes;
export const createSandbox = (wish: CreateSandbox) => post<Sandbox>("/v1/sandboxes", wish);
export const getSandbox = (id: string) => get<Sandbox>(sandboxPath(id));
export const patchSandbox = (id: string, change: PatchSandbox) => patch<Sandbox>(sandboxPath(id), change);
/** Ends it and everything in it, for good. */
export const deleteSandbox = (id: string) => del(sandboxPath(id));
export const turn = (id: string, verb: LifeVerb) => post<Sandbox>(sandboxPath(id, `/${verb}`));
export const stats = (id: string, signal?: AbortSignal) => get<Stats>(sandboxPath(id, "/stats"), signal);

export const ports = (id: string) => get<Ports>(sandboxPath(id, "/ports"));
export const exposePort = (id: string, wish: ExposePort) =>
  post<ExposedPort>(sandboxPath(id, "/ports"), wish);
export const unexposePort = (id: string, port: number) => del(sandboxPath(id, `/ports/${port}`));

/** What happens to all sandboxes and engines from the moment this resolves. */
export const gatewayEvents = (signal: AbortSignal) => openEvents("/v1/events", { signal }).then(asEvents);

async function* asEvents(source: AsyncGenerator<ServerEvent>): AsyncGenerator<Event> {
  for await (const { data } of source) yield JSON.parse(data) as Event;
}
