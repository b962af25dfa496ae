import { useId } from "react";
import css from "./SandboxSheet.module.css";
import type { Wish, Wrong } from "./wish";

/** Names and values, a line each; the lines of a `.env` file can be pasted. */
export function PairsField({ of, label, rows, wish, wrong, onChange }: PairsFieldProps) {
  const id = useId();
  return (
    <div className={css.env}>
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        rows={rows}
        spellCheck={false}
        placeholder="NAME=value"
        value={wish[of]}
        aria-invalid={Boolean(wrong[of])}
        onChange={(event) => onChange({ [of]: event.target.value })}
        data-testid={`sheet-${of}`}
      />
      {wrong[of] && (
        <span className={css.wrong} role="alert">
          {wrong[of]}
        </span>
      )}
    </div>
  );
}

interface PairsFieldProps {
  of: "env" | "labels";
  label: string;
  rows: number;
  wish: Wish;
  wrong: Wrong;
  onChange(part: Partial<Wish>): void;
}
