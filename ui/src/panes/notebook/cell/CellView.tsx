import { memo, useCallback, useEffect, useRef } from "react";
import { useShallow } from "zustand/react/shallow";
import { ContextMenu } from "../../../kit";
import { toCommand } from "../actions";
import { cellMenu } from "../menus";
import type { Cell } from "../model/types";
import css from "../Notebook.module.css";
import { useNotebook, useSession } from "../useNotebook";
import { CellFoot } from "./CellFoot";
import { CellInput } from "./CellInput";
import { CellOutputs } from "./CellOutputs";
import { CellQuestion } from "./CellQuestion";
import { mayTakeFocus } from "./focus";
import { Gutter } from "./Gutter";
import { standing } from "./standing";
import { useNear } from "./useNear";

/** One cell: its gutter, its text, what it printed, and how that went. */
export const CellView = memo(function CellView({ cell, at }: { cell: Cell; at: number }) {
  const session = useSession();
  const ref = useRef<HTMLElement>(null);
  const active = useNotebook((state) => state.active === cell.key);
  const near = useNear(ref, active);
  const editing = useNotebook((state) => state.active === cell.key && state.mode === "edit");
  const stands = useNotebook(useShallow(({ runs }) => standing(cell, runs)));
  const select = useCallback(
    () => session.change(() => ({ active: cell.key, mode: "command" })),
    [session, cell.key],
  );
  useActive(ref, active, editing);
  const pick = () => {
    if (!active) session.change(() => ({ active: cell.key }));
  };
  const run = () => {
    select();
    session.run([cell.key]);
  };
  return (
    <ContextMenu items={() => cellMenu(session)}>
      <section
        ref={ref}
        className={css.cell}
        data-testid="cell"
        data-cell={cell.key}
        data-type={cell.type}
        data-state={stands.state}
        data-active={active || undefined}
        data-editing={editing || undefined}
        aria-label={`Cell ${at + 1}, ${cell.type}`}
        aria-current={active || undefined}
        tabIndex={active ? 0 : -1}
        onPointerDownCapture={pick}
      >
        <Gutter cell={cell} standing={stands} onRun={run} />
        <div className={css.body}>
          <CellInput cell={cell} at={at} near={near} focused={editing} />
          {cell.type === "code" && near && (
            <CellOutputs
              outputs={cell.outputs}
              fading={stands.fading}
              onFocus={select}
              onEscape={() => toCommand(session)}
            />
          )}
          {cell.type === "code" && <CellQuestion cell={cell.key} />}
          {cell.type === "code" && <CellFoot cell={cell} standing={stands} />}
        </div>
      </section>
    </ContextMenu>
  );
});

/** The active cell is in view; in command mode it has the keyboard, unless something outside the notebook has it. */
function useActive(ref: React.RefObject<HTMLElement | null>, active: boolean, editing: boolean) {
  useEffect(() => {
    const cell = ref.current;
    if (!active || !cell || !mayTakeFocus(cell)) return;
    if (!editing) cell.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest" });
  }, [ref, active, editing]);
}
