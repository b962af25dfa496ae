/** What sandboxes leave on the machine: processes, mounts, folders, control groups, descriptors, memory. Linux only. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../support/child.ts";
import type { Gateway } from "./gateway.ts";

const read = (path: string) => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // It is gone, or not ours.
  }
};

const pids = () =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
const isZombie = (pid: number) => /^State:\s+[ZX]/m.test(read(`/proc/${pid}/status`));
const parentOf = (pid: number) => Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1]);
const described = (pid: number) => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll("\0", " ")}`;

/** Whatever this gateway started, and whatever that started: in its sandboxes, and outside for them. */
export function processesOf(gateway: Gateway): number[] {
  const marked = new RegExp(`^Max file locks +${gateway.mark} `, "m");
  return pids().filter((pid) => pid !== gateway.pid && marked.test(read(`/proc/${pid}/limits`)) && !isZombie(pid));
}

/** A path of the data folder as the gateway sees it, which may have a disk of its own. */
const seen = (gateway: Gateway, path: string) => join(`/proc/${gateway.pid}/root`, gateway.data, path);

const inFolder = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);

/** Control groups of the sandbox `id`, wherever this host has its controllers. */
function controlGroups(id: string): string[] {
  const named = (folder: string) =>
    inFolder(folder)
      .filter((name) => name.startsWith(`sandpit-${id}-`))
      .map((name) => join(folder, name));
  const root = "/sys/fs/cgroup";
  return [root, ...inFolder(root).map((name) => join(root, name))].flatMap((folder) => {
    try {
      return named(folder);
    } catch {
      return []; // A file.
    }
  });
}

/** Everything that is there for sandboxes of this gateway. All of it is empty once they are destroyed. */
export function leftOf(gateway: Gateway, ids: string[] = []) {
  const kept = inFolder(seen(gateway, "gateway/sandboxes"));
  return {
    processes: processesOf(gateway).map(described),
    zombies: pids()
      .filter((pid) => isZombie(pid) && parentOf(pid) === gateway.pid)
      .map((pid) => read(`/proc/${pid}/stat`)),
    mounts: read("/proc/self/mountinfo")
      .split("\n")
      .filter((line) => line.includes(gateway.name)),
    folders: inFolder(seen(gateway, "sandboxes")),
    kept: kept.filter((name) => !name.endsWith(".used")),
    groups: ids.flatMap(controlGroups),
  };
}

const NOTHING = { processes: [], zombies: [], mounts: [], folders: [], kept: [], groups: [] };

/** Waits until nothing is left, and says what is when that never comes. A kill takes the kernel a moment. */
export async function nothingIsLeft(gateway: Gateway, ids: string[] = []): Promise<void> {
  const nothing = async () => JSON.stringify(leftOf(gateway, ids)) === JSON.stringify(NOTHING);
  await until("nothing to be left", nothing, 20_000).catch((error) => {
    throw new Error(`${error}\n${JSON.stringify(leftOf(gateway, ids), null, 2)}`);
  });
}

interface Recorded {
  private: { agent?: { pid: number } };
}

/** The number of the sandbox's first process, on this machine. */
export function agentOf(gateway: Gateway, id: string): number {
  const record = JSON.parse(readFileSync(seen(gateway, `sandboxes/${id}/record.json`), "utf8")) as Recorded;
  if (!record.private.agent) throw new Error(`${id} has no agent`);
  return record.private.agent.pid;
}

/** The open descriptors of a process, by what they are. */
export function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Resident memory that is its own, MiB: without the pages of files, which every process of a program shares. */
export function resident(pid: number): number {
  return Number(/^RssAnon:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

/** The process and all that descend from it. */
export function treeOf(pid: number): number[] {
  const parents = new Map(pids().map((each) => [each, parentOf(each)]));
  const tree = new Set([pid]);
  for (let before = 0; before !== tree.size; ) {
    before = tree.size;
    for (const [child, parent] of parents) if (tree.has(parent)) tree.add(child);
  }
  return [...tree];
}

/** Samples the memory of processes until it is told to stop; gives the most that each had, MiB. */
export function watchMemory(...watched: number[]): () => number[] {
  const most = watched.map(() => 0);
  const timer = setInterval(
    () =>
      watched.forEach((pid, at) => {
        most[at] = Math.max(most[at] ?? 0, resident(pid));
      }),
    50,
  );
  return () => {
    clearInterval(timer);
    return most;
  };
}
