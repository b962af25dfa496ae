/** What a person does in a notebook, by key, menu, palette or toolbar: each action once. */
import { host } from "../../host";
import { newCell } from "./model/new";
import { scriptExtension, writeScript } from "./model/script";
import type { Cell, CellType } from "./model/types";
import * as edits from "./session/edits";
import type { NotebookSession } from "./session/session";

export function activate(session: NotebookSession, at: number, mode?: "command" | "edit"): void {
  const { cells } = session.state.notebook;
  const cell = cells[Math.max(0, Math.min(at, cells.length - 1))];
  if (cell) session.change((state) => ({ active: cell.key, mode: mode ?? state.mode }));
}

export const step = (session: NotebookSession, by: -1 | 1, mode?: "command" | "edit") =>
  activate(session, edits.place(session.state) + by, mode);

export function toEdit(session: NotebookSession): void {
  const cell = edits.activeCell(session.state);
  if (!cell) return;
  session.change((state) => ({ mode: "edit", editing: { ...state.editing, [cell.key]: true } }));
}

export const toCommand = (session: NotebookSession) => session.change(() => ({ mode: "command" }));

export function insertBelow(
  session: NotebookSession,
  type: CellType = "code",
  mode: "command" | "edit" = "command",
): void {
  const cell = newCell(type);
  session.change((state) => ({
    ...edits.insert(state, edits.place(state) + 1, cell),
    mode,
    editing: { ...state.editing, [cell.key]: true },
  }));
}

export const insertAbove = (session: NotebookSession) =>
  session.change((state) => ({ ...edits.insert(state, edits.place(state)), mode: "command" }));

/** Runs a code cell; a Markdown cell is shown as it reads. */
export function runActive(session: NotebookSession): void {
  const cell = edits.activeCell(session.state);
  if (!cell) return;
  if (cell.type === "markdown")
    session.change((state) => ({ editing: { ...state.editing, [cell.key]: false } }));
  session.run([cell.key]);
}

/** Shift+Enter: runs, and goes on to the next cell, which is made where there is none. */
export function runAndAdvance(session: NotebookSession): void {
  runActive(session);
  const { notebook } = session.state;
  if (edits.place(session.state) === notebook.cells.length - 1) insertBelow(session, "code", "edit");
  else step(session, 1, "command");
}

export function runAndInsert(session: NotebookSession): void {
  runActive(session);
  insertBelow(session, "code", "edit");
}

export function runAndStay(session: NotebookSession): void {
  runActive(session);
  toCommand(session);
}

export const runAll = (session: NotebookSession) => runThese(session, () => true);
/** The cells above the one in use, without it. */
export const runAbove = (session: NotebookSession) => runThese(session, (at, active) => at < active);
/** The cell in use and those below. */
export const runBelow = (session: NotebookSession) => runThese(session, (at, active) => at >= active);

function runThese(session: NotebookSession, which: (at: number, active: number) => boolean): void {
  const { notebook, editing } = session.state;
  const active = edits.place(session.state);
  const cells = notebook.cells.filter((_, at) => which(at, active));
  const shown = Object.fromEntries(cells.filter(isMarkdown).map(({ key }) => [key, false]));
  session.change(() => ({ editing: { ...editing, ...shown } }));
  session.run(cells.map(({ key }) => key));
}

const isMarkdown = ({ type }: Cell) => type === "markdown";

export function restartAndRunAll(session: NotebookSession): void {
  session.restart();
  runAll(session);
}

let kept: Cell | undefined;

export function copyCell(session: NotebookSession): void {
  kept = edits.activeCell(session.state);
}

export function cutCell(session: NotebookSession): void {
  copyCell(session);
  session.change(edits.remove);
}

export function pasteCell(session: NotebookSession): void {
  if (!kept) return;
  const cell = {
    ...newCell(kept.type, kept.source),
    rest: kept.rest,
    outputs: kept.outputs,
    count: kept.count,
  };
  session.change((state) => edits.insert(state, edits.place(state) + 1, cell));
}

export const clearOutputs = (session: NotebookSession) =>
  session.change((state) => edits.clearOutputs(state, [state.active]));

export const clearAllOutputs = (session: NotebookSession) =>
  session.change((state) =>
    edits.clearOutputs(
      state,
      state.notebook.cells.map(({ key }) => key),
    ),
  );

/** Saves the code as a script on the person's own machine. */
export async function exportScript(session: NotebookSession): Promise<void> {
  const { notebook, kernel } = session.state;
  const name = fileName(session.path).replace(/\.ipynb$/i, "") + scriptExtension(kernel.language);
  await host.saveFile(name, new Blob([writeScript(notebook, kernel.language)], { type: "text/plain" }));
}

export const fileName = (path: string) => path.slice(path.lastIndexOf("/") + 1);
