import { useRef } from "react";

/** For a menu: after an entry that `leaves`, the keyboard does not come back to where the menu was opened. */
export function useLeaving() {
  const left = useRef(false);
  return {
    onOpen: () => {
      left.current = false;
    },
    onLeave: () => {
      left.current = true;
    },
    onCloseAutoFocus: (event: Event) => {
      if (left.current) event.preventDefault();
    },
  };
}
