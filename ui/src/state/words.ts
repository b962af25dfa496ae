// What a sandbox's state is called, and why it died, in people's words.
import type { Engine } from "../api/wire/Engine";
import type { Failure } from "../api/wire/Failure";
import type { FailureKind } from "../api/wire/FailureKind";
import type { Sandbox } from "../api/wire/Sandbox";
import type { SandboxState } from "../api/wire/SandboxState";
import type { Tone } from "../kit/Marks";
import type { Doing } from "./life";

export const toneOf: Record<SandboxState, Tone> = {
  creating: "busy",
  running: "ok",
  paused: "paused",
  stopped: "off",
  failed: "bad",
};

const short: Record<FailureKind, string> = {
  "out-of-memory": "out of memory",
  killed: "killed",
  "engine-gone": "engine gone",
  exited: "ended",
  "start-failed": "did not start",
};

export const doingWords: Record<Doing, string> = {
  start: "starting",
  stop: "stopping",
  pause: "pausing",
  resume: "resuming",
  restart: "restarting",
  delete: "deleting",
};

/** The state in a word or two, for the list. */
export function stateWords({ state, reason }: Pick<Sandbox, "state" | "reason">): string {
  if (state === "failed" && reason)
    return reason.kind === "exited" && reason.exitCode !== undefined
      ? `exit ${reason.exitCode}`
      : short[reason.kind];
  return state;
}

export interface Death {
  title: string;
  advice: string;
  /** Raising a limit is what helps. */
  limits?: boolean;
}

const advice: Record<FailureKind, string> = {
  "out-of-memory": "Raise its memory limit, or run less at once, then start it again. Its files are kept.",
  killed: "Something outside of Sandpit ended it. Start it again to go on; its files are kept.",
  "engine-gone": "It can be started once its engine is back. Its files are kept.",
  exited: "Start it again to go on; its files are kept.",
  "start-failed": "Mend what is said above, then start it again.",
};

const title: Record<FailureKind, (name: string, failure: Failure) => string> = {
  "out-of-memory": (name) => `${name} ran out of memory`,
  killed: (name) => `${name} was killed`,
  "engine-gone": (name) => `The engine of ${name} went away`,
  exited: (name, { exitCode }) =>
    `${name} ended${exitCode === undefined ? "" : ` with exit code ${exitCode}`}`,
  "start-failed": (name) => `${name} did not start`,
};

/** Why it died, and what to do about it. */
export function death({ name, reason }: Pick<Sandbox, "name" | "reason">, engine?: Engine): Death {
  if (!reason) return { title: `${name} failed`, advice: "Start it again to go on; its files are kept." };
  const help = engine?.state === "unavailable" && engine.fixIt ? engine.fixIt : advice[reason.kind];
  return { title: title[reason.kind](name, reason), advice: help, limits: reason.kind === "out-of-memory" };
}
