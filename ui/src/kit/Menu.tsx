import { DropdownMenu } from "radix-ui";
import { type ReactElement, useRef } from "react";
import css from "./kit.module.css";
import { MenuItems } from "./MenuItems";
import type { MenuItem } from "./menu";

/** A button's menu. `children` is the button. The entries are asked for when it opens. */
export function Menu({ items, children, align = "end", leaves }: MenuProps) {
  const chosen = useRef(false);
  const began = (open: boolean) => {
    if (open) chosen.current = false;
  };
  return (
    <DropdownMenu.Root modal={false} onOpenChange={began}>
      <DropdownMenu.Trigger asChild>{children}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          className={css.menu}
          align={align}
          sideOffset={4}
          collisionPadding={8}
          loop
          onClickCapture={() => {
            chosen.current = true;
          }}
          onCloseAutoFocus={(event) => {
            if (leaves && chosen.current) event.preventDefault();
          }}
        >
          <MenuItems items={typeof items === "function" ? items() : items} parts={DropdownMenu} />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

export interface MenuProps {
  items: MenuItem[] | (() => MenuItem[]);
  children: ReactElement;
  align?: "start" | "end";
  /** What is chosen opens something that takes the keyboard: it does not come back to the button. */
  leaves?: boolean;
}
