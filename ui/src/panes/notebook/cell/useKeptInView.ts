import { type RefObject, useEffect } from "react";
import { useNotebook } from "../useNotebook";

/**
 * Keeps the active cell in view when what comes above it moves it: the plot of the cell just run would push the
 * next one beyond the edge while it is typed into. A cell that a person has scrolled out of view stays there.
 */
export function useKeptInView(list: RefObject<HTMLElement | null>): void {
  const active = useNotebook((state) => state.active);
  useEffect(() => {
    const scroller = list.current;
    const cell = scroller?.querySelector<HTMLElement>(`[data-cell="${CSS.escape(active)}"]`);
    if (!scroller || !cell) return;
    let place = { top: cell.offsetTop, seen: isSeen(cell, scroller) };
    const look = () => {
      place = { top: cell.offsetTop, seen: isSeen(cell, scroller) };
    };
    const observer = new ResizeObserver(() => {
      const fits = cell.offsetHeight <= scroller.clientHeight;
      if (place.seen && fits && cell.offsetTop !== place.top) cell.scrollIntoView({ block: "nearest" });
      look();
    });
    observer.observe(scroller.firstElementChild ?? scroller);
    scroller.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      scroller.removeEventListener("scroll", look);
    };
  }, [list, active]);
}

function isSeen(cell: HTMLElement, scroller: HTMLElement): boolean {
  const [own, view] = [cell.getBoundingClientRect(), scroller.getBoundingClientRect()];
  return own.bottom > view.top && own.top < view.bottom;
}
