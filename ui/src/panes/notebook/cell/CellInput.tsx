import { useMemo } from "react";
import { toEdit } from "../actions";
import { CellEditor } from "../editor/CellEditor";
import { editorKeys } from "../keys";
import type { Cell } from "../model/types";
import css from "../Notebook.module.css";
import { type as typed } from "../session/edits";
import { useNotebook, useSession } from "../useNotebook";
import { MarkdownCell } from "./MarkdownCell";

interface CellInputProps {
  cell: Cell;
  at: number;
  /** Whether it is near enough to be worth an editor. */
  near: boolean;
  /** Whether the keyboard belongs in its text. */
  focused: boolean;
}

/** The text of a cell: an editor, or Markdown as it reads. */
export function CellInput({ cell, at, near, focused }: CellInputProps) {
  const session = useSession();
  const language = useNotebook(({ kernel }) => kernel.language);
  const editing = useNotebook((state) => state.editing[cell.key] ?? false);
  const keys = useMemo(() => editorKeys(session), [session]);
  const enter = () => session.change(() => ({ active: cell.key, mode: "edit" }));
  if (cell.type === "markdown" && !editing) {
    const edit = () => {
      enter();
      toEdit(session);
    };
    return near ? <MarkdownCell cell={cell} onEdit={edit} /> : <pre className={css.far}>{cell.source}</pre>;
  }
  return (
    <div className={css.input} data-type={cell.type}>
      {near ? (
        <CellEditor
          source={cell.source}
          type={cell.type}
          language={language}
          label={`Cell ${at + 1}, ${cell.type}`}
          focused={focused}
          keys={keys}
          onChange={(source) => session.change((state) => typed(state, cell.key, source))}
          onFocus={enter}
        />
      ) : (
        <pre className={css.far}>{cell.source}</pre>
      )}
    </div>
  );
}
