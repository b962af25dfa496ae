import { type InputHTMLAttributes, type ReactNode, useId } from "react";
import css from "./kit.module.css";

interface Labelled {
  label: string;
  /** What to know before typing. */
  hint?: ReactNode;
  /** What is wrong with what was typed. */
  wrong?: string;
}

export interface FieldProps extends Labelled, InputHTMLAttributes<HTMLInputElement> {
  ref?: React.Ref<HTMLInputElement>;
}

/** A line of text with its label, its hint and what is wrong with it. */
export function Field({ label, hint, wrong, ...rest }: FieldProps) {
  const id = useId();
  return (
    <div className={css.field}>
      <label className={css.label} htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        className={css.input}
        aria-invalid={Boolean(wrong)}
        aria-describedby={`${id}-about`}
        autoComplete="off"
        spellCheck={false}
        {...rest}
      />
      <About id={`${id}-about`} hint={hint} wrong={wrong} />
    </div>
  );
}

export const About = ({ id, hint, wrong }: { id: string; hint?: ReactNode; wrong?: string }) => {
  if (wrong)
    return (
      <span id={id} className={css.wrong} role="alert">
        {wrong}
      </span>
    );
  return hint ? (
    <span id={id} className={css.hint}>
      {hint}
    </span>
  ) : null;
};
