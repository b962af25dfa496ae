import type { LucideIcon } from "lucide-react";

/** One entry of a menu: an action, or a line between groups. */
export type MenuItem = MenuAction | "separator";

export interface MenuAction {
  label: string;
  icon?: LucideIcon;
  /** Keeps the room of an icon when it has none, so that labels stand in line. */
  indent?: boolean;
  shortcut?: string;
  danger?: boolean;
  disabled?: boolean;
  /** Why it is disabled, shown as its title. */
  hint?: string;
  testId?: string;
  /** It opens something that takes the keyboard. */
  leaves?: boolean;
  run(): void;
}
