import { useId } from "react";
import css from "./SandboxSheet.module.css";
import type { Wish, Wrong } from "./wish";

/** Environment variables, a line each; the lines of a `.env` file can be pasted. */
export function EnvField({ wish, wrong, onChange }: EnvFieldProps) {
  const id = useId();
  return (
    <div className={css.env}>
      <label htmlFor={id}>Environment variables</label>
      <textarea
        id={id}
        rows={3}
        spellCheck={false}
        placeholder="NAME=value"
        value={wish.env}
        aria-invalid={Boolean(wrong.env)}
        onChange={(event) => onChange({ env: event.target.value })}
        data-testid="sheet-env"
      />
      {wrong.env && (
        <span className={css.wrong} role="alert">
          {wrong.env}
        </span>
      )}
    </div>
  );
}

interface EnvFieldProps {
  wish: Wish;
  wrong: Wrong;
  onChange(part: Partial<Wish>): void;
}
