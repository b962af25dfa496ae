import { Ellipsis, Play, RotateCw, Square } from "lucide-react";
import { Button, IconButton, Menu } from "../../../kit";
import { runAll, runAndAdvance } from "../actions";
import { notebookMenu } from "../menus";
import css from "../Notebook.module.css";
import { isLive } from "../run/runs";
import { useNotebook, useSession } from "../useNotebook";
import { KernelPill } from "./KernelPill";

/** The line above the cells. */
export function Toolbar() {
  const session = useSession();
  const busy = useNotebook(({ runs }) => runs.kernel === "busy" || runs.requests.some(isLive));
  const bound = useNotebook(({ context }) => context !== undefined);
  // A press leaves the keyboard where it was: in the cell.
  return (
    <div
      className={css.bar}
      role="toolbar"
      aria-label="Notebook"
      onMouseDown={(event) => event.preventDefault()}
    >
      <IconButton
        icon={Play}
        label="Run cell"
        shortcut="shift+enter"
        onClick={() => runAndAdvance(session)}
        data-testid="run-cell"
      />
      <IconButton
        icon={Square}
        label="Interrupt"
        disabled={!busy}
        onClick={() => session.interrupt()}
        data-testid="interrupt"
      />
      <IconButton
        icon={RotateCw}
        label="Restart kernel"
        disabled={!bound}
        onClick={() => session.restart()}
        data-testid="restart"
      />
      <Button tone="quiet" small onClick={() => runAll(session)} data-testid="run-all">
        Run all
      </Button>
      <Menu items={() => notebookMenu(session)} align="start">
        <IconButton icon={Ellipsis} label="More" data-testid="notebook-menu" />
      </Menu>
      <span className={css.space} />
      <KernelPill />
    </div>
  );
}
