/** Whether a part of a notebook may take the keyboard: from nobody, or from another part of the same. */
export function mayTakeFocus(part: Element): boolean {
  const holder = document.activeElement;
  if (holder === null || holder === document.body) return true;
  return part.closest("[data-notebook]")?.contains(holder) ?? false;
}
