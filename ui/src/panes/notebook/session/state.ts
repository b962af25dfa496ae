/** Everything a notebook pane shows, in one store for each open notebook. */
import type { ApiFailure } from "../../../api/failure";
import type { LinkState } from "../../../api/socket";
import type { KernelSpec } from "../../../api/wire/KernelSpec";
import type { Edit } from "../model/edit";
import { emptyNotebook, type Kernel } from "../model/new";
import type { UnreadableNotebook } from "../model/read";
import type { Notebook } from "../model/types";
import { NO_RUNS, type Runs } from "../run/runs";
import type { Saving } from "./saver";

export type Phase =
  | { at: "loading" }
  | { at: "ready" }
  /** The file is no notebook that can be read; it is left alone. */
  | { at: "unreadable"; why: UnreadableNotebook }
  | { at: "failed"; failure: ApiFailure };

export interface NotebookState {
  phase: Phase;
  notebook: Notebook;
  runs: Runs;
  /** What the notebook says it runs in. */
  kernel: Kernel;
  /** What the sandbox can start. */
  kernels: KernelSpec[];
  /** The context it is bound to, and what that calls itself. */
  context?: { id: string; displayName?: string };
  /** A context is being made. */
  starting: boolean;
  /** Why there is no context. */
  kernelFailure?: ApiFailure;
  link?: LinkState;
  saving: Saving;
  /** The cell in use, and whether keys go to its text. */
  active: string;
  mode: "command" | "edit";
  /** Cells whose Markdown shows as text to edit. */
  editing: Record<string, boolean>;
  undo: Edit[];
  redo: Edit[];
  /** Told once in words above the cells, until dismissed. */
  note?: string;
}

export const PYTHON: Kernel = { name: "python3", displayName: "Python 3", language: "python" };

export function initialState(): NotebookState {
  return {
    phase: { at: "loading" },
    notebook: emptyNotebook(),
    runs: NO_RUNS,
    kernel: PYTHON,
    kernels: [],
    starting: false,
    saving: { at: "saved" },
    active: "",
    mode: "command",
    editing: {},
    undo: [],
    redo: [],
  };
}
