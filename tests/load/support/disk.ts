/** A small disk for a data folder, which only the gateway that is started on it and its sandboxes see. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { basename, join } from "node:path";
import type { Place } from "../../support/place.ts";

export interface Disk {
  /** What starts a program that sees it. */
  prefix: string[];
  remove(): void;
}

const isRoot = process.getuid?.() === 0;
/** Anyone may mount in a user namespace of their own, in which they are who they are. */
const AS_ONESELF = isRoot ? [] : ["--user", "--map-current-user", "--keep-caps"];
const ENTER_SELF = isRoot ? [] : ["--user", "--preserve-credentials"];

/** Mounts a disk of `mib` MiB at `data` in the folder of `place`. It is gone when it is removed, or this test ends. */
export async function smallDisk(place: Place, mib: number): Promise<Disk> {
  const name = basename(place.dataDir);
  const mount = 'mkdir -p "$1" && mount -t tmpfs -o "size=$2m,mode=755" "$3" "$1" && echo ready && exec cat';
  const words = ["--mount", "--propagation", "private", ...AS_ONESELF, "sh", "-c", mount, "sh"];
  const holder = spawn("unshare", [...words, join(place.dataDir, "data"), `${mib}`, name], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await ready(holder);
  const prefix = ["nsenter", `--target=${holder.pid}`, "--mount", ...ENTER_SELF, "--"];
  return { prefix, remove: () => holder.kill("SIGKILL") };
}

async function ready(holder: ChildProcess): Promise<void> {
  const told = holder.stdout ? once(holder.stdout, "data") : Promise.reject(new Error("no output"));
  const ended = once(holder, "exit").then(([code]) => {
    throw new Error(`no disk can be mounted: exit code ${code}`);
  });
  await Promise.race([told, ended]);
  ended.catch(() => undefined);
}
