import { type RefObject, useEffect, useState } from "react";

/**
 * Whether an element is `wanted` or has come near the part that is seen. Once near, it stays: what it
 * made is kept.
 */
export function useNear(ref: RefObject<HTMLElement | null>, wanted: boolean): boolean {
  const [near, setNear] = useState(wanted);
  // At once, not an observer's turn later: the next key belongs to it already.
  if (wanted && !near) setNear(true);
  useEffect(() => {
    const element = ref.current;
    if (near || !element) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && setNear(true), {
      root: element.closest("[data-notebook-scroll]"),
      rootMargin: "800px 0px",
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref, near]);
  return near;
}
