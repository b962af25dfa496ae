/** What is selected in the tree: several rows, one of them in focus, one where a range begins. Values, never changed in place. */
import type { Row } from "./tree";

export interface Selection {
  readonly paths: ReadonlySet<string>;
  readonly focus: string | undefined;
  readonly anchor: string | undefined;
}

export const nothingSelected: Selection = { paths: new Set(), focus: undefined, anchor: undefined };

export const only = (path: string): Selection => ({ paths: new Set([path]), focus: path, anchor: path });

export interface Keys {
  /** Add to or take from what is selected. */
  toggle?: boolean;
  /** Everything from the anchor to here. */
  range?: boolean;
}

/** After a click on `path`, or the focus coming there. */
export function pick(selection: Selection, rows: readonly Row[], path: string, keys: Keys = {}): Selection {
  if (keys.range && selection.anchor) {
    const between = rangeOf(rows, selection.anchor, path);
    if (between) return { paths: new Set(between), focus: path, anchor: selection.anchor };
  }
  if (!keys.toggle) return only(path);
  const paths = new Set(selection.paths);
  if (!paths.delete(path)) paths.add(path);
  return { paths, focus: path, anchor: path };
}

function rangeOf(rows: readonly Row[], from: string, to: string): string[] | undefined {
  const a = rows.findIndex((row) => row.path === from);
  const b = rows.findIndex((row) => row.path === to);
  if (a < 0 || b < 0) return undefined;
  return rows.slice(Math.min(a, b), Math.max(a, b) + 1).map((row) => row.path);
}

/** The next row whose name begins with `typed`, from the one after `from` round to it. */
export function typeahead(rows: readonly Row[], from: number, typed: string): number {
  const wanted = typed.toLowerCase();
  // A longer word may still fit the row it is on; a first letter looks for another one.
  const start = typed.length > 1 ? from : from + 1;
  for (let step = 0; step < rows.length; step++) {
    const at = (start + step + rows.length) % rows.length;
    if (rows[at]?.name.toLowerCase().startsWith(wanted)) return at;
  }
  return -1;
}
