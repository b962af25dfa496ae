import { type FormEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { toCommand } from "../actions";
import css from "../Notebook.module.css";
import type { Question } from "../run/runs";
import { useNotebook, useSession } from "../useNotebook";
import { focusActive, mayTakeFocus } from "./focus";

/** What the code of a cell asks, and the field to answer it in. */
export function CellQuestion({ cell }: { cell: string }) {
  const question = useNotebook(
    ({ runs }) => runs.requests.findLast((request) => request.cell === cell && request.question)?.question,
  );
  return question ? <Asked key={question.id} question={question} cell={cell} /> : null;
}

function Asked({ question, cell }: { question: Question; cell: string }) {
  const session = useSession();
  const id = useId();
  const [value, setValue] = useState("");
  const ref = useRef<HTMLInputElement>(null);
  useFocusOnce(ref, cell);
  const send = (event: FormEvent) => {
    event.preventDefault();
    // The field goes once the answer has arrived; one that did not leave can be sent again.
    if (session.answer(question.id, value)) focusActive(session);
  };
  const onKey = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key !== "Escape") return;
    toCommand(session);
    focusActive(session);
  };
  return (
    <form className={css.question} data-testid="cell-question" onSubmit={send}>
      <label htmlFor={id}>{question.prompt.trim() || "Input"}</label>
      <input
        ref={ref}
        id={id}
        type={question.password ? "password" : "text"}
        value={value}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setValue(event.target.value)}
        onKeyDown={onKey}
      />
      <span className={css.hint}>Enter sends</span>
    </form>
  );
}

/** A question of the cell in use takes the keyboard as it comes. */
function useFocusOnce(ref: React.RefObject<HTMLInputElement | null>, cell: string) {
  const active = useNotebook((state) => state.active === cell);
  const first = useRef(active);
  useEffect(() => {
    const field = ref.current;
    field?.scrollIntoView({ block: "nearest" });
    if (first.current && field && mayTakeFocus(field)) field.focus({ preventScroll: true });
  }, [ref]);
}
