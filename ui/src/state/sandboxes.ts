// All sandboxes and engines as the gateway tells them, kept true by its events.
import { create } from "zustand";
import { backoff } from "../api/backoff";
import { ApiFailure, gone } from "../api/failure";
import { gatewayEvents, engines as getEngines, listSandboxes } from "../api/gateway";
import { retryAll } from "../api/socket";
import type { Engine } from "../api/wire/Engine";
import type { Event } from "../api/wire/Event";
import type { ListeningPort } from "../api/wire/ListeningPort";
import type { Sandbox } from "../api/wire/Sandbox";

export type GatewayLink =
  | { at: "connecting" }
  | { at: "live" }
  | { at: "waiting"; retryAt: number; failure: ApiFailure };

export interface World {
  /** Whether the list has been told at least once. */
  loaded: boolean;
  /** Newest first. */
  sandboxes: Sandbox[];
  engines: Engine[];
  /** Listening ports by sandbox, as last told. */
  listening: Record<string, ListeningPort[]>;
  link: GatewayLink;
}

export const world = create<World>(() => ({
  loaded: false,
  sandboxes: [],
  engines: [],
  listening: {},
  link: { at: "connecting" },
}));

const byAge = (a: Sandbox, b: Sandbox) => b.createdAt.localeCompare(a.createdAt) || a.id.localeCompare(b.id);

/** `list` with `one` in its place. */
export const withSandbox = (list: Sandbox[], one: Sandbox) =>
  [...list.filter(({ id }) => id !== one.id), one].sort(byAge);

const withEngine = (list: Engine[], one: Engine) =>
  list.some(({ id }) => id === one.id) ? list.map((old) => (old.id === one.id ? one : old)) : [...list, one];

/** Puts a record that an answer brought in its place, ahead of its event. */
export const tellSandbox = (one: Sandbox) =>
  world.setState(({ sandboxes }) => ({ sandboxes: withSandbox(sandboxes, one) }));

export const tellDeleted = (gone: string) =>
  world.setState(({ sandboxes, listening: { [gone]: _, ...listening } }) => ({
    sandboxes: sandboxes.filter(({ id }) => id !== gone),
    listening,
  }));

/** Applies one event. `resync` is the caller's: it reloads. */
export function applyEvent(event: Event) {
  if (event.type === "sandbox") tellSandbox(event.sandbox);
  if (event.type === "sandboxDeleted") tellDeleted(event.id);
  if (event.type === "ports")
    world.setState(({ listening }) => ({ listening: { ...listening, [event.sandboxId]: event.listening } }));
  if (event.type === "engine")
    world.setState(({ engines }) => ({ engines: withEngine(engines, event.engine) }));
}

async function load(signal: AbortSignal) {
  const [sandboxes, engines] = await Promise.all([listSandboxes(signal), getEngines()]);
  world.setState({ sandboxes: sandboxes.sort(byAge), engines, loaded: true, link: { at: "live" } });
  retryAll();
}

/**
 * One connection's life: events are asked for before the list, so that no change falls between.
 * Ends when the connection does.
 */
async function live(signal: AbortSignal, onEvent: (event: Event) => void) {
  const events = await gatewayEvents(signal);
  await load(signal);
  for await (const event of events) {
    if (event.type === "resync") await load(signal);
    applyEvent(event);
    onEvent(event);
  }
}

/** Milliseconds between two tries, at most: it is on this machine. */
const LONGEST = 2000;

let tryNow: () => void = () => {};

/** Ends the wait for the next try. */
export const retryGateway = () => tryNow();

function pause(ms: number, failure: ApiFailure): Promise<void> {
  world.setState({ link: { at: "waiting", retryAt: Date.now() + ms, failure } });
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    tryNow = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

/** Follows the gateway until `signal` fires, coming back by itself. */
export async function followGateway(signal: AbortSignal, onEvent: (event: Event) => void = () => {}) {
  for (let tries = 0; !signal.aborted; ) {
    world.setState({ link: { at: "connecting" } });
    const failure = await live(signal, onEvent).then(gone, ApiFailure.from);
    if (signal.aborted) return;
    tries = world.getState().link.at === "live" ? 0 : tries + 1;
    await pause(Math.min(backoff(tries), LONGEST), failure);
  }
}

export const useSandbox = (id: string | undefined) =>
  world(({ sandboxes }) => sandboxes.find((one) => one.id === id));
export const useEngine = (id: string | undefined) =>
  world(({ engines }) => engines.find((one) => one.id === id));
export const sandbox = (id: string | undefined) => world.getState().sandboxes.find((one) => one.id === id);
