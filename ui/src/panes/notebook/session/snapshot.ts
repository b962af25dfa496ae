/**
 * What a saved notebook does not say but a window must know to go on: how far the kernel's frames are
 * in the file, and which run belongs to which cell. Places stand for cells, so that it also holds for
 * formats without cell ids.
 */

import type { Cell, Notebook } from "../model/types";
import {
  type Mark,
  NO_RUNS,
  type Question,
  type Request,
  type RequestState,
  type Runs,
  type Step,
} from "../run/runs";

export interface Snapshot {
  /** Of the file's text that it belongs to. */
  hash: string;
  cursor: number;
  requests: SavedRequest[];
  marks: {
    at: number;
    status: Mark["status"];
    durationMs?: number;
    startedAt?: number;
    stale: boolean;
    life: number;
  }[];
  /** Display ids, which a file does not keep. */
  displays: { at: number; output: number; id: string }[];
  life: number;
}

interface SavedRequest {
  id: string;
  /** Key and place of its cell; the key counts where the file keeps it. */
  key: string;
  at: number;
  state: RequestState;
  clearing: boolean;
  code?: string;
  question?: Question;
}

const MOST_DISPLAYS = 500;

export function takeSnapshot({ cells, runs }: Step, hash: string): Snapshot {
  const place = new Map(cells.map(({ key }, at) => [key, at]));
  const { cursor, life } = runs;
  return {
    hash,
    cursor,
    life,
    requests: requestsOf(runs, place),
    marks: marksOf(runs, cells),
    displays: displaysOf(cells),
  };
}

function requestsOf(runs: Runs, place: Map<string, number>): SavedRequest[] {
  return runs.requests.flatMap((request) => {
    const { id, cell: key, state, clearing, code, question } = request;
    const at = place.get(key);
    if (at === undefined) return [];
    return [{ id, key, at, state, clearing, question, ...(state === "sent" && { code }) }];
  });
}

/** The same file, with what was asked since: the frames of it are still to come. */
export function withRequests(snapshot: Snapshot, { cells, runs }: Step): Snapshot {
  const known = new Set(snapshot.requests.map(({ id }) => id));
  const place = new Map(cells.map(({ key }, at) => [key, at]));
  const fresh = requestsOf(runs, place).filter(({ id }) => !known.has(id));
  return { ...snapshot, requests: [...snapshot.requests, ...fresh] };
}

function marksOf({ marks }: Runs, cells: Cell[]): Snapshot["marks"] {
  return cells.flatMap(({ key, source: now }, at) => {
    const mark = marks[key];
    if (!mark) return [];
    const { source, ...rest } = mark;
    return [{ at, ...rest, stale: source !== now }];
  });
}

function displaysOf(cells: Cell[]): Snapshot["displays"] {
  const all = cells.flatMap(({ outputs }, at) =>
    outputs.flatMap((output, index) =>
      output.kind === "display" && output.displayId ? [{ at, output: index, id: output.displayId }] : [],
    ),
  );
  return all.slice(-MOST_DISPLAYS);
}

/** The notebook of that file, standing where it stood when the snapshot was taken. */
export function restore(notebook: Notebook, snapshot: Snapshot): Step {
  const cells = [...notebook.cells];
  for (const { at, output, id } of snapshot.displays) named(cells, at, output, id);
  const { cursor, life } = snapshot;
  const requests = snapshot.requests.flatMap((request) => restoredRequest(request, cells));
  const marks = Object.fromEntries(snapshot.marks.flatMap((mark) => restoredMark(mark, cells[mark.at])));
  for (const { cell, state, code } of requests) {
    if (state === "sent") marks[cell] = { status: "live", source: code, life };
  }
  return { cells, runs: { ...NO_RUNS, cursor, life, requests, marks } };
}

function named(cells: Cell[], at: number, output: number, displayId: string): void {
  const cell = cells[at];
  const shown = cell?.outputs[output];
  if (cell && shown?.kind === "display")
    cells[at] = { ...cell, outputs: cell.outputs.with(output, { ...shown, displayId }) };
}

function restoredRequest(saved: SavedRequest, cells: Cell[]): Request[] {
  const { id, key, at, state, clearing, question } = saved;
  const cell = cells.find((one) => one.key === key) ?? cells[at];
  return cell ? [{ id, cell: cell.key, state, clearing, question, code: saved.code ?? cell.source }] : [];
}

function restoredMark({ at: _, stale, ...mark }: Snapshot["marks"][number], cell?: Cell): [string, Mark][] {
  // What it ran as is not kept whole; that it was another text is.
  return cell ? [[cell.key, { ...mark, source: stale ? `${cell.source}\u0000` : cell.source }]] : [];
}

/** Tells two texts apart (not against malice): 53 bits, cyrb53. */
export function hashOf(text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return `${text.length}-${(4294967296 * (2097151 & b) + (a >>> 0)).toString(36)}`;
}
