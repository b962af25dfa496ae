/**
 * What the frames of a code context do to a notebook: a pure step from one state to the next, so that a
 * window which comes back replays the frames it missed and stands exactly where it would have stood.
 */
import type { ContextFrame } from "../../../api/wire/ContextFrame";
import type { KernelState } from "../../../api/wire/KernelState";
import type { Cell } from "../model/types";
import { print, update } from "./outputs";

/** `sent` is asked of the context and not confirmed by it yet. */
export type RequestState = "sent" | "queued" | "running" | "over";

/** A line of text that the code waits for. */
export interface Question {
  id: string;
  prompt: string;
  /** What is typed is not shown. */
  password: boolean;
}

export interface Request {
  id: string;
  /** Key of its cell. */
  cell: string;
  /** What to run, for as long as the context has not confirmed it. */
  code: string;
  state: RequestState;
  /** The next output replaces what the cell shows. */
  clearing: boolean;
  question?: Question;
  /** It was interrupted, and goes on all the same. */
  unresponsive?: boolean;
}

/** How a cell last ran. */
export interface Mark {
  status: "ok" | "error" | "aborted" | "lost" | "live";
  durationMs?: number;
  /** Milliseconds since the epoch, by this machine's clock; for a counter while it runs. */
  startedAt?: number;
  /** The text as it ran: the cell is stale once its text is another. */
  source: string;
  /** The kernel's life in which it ran: its variables are gone in another. */
  life: number;
}

export interface Runs {
  /** The last frame that was applied. */
  cursor: number;
  /** Newest last. At most one that is `over` for each cell: a thread may print after its cell is done. */
  requests: Request[];
  /** By cell key. */
  marks: Record<string, Mark>;
  kernel: KernelState | "none";
  /** Counts restarts and new contexts, as this notebook saw them. */
  life: number;
  /** Frames were gone before they could be read. */
  truncated: boolean;
}

export const NO_RUNS: Runs = {
  cursor: 0,
  requests: [],
  marks: {},
  kernel: "none",
  life: 0,
  truncated: false,
};

export interface Step {
  cells: Cell[];
  runs: Runs;
}

export const isLive = ({ state }: Request) => state !== "over";

/** A cell is asked to run. Its outputs stay until the first new one comes, so that nothing jumps. */
export function ask(runs: Runs, cell: Cell, id: string): Runs {
  const requests = runs.requests.filter((other) => isLive(other) || other.cell !== cell.key);
  const mark: Mark = { status: "live", source: cell.source, life: runs.life };
  return {
    ...runs,
    requests: [...requests, { id, cell: cell.key, code: cell.source, state: "sent", clearing: false }],
    marks: { ...runs.marks, [cell.key]: mark },
  };
}

export function step(before: Step, frame: ContextFrame, now: number): Step {
  if (frame.type === "ready") return { ...before, runs: { ...before.runs, kernel: frame.context.state } };
  if (frame.cursor <= before.runs.cursor && frame.type !== "truncated") return before;
  const runs = { ...before.runs, cursor: Math.max(before.runs.cursor, frame.cursor) };
  return (
    onContext({ cells: before.cells, runs }, frame) ?? onRequest({ cells: before.cells, runs }, frame, now)
  );
}

/** Frames about the context as a whole; undefined for those of one request. */
function onContext({ cells, runs }: Step, frame: ContextFrame): Step | undefined {
  switch (frame.type) {
    case "state": {
      const next = { ...runs, kernel: frame.state };
      return { cells, runs: frame.state === "dead" ? endAll(next, "lost") : next };
    }
    case "restarted":
      return { cells, runs: { ...endAll(runs, "aborted"), life: runs.life + 1 } };
    case "truncated":
      return { cells, runs: { ...runs, truncated: true } };
    case "update_display":
      return { cells: mapOutputs(cells, frame), runs };
    default:
      return undefined;
  }
}

function mapOutputs(cells: Cell[], frame: Extract<ContextFrame, { type: "update_display" }>): Cell[] {
  const mapped = cells.map((cell) => {
    const outputs = update(cell.outputs, frame);
    return outputs === cell.outputs ? cell : { ...cell, outputs };
  });
  return mapped.some((cell, at) => cell !== cells[at]) ? mapped : cells;
}

function onRequest(start: Step, frame: ContextFrame, now: number): Step {
  const before = adopt(start, frame);
  const request = before.runs.requests.find(({ id }) => id === frame.requestId);
  const at = before.cells.findIndex(({ key }) => key === request?.cell);
  const cell = before.cells[at];
  if (!request || !cell) return request ? { ...before, runs: settle(before.runs, request, frame) } : before;
  const after = onCell(cell, request, frame);
  return {
    cells: after.cell === cell ? before.cells : before.cells.with(at, after.cell),
    runs: marked(replace(before.runs, after.request), after.request, frame, now),
  };
}

/** The id of a request begins with the key of its cell, so that every window knows whose it is. */
export const requestId = (cell: string, own: string) => `${cell}.${own}`;

