/** The notebook's commands, for the palette. */
import { ApiFailure } from "../../api/failure";
import { saveText } from "../../api/notebooks";
import { yieldFocus } from "../../kit/focus";
import type { Command, CommandContext } from "../../state/commands";
import { openPane } from "../../state/panes";
import * as act from "./actions";
import { emptyNotebook, type Kernel } from "./model/new";
import { writeNotebook } from "./model/write";
import * as edits from "./session/edits";
import type { NotebookSession } from "./session/session";
import { sessionOf } from "./session/sessions";
import { PYTHON } from "./session/state";

const GROUP = "Notebook";

const inNotebook = ({ pane }: CommandContext) => pane?.type === "notebook";
const running = ({ sandbox }: CommandContext) => sandbox?.state === "running";

function command(id: string, title: string, run: (session: NotebookSession) => unknown): Command {
  return {
    id: `notebook.${id}`,
    title,
    group: GROUP,
    when: inNotebook,
    run: ({ pane }) => {
      const session = pane && sessionOf(pane.sandboxId, pane.params.path);
      return session && run(session);
    },
  };
}

const TYPESCRIPT: Kernel = { name: "deno", displayName: "TypeScript · Deno", language: "typescript" };
const JAVASCRIPT: Kernel = { name: "deno", displayName: "JavaScript · Deno", language: "javascript" };

const create = (id: string, title: string, kernel: Kernel): Command => ({
  id: `notebook.${id}`,
  title,
  group: GROUP,
  when: running,
  run: ({ sandbox }) => sandbox && newNotebook(sandbox.id, kernel),
});

/** Makes `Untitled.ipynb`, or the first free number of it, and opens it. */
export async function newNotebook(sandboxId: string, kernel: Kernel, folder = "/workspace"): Promise<void> {
  const text = writeNotebook(emptyNotebook(kernel));
  for (let number = 0; number < 1000; number++) {
    const path = `${folder}/Untitled${number || ""}.ipynb`;
    try {
      await saveText(sandboxId, path, text, "absent");
      // Whoever makes a notebook types in it next: the tree or the button it was made from gives up the keyboard.
      yieldFocus();
      return openPane("notebook", { path }, { sandboxId });
    } catch (thrown) {
      if (ApiFailure.from(thrown).code !== "FILE_EXISTS") throw thrown;
    }
  }
}

export const commands: Command[] = [
  create("new", "New Python notebook", PYTHON),
  create("newTypeScript", "New TypeScript notebook", TYPESCRIPT),
  create("newJavaScript", "New JavaScript notebook", JAVASCRIPT),
  command("run", "Run cell", act.runAndStay),
  command("runAll", "Run all cells", act.runAll),
  command("runAbove", "Run all above", act.runAbove),
  command("runBelow", "Run this and all below", act.runBelow),
  command("interrupt", "Interrupt the kernel", (session) => session.interrupt()),
  command("restart", "Restart the kernel", (session) => session.restart()),
  command("restartRunAll", "Restart and run all", act.restartAndRunAll),
  command("shutDown", "Shut down the kernel", (session) => session.shutDown()),
  command("clearAll", "Clear all outputs", act.clearAllOutputs),
  command("undo", "Undo change of cells", (session) => session.change(edits.undo)),
  command("insert", "Insert cell below", (session) => act.insertBelow(session)),
  command("save", "Save", (session) => session.save()),
  command("export", "Export as script", act.exportScript),
];
