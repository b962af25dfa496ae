/** How a cell stands towards its kernel, in the few words its gutter and its last line have room for. */
import type { Cell } from "../model/types";
import { isLive, type Mark, type Runs } from "../run/runs";

export interface Standing {
  state: "never" | "queued" | "running" | "ran";
  mark?: Mark;
  /** Why its outputs are not those of its text in this kernel. `earlier` is usual in an opened file. */
  stale?: "edited" | "earlier";
  /** Its outputs are of an earlier run and will be replaced. */
  fading: boolean;
  /** It was interrupted, and goes on all the same. */
  unresponsive?: boolean;
}

export function standing(cell: Cell, runs: Runs): Standing {
  const mark = runs.marks[cell.key];
  const request = runs.requests.findLast((one) => one.cell === cell.key && isLive(one));
  const fading = request?.clearing ?? false;
  if (request) {
    const state = request.state === "running" ? "running" : "queued";
    return { state, mark, fading, unresponsive: request.unresponsive };
  }
  if (cell.count === null && !mark) return { state: "never", fading };
  return { state: "ran", mark, stale: whyStale(cell, runs, mark), fading };
}

function whyStale(cell: Cell, runs: Runs, mark?: Mark): Standing["stale"] {
  if (cell.count === null) return undefined;
  if (mark && mark.source !== cell.source) return "edited";
  return !mark || mark.life !== runs.life || mark.status === "aborted" ? "earlier" : undefined;
}

/** What stands in the gutter. */
export function countText({ state }: Standing, count: number | null): string {
  if (state === "running") return "[*]";
  if (state === "queued") return "[…]";
  return count === null ? "[ ]" : String(count);
}

export const standingWords = ({ state, mark, stale }: Standing): string => {
  if (state === "running") return "Running";
  if (state === "queued") return "Waits for its turn";
  if (state === "never") return "Not run";
  if (mark?.status === "error") return "Failed";
  if (stale === "earlier") return "Ran in an earlier kernel";
  return stale === "edited" ? "Edited since it ran" : "Ran";
};

/** What the line under the outputs says, besides how long it took. */
export function endWords({ mark, stale }: Standing): string | undefined {
  if (mark?.status === "aborted") return "Not run: stopped before its turn";
  if (mark?.status === "lost") return "The connection to this run was lost";
  return stale === "edited" ? "Edited since it ran" : undefined;
}

export function durationText(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.floor((ms % 60_000) / 1000);
  return minutes < 60 ? `${minutes} min ${seconds} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
