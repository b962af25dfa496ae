// What a person chose, kept between starts. Unknown or broken values fall back to the defaults.
import { create } from "zustand";
import { createJSONStorage, persist } from "zustand/middleware";

export type ThemeChoice = "system" | "dark" | "light";

export type SandboxOrder = "age" | "name" | "state";

export interface Settings {
  theme: ThemeChoice;
  /** Pixels. */
  terminalFontSize: number;
  /** Pixels. */
  editorFontSize: number;
  terminalLigatures: boolean;
  /** Lines kept above the screen of a terminal. */
  scrollback: number;
  copyOnSelect: boolean;
  /** Ctrl+C copies while something is selected in a terminal; it interrupts otherwise. */
  terminalCtrlCCopies: boolean;
  /** Ask before pasting several lines into a terminal. */
  warnOnMultilinePaste: boolean;
  /** `dom` never uses WebGL; `auto` does where it draws in time. */
  terminalRenderer: "auto" | "dom";
  showHidden: boolean;
  /** How the list of sandboxes is ordered. */
  sandboxOrder: SandboxOrder;
  sidebarOpen: boolean;
  sidebarWidth: number;
  panelOpen: boolean;
  panelHeight: number;
  /** Ids of commands whose shortcut goes to the terminal while one has the focus. */
  terminalKeeps: string[];
}

export const defaultSettings: Settings = {
  theme: "system",
  terminalFontSize: 13,
  editorFontSize: 13,
  terminalLigatures: false,
  scrollback: 10_000,
  copyOnSelect: false,
  terminalCtrlCCopies: false,
  warnOnMultilinePaste: true,
  terminalRenderer: "auto",
  showHidden: false,
  sandboxOrder: "age",
  sidebarOpen: true,
  sidebarWidth: 264,
  panelOpen: true,
  panelHeight: 180,
  terminalKeeps: ["tab.close"],
};

const sameShape = (value: unknown, like: unknown) =>
  Array.isArray(like)
    ? Array.isArray(value) && value.every((one) => typeof one === "string")
    : typeof value === typeof like;

/** Takes from `saved` what still has the shape of a setting. */
export function mergeSettings(saved: unknown, base: Settings): Settings {
  if (typeof saved !== "object" || saved === null) return base;
  const known = Object.entries(saved).filter(
    ([key, value]) => key in base && sameShape(value, base[key as keyof Settings]),
  );
  return { ...base, ...Object.fromEntries(known) };
}

export const settings = create<Settings>()(
  persist((): Settings => defaultSettings, {
    name: "sandpit.settings",
    storage: createJSONStorage(() => localStorage),
    merge: mergeSettings,
  }),
);

export const useSetting = <K extends keyof Settings>(key: K): Settings[K] => settings((all) => all[key]);
export const set = (part: Partial<Settings>) => settings.setState(part);
