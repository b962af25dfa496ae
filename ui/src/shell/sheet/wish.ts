// The new-sandbox form as data: what was typed, what is wrong with it, and the request it makes.
import type { CreateSandbox } from "../../api/wire/CreateSandbox";
import type { Engine } from "../../api/wire/Engine";
import type { Limits } from "../../api/wire/Limits";
import type { PatchSandbox } from "../../api/wire/PatchSandbox";
import type { Sandbox } from "../../api/wire/Sandbox";

/** As typed; empty where nothing was. */
export interface Wish {
  name: string;
  engine: string;
  /** Lines of `NAME=value`. */
  env: string;
  /** The same, for what a person sorts sandboxes by. */
  labels: string;
  cpus: string;
  memoryMiB: string;
  pids: string;
  network: boolean;
  sleepAfter: string;
  keepAlive: boolean;
}

export type Wrong = Partial<Record<keyof Wish, string>>;

export const emptyWish = (engine: string): Wish => ({
  name: "",
  engine,
  env: "",
  labels: "",
  cpus: "",
  memoryMiB: "",
  pids: "",
  network: false,
  sleepAfter: "",
  keepAlive: false,
});

const linesOf = (pairs: Record<string, string>) =>
  Object.entries(pairs)
    .map(([key, value]) => `${key}=${value}`)
    .join("\n");

const text = (value: number | undefined) => (value === undefined ? "" : String(value));

export const wishOf = (one: Sandbox): Wish => ({
  name: one.name,
  engine: one.engine,
  env: linesOf(one.env),
  labels: linesOf(one.labels),
  cpus: text(one.limits.cpus),
  memoryMiB: text(one.limits.memoryMiB),
  pids: text(one.limits.pids),
  network: one.network.mode === "on",
  sleepAfter: sleepText(one.sleepAfter),
  keepAlive: one.keepAlive,
});

function sleepText(seconds: number | undefined): string {
  if (seconds === undefined) return "";
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

/** The variables in lines of `NAME=value`; blank lines and `#` comments are left out. */
export function readEnv(lines: string): { env: Record<string, string>; wrong?: string } {
  const env: Record<string, string> = {};
  for (const [at, line] of lines.split("\n").entries()) {
    if (!line.trim() || line.trimStart().startsWith("#")) continue;
    const [, name, value] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (!name) return { env, wrong: `Line ${at + 1} is not NAME=value.` };
    env[name] = (value ?? "").replace(/^(["'])(.*)\1$/, "$2");
  }
  return { env };
}

const positive = (value: string, whole: boolean) => {
  const number = Number(value);
  return Number.isFinite(number) && number > 0 && (!whole || Number.isInteger(number));
};

const numberWrong = (value: string, whole: boolean) =>
  value.trim() && !positive(value, whole) ? `A ${whole ? "whole number" : "number"} above 0.` : undefined;

/** What is wrong, by field; empty when it can be sent. */
export function wrongOf(wish: Wish): Wrong {
  const found: Wrong = {
    env: readEnv(wish.env).wrong,
    labels: readEnv(wish.labels).wrong,
    cpus: numberWrong(wish.cpus, false),
    memoryMiB: numberWrong(wish.memoryMiB, true),
    pids: numberWrong(wish.pids, true),
    sleepAfter: /^(\d+[smh]?)?$/.test(wish.sleepAfter.trim()) ? undefined : "For example 90s, 10m or 2h.",
  };
  return Object.fromEntries(Object.entries(found).filter(([, wrong]) => wrong));
}

const limitsOf = ({ cpus, memoryMiB, pids }: Wish): Limits => ({
  ...(cpus.trim() && { cpus: Number(cpus) }),
  ...(memoryMiB.trim() && { memoryMiB: Number(memoryMiB) }),
  ...(pids.trim() && { pids: Number(pids) }),
});

const sleepOf = ({ sleepAfter, keepAlive }: Wish) =>
  sleepAfter.trim() && !keepAlive
    ? { sleepAfter: /\d$/.test(sleepAfter.trim()) ? Number(sleepAfter) : sleepAfter.trim() }
    : {};

/** A name as an id, so that the prompt and the addresses carry it; nothing when it cannot be one. */
export const idOf = (name: string): string | undefined => {
  const id = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return id.length >= 1 && id.length <= 40 ? id : undefined;
};

export function createOf(wish: Wish, taken: string[]): CreateSandbox {
  const id = idOf(wish.name);
  return {
    ...(id && !taken.includes(id) && { id }),
    ...(wish.name.trim() && { name: wish.name.trim() }),
    engine: wish.engine,
    env: readEnv(wish.env).env,
    labels: readEnv(wish.labels).env,
    limits: limitsOf(wish),
    network: { mode: wish.network ? "on" : "off" },
    keepAlive: wish.keepAlive,
    ...sleepOf(wish),
  };
}

export const patchOf = (wish: Wish): PatchSandbox => ({
  ...(wish.name.trim() && { name: wish.name.trim() }),
  env: readEnv(wish.env).env,
  labels: readEnv(wish.labels).env,
  limits: limitsOf(wish),
  keepAlive: wish.keepAlive,
  ...sleepOf(wish),
});

/** Why a thing cannot be had on an engine, and what would mend it; nothing when it can. */
export function refusal(engine: Engine | undefined, what: keyof Engine["capabilities"]): string | undefined {
  const capability = engine?.capabilities[what];
  if (!capability || capability.available) return undefined;
  return [capability.reason ?? "This engine cannot do it.", capability.fixIt].filter(Boolean).join(" ");
}
