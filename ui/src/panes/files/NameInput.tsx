import { useEffect, useRef, useState } from "react";
import css from "./Files.module.css";
import { nameProblem } from "./model/paths";

/** A name being typed in the tree: Enter or leaving it takes it, Escape does not. What is wrong with it is said below. */
export function NameInput({ initial = "", label, taken, onDone }: NameInputProps) {
  const input = useRef<HTMLInputElement>(null);
  const over = useRef(false);
  const [name, setName] = useState(initial);
  const [busy, setBusy] = useState(false);
  const problem = name === initial ? undefined : nameProblem(name, taken);
  useEffect(() => {
    input.current?.focus();
    const dot = initial.lastIndexOf(".");
    input.current?.setSelectionRange(0, dot > 0 ? dot : initial.length);
  }, [initial]);

  const end = async (value: string | undefined) => {
    if (over.current) return;
    const wanted = value === undefined || value === initial || nameProblem(value, taken) ? undefined : value;
    over.current = true;
    setBusy(true);
    const kept = await onDone(wanted);
    over.current = kept;
    setBusy(kept);
  };
  return (
    <span className={css.naming}>
      <input
        ref={input}
        className={css.nameInput}
        aria-label={label}
        aria-invalid={Boolean(problem)}
        data-testid="files-name"
        value={name}
        disabled={busy}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setName(event.target.value)}
        onBlur={() => void end(name)}
        onClick={(event) => event.stopPropagation()}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Enter" && !problem) void end(name);
          if (event.key === "Escape") void end(undefined);
        }}
      />
      {problem && name !== "" && (
        <span className={css.problem} role="alert">
          {problem}
        </span>
      )}
    </span>
  );
}

interface NameInputProps {
  initial?: string;
  label: string;
  taken(name: string): boolean;
  /** The name, or nothing when it was given up. Resolves with `false` when it must be typed anew. */
  onDone(name: string | undefined): Promise<boolean>;
}
