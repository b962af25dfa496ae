import { DropdownMenu } from "radix-ui";
import type { ReactElement } from "react";
import css from "./kit.module.css";
import { MenuItems } from "./MenuItems";
import type { MenuItem } from "./menu";

/** A button's menu. `children` is the button. The entries are asked for when it opens. */
export const Menu = ({ items, children, align = "end" }: MenuProps) => (
  <DropdownMenu.Root modal={false}>
    <DropdownMenu.Trigger asChild>{children}</DropdownMenu.Trigger>
    <DropdownMenu.Portal>
      <DropdownMenu.Content className={css.menu} align={align} sideOffset={4} collisionPadding={8} loop>
        <MenuItems items={typeof items === "function" ? items() : items} parts={DropdownMenu} />
      </DropdownMenu.Content>
    </DropdownMenu.Portal>
  </DropdownMenu.Root>
);

export interface MenuProps {
  items: MenuItem[] | (() => MenuItem[]);
  children: ReactElement;
  align?: "start" | "end";
}
