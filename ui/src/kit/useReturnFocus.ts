import { useRef } from "react";

/**
 * For what opens without a trigger of its own (by a key, by a command): when it closes, the focus goes
 * back to where it was, unless what was done there has put it elsewhere.
 */
export function useReturnFocus() {
  const before = useRef<Element | null>(null);
  return {
    onOpenAutoFocus: () => {
      before.current = document.activeElement;
    },
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault();
      if (document.activeElement === document.body && before.current instanceof HTMLElement)
        before.current.focus();
    },
  };
}
