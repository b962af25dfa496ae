import { type AnyParams, paneType } from "../../state/panes";

/** The icon of a kind of pane, which may follow what it shows. */
export function PaneIcon({
  type,
  params = {},
  size = 16,
}: {
  type: string;
  params?: AnyParams;
  size?: number;
}) {
  const definition = paneType(type);
  if (!definition) return null;
  const Icon = definition.iconFor?.(params) ?? definition.icon;
  return <Icon size={size} strokeWidth={1.6} aria-hidden="true" />;
}
