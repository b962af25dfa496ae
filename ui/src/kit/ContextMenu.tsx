import { ContextMenu as Radix } from "radix-ui";
import { type ReactElement, useState } from "react";
import css from "./kit.module.css";
import { MenuItems } from "./MenuItems";
import type { MenuItem } from "./menu";
import { useLeaving } from "./useLeaving";

/**
 * The menu of a right click, or of the menu key, on `children` (one element that takes a ref).
 * The entries are asked for when it opens, so that they may follow the selection.
 */
export function ContextMenu({ items, children }: { items: () => MenuItem[]; children: ReactElement }) {
  const [shown, show] = useState<MenuItem[]>([]);
  const { onOpen, onLeave, onCloseAutoFocus } = useLeaving();
  const toggled = (open: boolean) => {
    if (!open) return;
    onOpen();
    show(items());
  };
  return (
    <Radix.Root modal={false} onOpenChange={toggled}>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className={css.menu} collisionPadding={8} loop onCloseAutoFocus={onCloseAutoFocus}>
          <MenuItems items={shown} parts={Radix} onLeave={onLeave} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
