import { ContextMenu as Radix } from "radix-ui";
import { type ReactElement, useState } from "react";
import css from "./kit.module.css";
import { MenuItems } from "./MenuItems";
import type { MenuItem } from "./menu";

/**
 * The menu of a right click, or of the menu key, on `children` (one element that takes a ref).
 * The entries are asked for when it opens, so that they may follow the selection.
 */
export function ContextMenu({ items, children }: { items: () => MenuItem[]; children: ReactElement }) {
  const [shown, show] = useState<MenuItem[]>([]);
  return (
    <Radix.Root modal={false} onOpenChange={(open) => open && show(items())}>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className={css.menu} collisionPadding={8} loop>
          <MenuItems items={shown} parts={Radix} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
