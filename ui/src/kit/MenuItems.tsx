import type { ComponentType, ReactNode } from "react";
import { cx } from "./cx";
import { Keys } from "./Keys";
import css from "./kit.module.css";
import type { MenuAction, MenuItem } from "./menu";

interface Parts {
  Item: ComponentType<{
    className?: string;
    disabled?: boolean;
    onSelect?: (event: Event) => void;
    title?: string;
    children?: ReactNode;
    "data-testid"?: string;
  }>;
  Separator: ComponentType<{ className?: string }>;
}

interface MenuItemsProps {
  items: MenuItem[];
  parts: Parts;
  /** An entry that `leaves` was chosen. */
  onLeave(): void;
}

const keyed = (items: MenuItem[]) =>
  items.map((item, at) => ({ item, key: item === "separator" ? `line-${at}` : item.label }));

/** The entries of a menu, for either kind of menu (`Parts` are Radix's). */
export const MenuItems = ({ items, parts: { Item, Separator }, onLeave }: MenuItemsProps) =>
  keyed(items).map(({ item, key }) =>
    item === "separator" ? (
      <Separator key={key} className={css.separator} />
    ) : (
      <Item
        key={key}
        className={cx(css.item, item.danger && css.itemDanger)}
        disabled={item.disabled}
        title={item.hint}
        onSelect={() => {
          if (item.leaves) onLeave();
          item.run();
        }}
        data-testid={item.testId}
      >
        <Label item={item} />
      </Item>
    ),
  );

const Label = ({ item }: { item: MenuAction }) => (
  <>
    {item.icon && <item.icon size={16} strokeWidth={1.6} aria-hidden="true" />}
    {item.indent && !item.icon && <span className={css.noIcon} />}
    <span className={css.itemLabel}>{item.label}</span>
    {item.shortcut && <Keys shortcut={item.shortcut} />}
  </>
);
