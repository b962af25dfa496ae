/** As a `ref`: gives a field the focus with all of its text selected, once, when it appears. */
export const selectAll = (input: HTMLInputElement | null) => {
  input?.focus();
  input?.select();
};

/** What has the keyboard gives it up, for something the person asked for that takes it. */
export const yieldFocus = () => {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
};

/**
 * Whether a pane that comes into view may take the focus: not from a field, a list walked by the keyboard,
 * or a menu. What gives it up gladly (a button that opens panes) says so with `data-yields-focus`;
 * a field inside a dock that must not lose it, with `data-keeps-focus`.
 */
export function mayTakeFocus(): boolean {
  const at = document.activeElement;
  if (at?.closest("[data-keeps-focus]")) return false;
  return !at || at === document.body || at.closest("[data-dock], [data-yields-focus]") !== null;
}
