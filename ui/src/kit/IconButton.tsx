import type { LucideIcon } from "lucide-react";
import { Tooltip } from "radix-ui";
import type { ButtonHTMLAttributes } from "react";
import { cx } from "./cx";
import { Keys } from "./Keys";
import css from "./kit.module.css";

export interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: LucideIcon;
  /** What it does; its accessible name and its tooltip. */
  label: string;
  shortcut?: string;
  side?: "top" | "right" | "bottom" | "left";
  ref?: React.Ref<HTMLButtonElement>;
}

export const IconButton = ({
  icon: Icon,
  label,
  shortcut,
  side = "bottom",
  className,
  ...rest
}: IconButtonProps) => (
  <Tooltip.Root>
    <Tooltip.Trigger asChild>
      <button type="button" aria-label={label} className={cx(css.icon, className)} {...rest}>
        <Icon size={16} strokeWidth={1.6} aria-hidden="true" />
      </button>
    </Tooltip.Trigger>
    <Tooltip.Portal>
      <Tooltip.Content className={css.tooltip} side={side} sideOffset={4} collisionPadding={8}>
        {label}
        {shortcut && <Keys shortcut={shortcut} />}
      </Tooltip.Content>
    </Tooltip.Portal>
  </Tooltip.Root>
);
