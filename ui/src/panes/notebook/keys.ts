/** Jupyter's keys. Command mode: the notebook has the keyboard. Edit mode: a cell's text has it. */
import type { KeyBinding } from "@codemirror/view";
import { matches } from "../../kit/shortcut";
import * as act from "./actions";
import * as edits from "./session/edits";
import type { NotebookSession } from "./session/session";

type Act = (session: NotebookSession) => void;

const change =
  (make: Parameters<NotebookSession["change"]>[0]): Act =>
  (session) =>
    session.change(make);

const BOTH: Record<string, Act> = {
  "shift+enter": act.runAndAdvance,
  "mod+enter": act.runAndStay,
  "alt+enter": act.runAndInsert,
  "mod+s": (session) => void session.save(),
};

const COMMAND: Record<string, Act> = {
  ...BOTH,
  enter: act.toEdit,
  arrowup: (session) => act.step(session, -1),
  arrowdown: (session) => act.step(session, 1),
  k: (session) => act.step(session, -1),
  j: (session) => act.step(session, 1),
  home: (session) => act.activate(session, 0),
  end: (session) => act.activate(session, Number.MAX_SAFE_INTEGER),
  a: act.insertAbove,
  b: (session) => act.insertBelow(session),
  x: act.cutCell,
  c: act.copyCell,
  v: act.pasteCell,
  z: change(edits.undo),
  "mod+z": change(edits.undo),
  "shift+z": change(edits.redo),
  "mod+shift+z": change(edits.redo),
  m: change((state) => edits.retype(state, "markdown")),
  y: change((state) => edits.retype(state, "code")),
  r: change((state) => edits.retype(state, "raw")),
  "shift+m": change(edits.mergeBelow),
  "alt+arrowup": change((state) => edits.move(state, -1)),
  "alt+arrowdown": change((state) => edits.move(state, 1)),
  delete: change(edits.remove),
};

/** Keys pressed twice, so that a slip does nothing. */
const TWICE: Record<string, Act> = {
  d: change(edits.remove),
  i: (session) => session.interrupt(),
  "0": (session) => session.restart(),
};
const TWICE_WITHIN = 800;

let last: { key: string; at: number } | undefined;

/** Runs what a key means in command mode; whether it meant something. */
export function commandKey(session: NotebookSession, event: KeyboardEvent): boolean {
  const pressed = Object.keys(COMMAND).find((shortcut) => matches(shortcut, event));
  if (pressed) {
    COMMAND[pressed]?.(session);
    return true;
  }
  const twice = Object.keys(TWICE).find((shortcut) => matches(shortcut, event));
  if (!twice) return false;
  const again = last?.key === twice && event.timeStamp - last.at < TWICE_WITHIN;
  last = again ? undefined : { key: twice, at: event.timeStamp };
  if (again) TWICE[twice]?.(session);
  return true;
}

/** What a cell's editor gives to the notebook. */
export function editorKeys(session: NotebookSession): KeyBinding[] {
  const run = (action: Act) => () => {
    action(session);
    return true;
  };
  return [
    { key: "Shift-Enter", run: run(act.runAndAdvance) },
    { key: "Mod-Enter", run: run(act.runAndStay) },
    { key: "Alt-Enter", run: run(act.runAndInsert) },
    { key: "Mod-s", run: run((one) => void one.save()) },
    { key: "Escape", run: run(act.toCommand) },
    { key: "Mod-Shift-Minus", run: (view) => splitHere(session, view.state.selection.main.head) },
    {
      key: "ArrowUp",
      run: (view) =>
        leave(
          session,
          view.state.selection.main.empty &&
            view.state.doc.lineAt(view.state.selection.main.head).number === 1,
          -1,
        ),
    },
    {
      key: "ArrowDown",
      run: ({ state }) =>
        leave(
          session,
          state.selection.main.empty &&
            state.doc.lineAt(state.selection.main.head).number === state.doc.lines,
          1,
        ),
    },
  ];
}

function splitHere(session: NotebookSession, offset: number): boolean {
  session.change((state) => edits.split(state, offset));
  return true;
}

/** An arrow at the edge of the text goes on into the next cell. */
function leave(session: NotebookSession, atEdge: boolean, by: -1 | 1): boolean {
  const to = edits.place(session.state) + by;
  const next = session.state.notebook.cells[to];
  if (!atEdge || !next) return false;
  const reads = next.type === "markdown" && !session.state.editing[next.key];
  act.activate(session, to, reads ? "command" : "edit");
  return true;
}
