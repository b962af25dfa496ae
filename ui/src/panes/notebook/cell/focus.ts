/** Where the keyboard is, in a notebook. */
import type { NotebookSession } from "../session/session";

/** Whether a part of a notebook may take the keyboard: from nobody, or from another part of the same. */
export function mayTakeFocus(part: Element): boolean {
  const holder = document.activeElement;
  if (holder === null || holder === document.body) return true;
  return part.closest("[data-notebook]")?.contains(holder) ?? false;
}

/** Gives the keyboard to the active cell, or to its text in edit mode. */
export function focusActive(session: NotebookSession): void {
  const { active, mode } = session.state;
  const cell = document.querySelector<HTMLElement>(`[data-cell="${CSS.escape(active)}"]`);
  if (!cell || !mayTakeFocus(cell)) return;
  const text = mode === "edit" ? cell.querySelector<HTMLElement>(".cm-content") : null;
  (text ?? cell).focus({ preventScroll: true });
}
