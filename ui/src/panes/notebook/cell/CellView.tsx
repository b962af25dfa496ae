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
import { Gutter } from "./Gutter";
import { standing } from "./standing";
import { useNear } from "./useNear";

/** One cell: its gutter, its text, what it printed, and how that went. */
export const CellView = memo(function CellView({ cell, at }: { cell: Cell; at: number }) {
  const session = useSession();
  const ref = useRef<HTMLElement>(null);
  const near = useNear(ref);
  const active = useNotebook((state) => state.active === cell.key);
  const editing = useNotebook((state) => state.active === cell.key && state.mode === "edit");
  const stands = useNotebook(useShallow(({ runs }) => standing(cell, runs)));
  const select = useCallback(
    () => session.change(() => ({ active: cell.key, mode: "command" })),
    [session, cell.key],
  );
  useCommandFocus(ref, active && !editing);
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
          {cell.type === "code" && <CellFoot cell={cell} standing={stands} />}
        </div>
      </section>
    </ContextMenu>
  );
});

/** In command mode the active cell has the keyboard, unless something outside the notebook has it. */
function useCommandFocus(ref: React.RefObject<HTMLElement | null>, wanted: boolean) {
  useEffect(() => {
    const cell = ref.current;
    if (!wanted || !cell) return;
    const holder = document.activeElement;
    const ours = holder === document.body || cell.closest("[data-notebook]")?.contains(holder ?? null);
    if (ours) cell.focus({ preventScroll: true });
    if (ours) cell.scrollIntoView({ block: "nearest" });
  }, [ref, wanted]);
}
