// What a tab shows beyond its title, and what is asked before it closes.
import { create } from "zustand";

interface TabState {
  dirty?: boolean;
  renaming?: boolean;
}

/** By `sandbox/pane`. */
export const tabs = create<Record<string, TabState>>(() => ({}));
const guards = new Map<string, () => boolean | Promise<boolean>>();

export const tabKey = (sandboxId: string, paneId: string) => `${sandboxId}/${paneId}`;

export const setTab = (key: string, part: TabState) =>
  tabs.setState((all) => ({ [key]: { ...all[key], ...part } }));

export const useTab = (key: string): TabState => tabs((all) => all[key]) ?? {};

export function setGuard(key: string, ask: (() => boolean | Promise<boolean>) | null) {
  if (ask) guards.set(key, ask);
  else guards.delete(key);
}

export const mayClose = async (key: string) => (await guards.get(key)?.()) ?? true;

export function forgetTab(key: string) {
  guards.delete(key);
  tabs.setState(({ [key]: _, ...rest }) => rest, true);
}
