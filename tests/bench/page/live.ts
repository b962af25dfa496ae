/** The terminal in view, taken from what React holds: nothing in the app is there for the benchmarks. */
import type { LiveTerminal } from "../../../ui/src/panes/terminal/live";

interface Fiber {
  return: Fiber | null;
  memoizedState: Hook | null;
}
interface Hook {
  memoizedState: unknown;
  next: Hook | null;
}

export function liveTerminal(): LiveTerminal {
  const shown = [...document.querySelectorAll('[data-testid="terminal"]')].find((one) => one.checkVisibility());
  const key = Object.keys(shown ?? {}).find((name) => name.startsWith("__reactFiber$"));
  let fiber = key ? (shown as unknown as Record<string, Fiber>)[key] : undefined;
  for (; fiber; fiber = fiber.return ?? undefined) {
    for (let hook = fiber.memoizedState; hook && "next" in hook; hook = hook.next) {
      if (isLive(hook.memoizedState)) return hook.memoizedState;
    }
  }
  throw new Error("no terminal is in view");
}

const isLive = (value: unknown): value is LiveTerminal =>
  typeof value === "object" && value !== null && "screen" in value && "connection" in value;
