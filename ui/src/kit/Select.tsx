import { Check, ChevronDown } from "lucide-react";
import { Select as Radix } from "radix-ui";
import { type ReactNode, useId } from "react";
import { About } from "./Field";
import css from "./kit.module.css";

export interface SelectOption<T extends string> {
  value: T;
  label: string;
  disabled?: boolean;
}

export interface SelectProps<T extends string> {
  label: string;
  value: T;
  options: SelectOption<T>[];
  onChange(value: T): void;
  hint?: ReactNode;
  wrong?: string;
  disabled?: boolean;
  "data-testid"?: string;
}

/** One of a few. */
export function Select<T extends string>({ label, options, onChange, hint, wrong, ...rest }: SelectProps<T>) {
  const id = useId();
  return (
    <div className={css.field}>
      <label className={css.label} htmlFor={id}>
        {label}
      </label>
      <Radix.Root value={rest.value} onValueChange={(value) => onChange(value as T)} disabled={rest.disabled}>
        <Radix.Trigger
          id={id}
          className={css.select}
          data-testid={rest["data-testid"]}
          aria-describedby={`${id}-about`}
        >
          <Radix.Value />
          <ChevronDown size={14} aria-hidden="true" />
        </Radix.Trigger>
        <Radix.Portal>
          <Radix.Content className={css.menu} position="popper" sideOffset={4}>
            <Radix.Viewport>
              {options.map((option) => (
                <Option key={option.value} {...option} />
              ))}
            </Radix.Viewport>
          </Radix.Content>
        </Radix.Portal>
      </Radix.Root>
      <About id={`${id}-about`} hint={hint} wrong={wrong} />
    </div>
  );
}

const Option = ({ value, label, disabled }: SelectOption<string>) => (
  <Radix.Item className={css.item} value={value} disabled={disabled}>
    <Radix.ItemText>{label}</Radix.ItemText>
    <Radix.ItemIndicator>
      <Check size={14} aria-hidden="true" />
    </Radix.ItemIndicator>
  </Radix.Item>
);