/** A run that this window did not ask for (another did, or this one before it lost its memory) is taken up where it begins. */
function adopt(before: Step, { type, requestId: id }: ContextFrame): Step {
  const begins = type === "queued" || type === "started";
  if (!begins || !id || before.runs.requests.some((request) => request.id === id)) return before;
  const cell = before.cells.find(({ key }) => key === id.slice(0, id.lastIndexOf(".")));
  return cell ? { ...before, runs: ask(before.runs, cell, id) } : before;
}

/** The cell is deleted, but its run still takes its course. */
function settle(runs: Runs, request: Request, frame: ContextFrame): Runs {
  if (frame.type === "done") return { ...runs, requests: runs.requests.filter((other) => other !== request) };
  return frame.type === "started" ? replace(runs, { ...request, state: "running" }) : runs;
}

function onCell(cell: Cell, request: Request, frame: ContextFrame): { cell: Cell; request: Request } {
  switch (frame.type) {
    case "queued":
      return { cell, request: { ...request, state: "queued" } };
    case "started":
      return {
        cell: { ...cell, count: frame.executionCount },
        request: { ...request, state: "running", clearing: true },
      };
    case "unresponsive":
      return { cell, request: { ...request, unresponsive: true } };
    case "done":
      return {
        cell: finished(cell, request, frame.executionCount),
        request: { ...request, state: "over", clearing: false, question: undefined },
      };
    case "input_request": {
      const { inputId: id, prompt, password } = frame;
      return {
        // What an earlier run printed does not lead to this question.
        cell: request.clearing ? { ...cell, outputs: [] } : cell,
        request: { ...request, clearing: false, question: { id, prompt, password } },
      };
    }
    case "input_replied":
      return { cell, request: answered(request, frame.inputId) };
    default: {
      const { outputs, clearing } = print({ outputs: cell.outputs, clearing: request.clearing }, frame);
      const printed = outputs === cell.outputs ? cell : { ...cell, outputs };
      return { cell: printed, request: clearing === request.clearing ? request : { ...request, clearing } };
    }
  }
}

/** Another question may have been asked meanwhile. */
const answered = (request: Request, id: string): Request =>
  request.question?.id === id ? { ...request, question: undefined } : request;

/** A run that printed nothing leaves nothing; one that never started leaves what was there. */
function finished(cell: Cell, request: Request, count: number | null): Cell {
  if (request.state !== "running") return cell;
  return { ...cell, count: count ?? cell.count, outputs: request.clearing ? [] : cell.outputs };
}

function marked(runs: Runs, request: Request, frame: ContextFrame, now: number): Runs {
  const mark = runs.marks[request.cell];
  const newest = runs.requests.findLast(({ cell }) => cell === request.cell)?.id === request.id;
  if (!mark || !newest) return runs;
  if (frame.type === "started")
    return withMark(runs, request.cell, { ...mark, status: "live", startedAt: now });
  if (frame.type !== "done") return runs;
  return withMark(runs, request.cell, {
    ...mark,
    status: frame.status,
    durationMs: frame.durationMs,
    life: runs.life,
  });
}

const withMark = (runs: Runs, cell: string, mark: Mark): Runs => ({
  ...runs,
  marks: { ...runs.marks, [cell]: mark },
});

function replace(runs: Runs, request: Request): Runs {
  const at = runs.requests.findIndex(({ id }) => id === request.id);
  return runs.requests[at] === request ? runs : { ...runs, requests: runs.requests.with(at, request) };
}

/** Nothing more will come of what is under way. */
export function endAll(
  runs: Runs,
  status: "aborted" | "lost",
  which: (request: Request) => boolean = isLive,
): Runs {
  const ended = runs.requests.filter((request) => isLive(request) && which(request));
  if (ended.length === 0) return runs;
  const marks = { ...runs.marks };
  for (const { cell } of ended) if (marks[cell]) marks[cell] = { ...marks[cell], status };
  const gone = new Set(ended);
  return {
    ...runs,
    marks,
    requests: runs.requests.map((request) =>
      gone.has(request) ? { ...request, state: "over", clearing: false, question: undefined } : request,
    ),
  };
}

/**
 * All that was missed is read, and the context rests: what it never finished, it will not finish
 * (the end of it was among the frames that were gone). What it never heard of is left to be sent again.
 */
export function caughtUp(runs: Runs): Runs {
  return runs.kernel === "idle" ? endAll(runs, "lost", ({ state }) => state !== "sent") : runs;
}

/** Another context: nothing of the old one's run is known to it, and its variables are gone. */
export function newContext(runs: Runs): Runs {
  const ended = endAll(runs, "lost", ({ state }) => state !== "sent");
  const waiting = ended.requests.filter(({ state }) => state === "sent");
  return {
    ...NO_RUNS,
    life: runs.life + 1,
    requests: waiting,
    marks: relive(ended.marks, waiting, runs.life + 1),
  };
}

function relive(marks: Runs["marks"], waiting: Request[], life: number): Runs["marks"] {
  const moved = waiting.flatMap(({ cell }) =>
    marks[cell] ? [[cell, { ...marks[cell], life }] as const] : [],
  );
  return { ...marks, ...Object.fromEntries(moved) };
}
