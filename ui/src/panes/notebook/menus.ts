/** The menus of a notebook: the palette's commands, with Jupyter's keys beside them. */
import { ArrowDown, ArrowUp, CopyPlus, Eraser, Play, Scissors, Trash2 } from "lucide-react";
import type { MenuItem } from "../../kit/menu";
import { notifyFailure } from "../../state/notices";
import * as act from "./actions";
import type { Kernel } from "./model/new";
import * as edits from "./session/edits";
import { kernelChoices } from "./session/kernels";
import type { NotebookSession } from "./session/session";

export function cellMenu(session: NotebookSession): MenuItem[] {
  const type = edits.activeCell(session.state)?.type;
  const retype = (to: "code" | "markdown" | "raw") => () =>
    session.change((state) => edits.retype(state, to));
  return [
    {
      label: "Run cell",
      icon: Play,
      shortcut: "mod+enter",
      disabled: type !== "code",
      run: () => act.runAndStay(session),
    },
    { label: "Run all above", run: () => act.runAbove(session) },
    { label: "Run this and all below", run: () => act.runBelow(session) },
    "separator",
    { label: "Insert cell above", shortcut: "a", run: () => act.insertAbove(session) },
    { label: "Insert cell below", shortcut: "b", run: () => act.insertBelow(session) },
    {
      label: "Move up",
      icon: ArrowUp,
      shortcut: "alt+arrowup",
      run: () => session.change((state) => edits.move(state, -1)),
    },
    {
      label: "Move down",
      icon: ArrowDown,
      shortcut: "alt+arrowdown",
      run: () => session.change((state) => edits.move(state, 1)),
    },
    { label: "Duplicate", icon: CopyPlus, run: () => session.change(edits.duplicate) },
    { label: "Merge with the cell below", shortcut: "shift+m", run: () => session.change(edits.mergeBelow) },
    "separator",
    { label: "To code", shortcut: "y", disabled: type === "code", run: retype("code") },
    { label: "To Markdown", shortcut: "m", disabled: type === "markdown", run: retype("markdown") },
    { label: "To raw text", shortcut: "r", disabled: type === "raw", run: retype("raw") },
    "separator",
    { label: "Clear outputs", icon: Eraser, run: () => act.clearOutputs(session) },
    { label: "Cut cell", icon: Scissors, shortcut: "x", run: () => act.cutCell(session) },
    { label: "Paste cell below", shortcut: "v", run: () => act.pasteCell(session) },
    {
      label: "Delete cell",
      icon: Trash2,
      danger: true,
      testId: "cell-delete",
      run: () => session.change(edits.remove),
    },
  ];
}

export function notebookMenu(session: NotebookSession): MenuItem[] {
  const { undo, redo } = session.state;
  return [
    { label: "Run all above", run: () => act.runAbove(session) },
    { label: "Run this and all below", run: () => act.runBelow(session) },
    { label: "Restart and run all", testId: "restart-run-all", run: () => act.restartAndRunAll(session) },
    "separator",
    {
      label: "Undo change of cells",
      shortcut: "z",
      disabled: undo.length === 0,
      run: () => session.change(edits.undo),
    },
    {
      label: "Redo change of cells",
      shortcut: "shift+z",
      disabled: redo.length === 0,
      run: () => session.change(edits.redo),
    },
    { label: "Clear all outputs", icon: Eraser, run: () => act.clearAllOutputs(session) },
    "separator",
    { label: "Export as script…", testId: "export-script", run: () => void exportScript(session) },
  ];
}

const exportScript = (session: NotebookSession) =>
  act.exportScript(session).catch((thrown) => notifyFailure(thrown, "Export"));

export function kernelMenu(session: NotebookSession): MenuItem[] {
  const { kernels, kernel, context } = session.state;
  const use = (choice: Kernel) => () =>
    void session.useKernel(choice).catch((thrown) => notifyFailure(thrown, "Change kernel"));
  const choices = kernelChoices(kernels).map((choice): MenuItem => {
    const current = choice.name === kernel.name && choice.language === kernel.language;
    return {
      label: current ? `${choice.displayName} (in use)` : choice.displayName,
      disabled: current,
      testId: `kernel-${choice.language}`,
      run: use(choice),
    };
  });
  return [
    ...choices,
    "separator",
    { label: "Interrupt", shortcut: "i", disabled: !context, run: () => session.interrupt() },
    { label: "Restart", shortcut: "0", disabled: !context, run: () => session.restart() },
    {
      label: "Shut down",
      disabled: !context,
      run: () => void session.shutDown().catch((thrown) => notifyFailure(thrown, "Shut down")),
    },
  ];
}
