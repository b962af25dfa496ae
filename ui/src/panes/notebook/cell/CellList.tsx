import { Plus } from "lucide-react";
import { useRef } from "react";
import { insertBelow } from "../actions";
import { commandKey } from "../keys";
import css from "../Notebook.module.css";
import { useNotebook, useSession } from "../useNotebook";
import { CellView } from "./CellView";
import { useKeptInView } from "./useKeptInView";

/** All cells, and the keys of command mode. */
export function CellList() {
  const session = useSession();
  const cells = useNotebook(({ notebook }) => notebook.cells);
  const scroller = useRef<HTMLDivElement>(null);
  useKeptInView(scroller);
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (!inText(event.target) && commandKey(session, event.nativeEvent)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  const append = (type: "code" | "markdown") => {
    session.change(({ notebook }) => ({ active: notebook.cells.at(-1)?.key ?? "" }));
    insertBelow(session, type, "edit");
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the cells inside
    <div
      ref={scroller}
      className={css.cells}
      data-notebook-scroll=""
      data-testid="cells"
      onKeyDown={onKeyDown}
    >
      <div>
        {cells.map((cell, at) => (
          <CellView key={cell.key} cell={cell} at={at} />
        ))}
        <div className={css.append}>
          <button type="button" onClick={() => append("code")} data-testid="add-code">
            <Plus size={14} aria-hidden="true" /> Code
          </button>
          <button type="button" onClick={() => append("markdown")} data-testid="add-markdown">
            <Plus size={14} aria-hidden="true" /> Markdown
          </button>
        </div>
      </div>
    </div>
  );
}

/** Where keys are typed into something, or press a button. */
const inText = (target: EventTarget) =>
  target instanceof Element && target.closest(".cm-editor, input, textarea, button, [role=menu]") !== null;
