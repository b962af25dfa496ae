/** What a person does to the cells, as steps of the store. Each returns what changes; nothing when nothing does. */
import { apply, asType, copyOf, type Edit, merged, splitAt } from "../model/edit";
import { newCell } from "../model/new";
import type { Cell, CellType } from "../model/types";
import { isLive } from "../run/runs";
import type { NotebookState } from "./state";

export type Change = Partial<NotebookState> | undefined;

const MOST_UNDO = 200;

export const place = ({ notebook, active }: NotebookState): number =>
  Math.max(
    0,
    notebook.cells.findIndex(({ key }) => key === active),
  );

export const activeCell = (state: NotebookState): Cell | undefined => state.notebook.cells[place(state)];

/** Applies an edit and makes it undoable. */
function edited(state: NotebookState, edit: Edit, more: Partial<NotebookState> = {}): Partial<NotebookState> {
  const { cells, inverse } = apply(state.notebook.cells, edit);
  const undo = [...state.undo, inverse].slice(-MOST_UNDO);
  return { notebook: { ...state.notebook, cells }, undo, redo: [], ...more };
}

export function insert(state: NotebookState, at: number, cell = newCell()): Partial<NotebookState> {
  return edited(state, { do: "insert", at, cells: [cell] }, { active: cell.key });
}

/** The cell is gone; a notebook always keeps one. */
export function remove(state: NotebookState): Change {
  const at = place(state);
  const { cells } = state.notebook;
  const cell = cells[at];
  if (!cell) return undefined;
  const removal: Edit = { do: "remove", keys: [cell.key] };
  const next = cells[at + 1] ?? cells[at - 1];
  if (next) return edited(state, removal, { active: next.key, mode: "command" });
  const fresh = newCell(cell.type);
  const edits: Edit[] = [removal, { do: "insert", at: 0, cells: [fresh] }];
  return edited(state, { do: "several", edits }, { active: fresh.key, mode: "command" });
}

export function move(state: NotebookState, by: -1 | 1): Change {
  const at = place(state);
  const cell = state.notebook.cells[at];
  const to = at + by;
  if (!cell || to < 0 || to >= state.notebook.cells.length) return undefined;
  return edited(state, { do: "move", key: cell.key, to });
}

export function retype(state: NotebookState, type: CellType): Change {
  const cell = activeCell(state);
  if (!cell || cell.type === type) return undefined;
  const editing = { ...state.editing, [cell.key]: type === "markdown" };
  return edited(state, { do: "retype", key: cell.key, cell: asType(cell, type) }, { editing });
}

export function split(state: NotebookState, offset: number): Change {
  const cell = activeCell(state);
  if (!cell) return undefined;
  const [first, second] = splitAt(cell, offset);
  const edits: Edit[] = [
    { do: "retype", key: cell.key, cell: second },
    { do: "insert", at: place(state), cells: [first] },
  ];
  const editing = { ...state.editing, [first.key]: true, [second.key]: true };
  return edited(state, { do: "several", edits }, { editing });
}

export function mergeBelow(state: NotebookState): Change {
  const cell = activeCell(state);
  const below = state.notebook.cells[place(state) + 1];
  if (!cell || !below || isRunning(state, below.key) || isRunning(state, cell.key)) return undefined;
  const edits: Edit[] = [
    { do: "remove", keys: [below.key] },
    { do: "retype", key: cell.key, cell: merged(cell, below) },
  ];
  return edited(state, { do: "several", edits });
}

export function duplicate(state: NotebookState): Change {
  const cell = activeCell(state);
  return cell && insert(state, place(state) + 1, { ...copyOf(cell), outputs: [], count: null });
}

export function clearOutputs(state: NotebookState, keys: string[]): Partial<NotebookState> {
  const which = new Set(keys);
  const cells = state.notebook.cells.map((cell) =>
    which.has(cell.key) && !isRunning(state, cell.key) ? { ...cell, outputs: [], count: null } : cell,
  );
  return { notebook: { ...state.notebook, cells } };
}

const isRunning = ({ runs }: NotebookState, key: string) =>
  runs.requests.some((request) => request.cell === key && isLive(request));

/** Text typed into a cell; its editor has the undo of it. */
export function type(state: NotebookState, key: string, source: string): Change {
  const at = state.notebook.cells.findIndex((cell) => cell.key === key);
  const cell = state.notebook.cells[at];
  if (!cell || cell.source === source) return undefined;
  return { notebook: { ...state.notebook, cells: state.notebook.cells.with(at, { ...cell, source }) } };
}

export function undo(state: NotebookState): Change {
  const edit = state.undo.at(-1);
  if (!edit) return undefined;
  const { cells, inverse } = apply(state.notebook.cells, edit);
  const back = { undo: state.undo.slice(0, -1), redo: [...state.redo, inverse] };
  return { notebook: { ...state.notebook, cells }, ...back, active: landing(state, cells, edit) };
}

export function redo(state: NotebookState): Change {
  const edit = state.redo.at(-1);
  if (!edit) return undefined;
  const { cells, inverse } = apply(state.notebook.cells, edit);
  const back = { redo: state.redo.slice(0, -1), undo: [...state.undo, inverse] };
  return { notebook: { ...state.notebook, cells }, ...back, active: landing(state, cells, edit) };
}

/** The cell that an edit brought, or a neighbour of one it took. */
function landing(state: NotebookState, cells: Cell[], edit: Edit): string {
  if (edit.do === "insert") return edit.cells[0]?.key ?? state.active;
  if (edit.do === "move" || edit.do === "retype") return edit.key;
  if (edit.do === "several" && edit.edits[0]) return landing(state, cells, edit.edits[0]);
  if (cells.some(({ key }) => key === state.active)) return state.active;
  return cells[Math.min(place(state), cells.length - 1)]?.key ?? "";
}
