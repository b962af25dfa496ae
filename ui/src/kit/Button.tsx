import type { ButtonHTMLAttributes, ReactNode } from "react";
import { cx } from "./cx";
import css from "./kit.module.css";

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `primary`: the one thing to do here. `danger`: data dies. `quiet`: in a row of many. */
  tone?: "primary" | "danger" | "quiet";
  small?: boolean;
  icon?: ReactNode;
}

export const Button = ({ tone, small, icon, className, children, ...rest }: ButtonProps) => (
  <button
    type="button"
    className={cx(css.button, tone && css[tone], small && css.small, className)}
    {...rest}
  >
    {icon}
    {children}
  </button>
);
