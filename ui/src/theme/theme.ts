// Which of the two themes is on: the system's, unless the person chose one.
import { useSyncExternalStore } from "react";
import { host } from "../host";
import { settings, type ThemeChoice } from "../state/settings";

export type { ThemeChoice };
export type Theme = "dark" | "light";

const system = () => window.matchMedia?.("(prefers-color-scheme: light)");

function current(): Theme {
  const choice = settings.getState().theme;
  if (choice !== "system") return choice;
  return system()?.matches ? "light" : "dark";
}

const apply = () => {
  const theme = current();
  if (document.documentElement.dataset.theme === theme) return;
  document.documentElement.dataset.theme = theme;
  host.setDark(theme === "dark");
};

/** Keeps `data-theme` on the document true from here on. Call once, before the first paint. */
export function followTheme() {
  apply();
  settings.subscribe(apply);
  system()?.addEventListener("change", apply);
}

function subscribe(listener: () => void) {
  const stop = settings.subscribe(listener);
  const media = system();
  media?.addEventListener("change", listener);
  return () => {
    stop();
    media?.removeEventListener("change", listener);
  };
}

/** The theme on screen, for what cannot be styled by tokens alone (a terminal's palette). */
export const useTheme = (): Theme => useSyncExternalStore(subscribe, current);
