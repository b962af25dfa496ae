import { DropdownMenu } from "radix-ui";
import type { ReactElement } from "react";
import css from "./kit.module.css";
import { MenuItems } from "./MenuItems";
import type { MenuItem } from "./menu";
import { useLeaving } from "./useLeaving";

/** A button's menu. `children` is the button. The entries are asked for when it opens. */
export function Menu({ items, children, align = "end" }: MenuProps) {
  const { onOpen, onLeave, onCloseAutoFocus } = useLeaving();
  return (
    <DropdownMenu.Root modal={false} onOpenChange={(open) => open && onOpen()}>
      <DropdownMenu.Trigger asChild>{children}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          className={css.menu}
          align={align}
          sideOffset={4}
          collisionPadding={8}
          loop
          onCloseAutoFocus={onCloseAutoFocus}
        >
          <MenuItems
            items={typeof items === "function" ? items() : items}
            parts={DropdownMenu}
            onLeave={onLeave}
          />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

export interface MenuProps {
  items: MenuItem[] | (() => MenuItem[]);
  children: ReactElement;
  align?: "start" | "end";
}
