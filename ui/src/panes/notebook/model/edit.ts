/**
 * Changes to the list of cells, each with its inverse, so that undo brings back a deleted cell without
 * touching what was typed or printed elsewhere since. Text within a cell has its editor's own undo.
 */
import { newCell, newId } from "./new";
import type { Cell, CellType } from "./types";

export type Edit =
  | { do: "insert"; at: number; cells: Cell[] }
  | { do: "remove"; keys: string[] }
  | { do: "move"; key: string; to: number }
  | { do: "retype"; key: string; cell: Cell }
  | { do: "several"; edits: Edit[] };

export interface Edited {
  cells: Cell[];
  /** What undoes it. */
  inverse: Edit;
}

const NOTHING: Edit = { do: "several", edits: [] };

export function apply(cells: Cell[], edit: Edit): Edited {
  switch (edit.do) {
    case "insert":
      return insert(cells, edit.at, edit.cells);
    case "remove":
      return remove(cells, edit.keys);
    case "move":
      return move(cells, edit.key, edit.to);
    case "retype":
      return retype(cells, edit.key, edit.cell);
    case "several":
      return several(cells, edit.edits);
  }
}

function insert(cells: Cell[], at: number, added: Cell[]): Edited {
  return {
    cells: cells.toSpliced(at, 0, ...added),
    inverse: { do: "remove", keys: added.map(({ key }) => key) },
  };
}

function remove(cells: Cell[], keys: string[]): Edited {
  const gone = new Set(keys);
  const edits: Edit[] = cells.flatMap((cell, at) =>
    gone.has(cell.key) ? [{ do: "insert", at, cells: [cell] }] : [],
  );
  return { cells: cells.filter(({ key }) => !gone.has(key)), inverse: { do: "several", edits } };
}

function move(cells: Cell[], key: string, to: number): Edited {
  const from = cells.findIndex((cell) => cell.key === key);
  const cell = cells[from];
  if (!cell) return { cells, inverse: NOTHING };
  return { cells: cells.toSpliced(from, 1).toSpliced(to, 0, cell), inverse: { do: "move", key, to: from } };
}

function retype(cells: Cell[], key: string, cell: Cell): Edited {
  const at = cells.findIndex((other) => other.key === key);
  const before = cells[at];
  if (!before) return { cells, inverse: NOTHING };
  return { cells: cells.with(at, cell), inverse: { do: "retype", key: cell.key, cell: before } };
}

function several(cells: Cell[], edits: Edit[]): Edited {
  const inverses: Edit[] = [];
  let now = cells;
  for (const edit of edits) {
    const done = apply(now, edit);
    now = done.cells;
    inverses.unshift(done.inverse);
  }
  return { cells: now, inverse: { do: "several", edits: inverses } };
}

/** The same cell as another type: what nbformat forbids there is dropped (undo has it still). */
export function asType(cell: Cell, type: CellType): Cell {
  const { attachments, ...rest } = cell.rest;
  const keeps = type === "code" || attachments === undefined ? rest : cell.rest;
  return { ...cell, type, outputs: [], count: null, rest: keeps };
}

/** A copy under a new id. */
export function copyOf(cell: Cell): Cell {
  return { ...cell, key: newId() };
}

/** The two cells that a split at `offset` gives; the outputs stay with the second, whose end made them. */
export function splitAt(cell: Cell, offset: number): [Cell, Cell] {
  const first = { ...newCell(cell.type, cell.source.slice(0, offset).replace(/\n$/, "")), rest: cell.rest };
  return [first, { ...cell, source: cell.source.slice(offset).replace(/^\n/, "") }];
}

/** One cell with the text of both and the outputs of the second, under the key of the first. */
export function merged(first: Cell, second: Cell): Cell {
  const outputs = first.type === "code" ? second.outputs : [];
  return { ...first, source: `${first.source}\n${second.source}`, outputs, count: null };
}
