// The lines of the ports panel: what listens and what is exposed, as one list.
import type { ExposedPort } from "../../api/wire/ExposedPort";
import type { ListeningPort } from "../../api/wire/ListeningPort";

export interface PortRow {
  port: number;
  listening?: ListeningPort;
  exposed?: ExposedPort;
}

/** One row for each port, in order. */
export function rowsOf(listening: ListeningPort[], exposed: ExposedPort[]): PortRow[] {
  const ports = new Set([...listening, ...exposed].map(({ port }) => port));
  return [...ports]
    .sort((a, b) => a - b)
    .map((port) => ({
      port,
      listening: listening.find((one) => one.port === port),
      exposed: exposed.find((one) => one.port === port),
    }));
}

/** The ports of `now` that are not in `before`. */
export const fresh = (before: ListeningPort[], now: ListeningPort[]) =>
  now.filter(({ port }) => !before.some((one) => one.port === port));

/** Programs that run another one: the name that says something is their script's or module's. */
const RUNNERS = /^(python[\d.]*|pypy[\d.]*|node|nodejs|deno|bun|ruby|perl|php|sh|bash|java)$/;

const base = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/** What a person would call the server: `http.server`, `vite`, `app.py`. */
export function serverName({ process, command }: ListeningPort): string {
  const words = command?.trim().split(/\s+/) ?? [];
  const program = base(words[0] ?? "");
  if (!RUNNERS.test(program)) return process || program || "a process";
  const module = words.indexOf("-m");
  const script = words.slice(1).find((word) => !word.startsWith("-") && word !== "run");
  return (module > 0 && words[module + 1]) || base(script ?? "") || program;
}

/** `http.server · 412`: the pid is the one inside the sandbox. */
export const serverLabel = (listening: ListeningPort) =>
  [serverName(listening), listening.pid].filter((part) => part !== undefined).join(" · ");

/** The secret part of a preview URL, so that it can be exposed again at the same address. */
export const tokenOf = (url: string): string | undefined => /-([a-z0-9_]+)\.localhost/.exec(url)?.[1];
