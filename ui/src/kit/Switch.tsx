import { Switch as Radix } from "radix-ui";
import { type ReactNode, useId } from "react";
import { About } from "./Field";
import css from "./kit.module.css";

export interface SwitchProps {
  label: string;
  checked: boolean;
  onChange(checked: boolean): void;
  hint?: ReactNode;
  disabled?: boolean;
  "data-testid"?: string;
}

export function Switch({ label, checked, onChange, hint, disabled, ...rest }: SwitchProps) {
  const id = useId();
  return (
    <div className={css.field}>
      <div className={css.switchRow}>
        <Radix.Root
          id={id}
          className={css.switch}
          checked={checked}
          onCheckedChange={onChange}
          disabled={disabled}
          aria-describedby={`${id}-about`}
          data-testid={rest["data-testid"]}
        >
          <Radix.Thumb className={css.thumb} />
        </Radix.Root>
        <label htmlFor={id}>{label}</label>
      </div>
      <About id={`${id}-about`} hint={hint} />
    </div>
  );
}
