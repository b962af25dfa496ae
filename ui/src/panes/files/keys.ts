/** The keys of the tree. */
import { host } from "../../host";
import { openFile } from "../../state/panes";
import { duplicate, hold, paste, remove } from "./actions";
import type { FileBrowser } from "./browser";
import { parentOf } from "./model/paths";
import { nothingSelected, pick, typeahead } from "./model/selection";
import type { Row } from "./model/tree";

/** What is needed of the event; React's and the document's own both fit. */
export interface Key {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** Rows of one page. */
const PAGE = 20;
/** A word typed to find a name ends when nothing is typed for this long, in milliseconds. */
const WORD_REST = 700;

let word = "";
let wordAt = 0;

/** Does what a key means in the tree; `false` when it means nothing here. */
export function onTreeKey(files: FileBrowser, event: Key): boolean {
  const mod = host.platform.modifier === "Meta" ? event.metaKey : event.ctrlKey;
  if (event.altKey) return false;
  return mod ? onShortcut(files, event.key.toLowerCase()) : onMove(files, event) || onPlain(files, event);
}

function onShortcut(files: FileBrowser, key: string): boolean {
  const { chosen } = files;
  if (key === "a") {
    const rows = files.tree.rows().slice(1);
    files.select({ ...files.selection, paths: new Set(rows.map((row) => row.path)) });
  } else if (key === "c" || key === "x") hold(files, key === "x");
  else if (key === "v") void paste(files, files.folderInFocus);
  else if (key === "d") void duplicate(files, chosen);
  else return false;
  return true;
}

function onPlain(files: FileBrowser, event: Key): boolean {
  const { chosen } = files;
  const row = rowInFocus(files);
  if (event.key === "Delete") void remove(files, chosen);
  else if (event.key === "F2" && chosen.length === 1 && chosen[0]) files.setNaming({ path: chosen[0] });
  else if (event.key === "Escape") {
    files.setHeld(undefined);
    files.select({ ...nothingSelected, focus: files.selection.focus });
  } else if (event.key === "Enter" && row) enter(files, row);
  else if (event.key === " " && row)
    files.select(pick(files.selection, files.tree.rows(), row.path, { toggle: true }));
  else if (event.key.length === 1) onLetter(files, event.key);
  else return false;
  return true;
}

function enter(files: FileBrowser, row: Row): void {
  if (row.folder) files.toggle(row.path);
  else openFile(files.sandboxId, row.path);
}

const rowInFocus = (files: FileBrowser): Row | undefined =>
  files.tree.rows()[files.tree.rowIndex(files.selection.focus ?? "")];

/** Arrows, Home, End and pages; with Shift they take everything on the way. */
function onMove(files: FileBrowser, event: Key): boolean {
  const rows = files.tree.rows();
  const at = files.tree.rowIndex(files.selection.focus ?? "");
  const row = rows[at];
  if (event.key === "ArrowRight" && row?.folder) {
    if (!row.open) files.setOpen(row.path, true);
    else if (rows[at + 1]?.depth === row.depth + 1) go(files, at + 1, false);
    return true;
  }
  if (event.key === "ArrowLeft" && row) {
    if (row.folder && row.open) files.setOpen(row.path, false);
    else if (row.depth > 0) go(files, files.tree.rowIndex(parentOf(row.path)), false);
    return true;
  }
  const to = target(event.key, at, rows.length);
  if (to === undefined) return false;
  go(files, Math.max(0, Math.min(rows.length - 1, to)), event.shiftKey);
  return true;
}

function target(key: string, at: number, length: number): number | undefined {
  switch (key) {
    case "ArrowDown":
      return at + 1;
    case "ArrowUp":
      return at - 1;
    case "PageDown":
      return at + PAGE;
    case "PageUp":
      return at - PAGE;
    case "Home":
      return 0;
    case "End":
      return length - 1;
    default:
      return undefined;
  }
}

function go(files: FileBrowser, at: number, range: boolean): void {
  const rows = files.tree.rows();
  const row = rows[at];
  if (!row) return;
  files.select(pick(files.selection, rows, row.path, { range }));
  files.reveal(row.path);
}

function onLetter(files: FileBrowser, letter: string): void {
  const now = Date.now();
  word = now - wordAt > WORD_REST ? letter : word + letter;
  wordAt = now;
  go(files, typeahead(files.tree.rows(), files.tree.rowIndex(files.selection.focus ?? ""), word), false);
}
