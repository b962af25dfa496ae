/** The processes of a window: when the first began, and what they hold together. Linux only, as the figures are. */
import { readdirSync, readFileSync } from "node:fs";

/** Of `/proc/<pid>/stat`: clock ticks since the machine started. Linux fixes 100 of them to a second. */
const TICK = 10;

interface Process {
  pid: number;
  parent: number;
  name: string;
  /** Milliseconds since the epoch, to one tick. */
  began: number;
}

function all(): Process[] {
  const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  const boot = Date.now() - uptime * 1000;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [processOf(Number(pid), boot)];
      } catch {
        return []; // It ended meanwhile.
      }
    });
}

function processOf(pid: number, boot: number): Process {
  const [, name = "", rest = ""] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
  const fields = rest.split(" ");
  return { pid, name, parent: Number(fields[1]), began: boot + Number(fields[19]) * TICK };
}

const isOf = (pid: number, dataDir: string) => {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`SANDPIT_DATA_DIR=${dataDir}`);
  } catch {
    return false;
  }
};

/** The process of `program` that was started with this data folder. */
function mainOf(processes: Process[], program: string, dataDir: string): Process {
  const found = processes.find(({ pid, name }) => name === program.slice(0, 15) && isOf(pid, dataDir));
  if (!found) throw new Error(`${program} does not run`);
  return found;
}

export const began = (program: string, dataDir: string): number => mainOf(all(), program, dataDir).began;

/** Resident MB of the window's process and of WebKit's for it. A sandbox's own processes are not counted. */
export function resident(program: string, dataDir: string): number {
  const processes = all();
  const main = mainOf(processes, program, dataDir);
  const webkit = processes.filter(({ parent, name }) => parent === main.pid && name.startsWith("WebKit"));
  if (webkit.length < 2) throw new Error("WebKit's processes were not found");
  const sizes = [main, ...webkit].map(
    ({ pid }) => /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1],
  );
  return sizes.reduce((sum, kib) => sum + Number(kib) / 1024, 0);
}
