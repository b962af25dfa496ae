// What the status bar tells of a sandbox beyond its record: said by the panes that know.
import { create } from "zustand";
import type { Tone } from "../kit/Marks";

export interface StatusItem {
  text: string;
  tone?: Tone;
  title?: string;
}

/** `cwd`: the folder of the terminal in view. `kernel`: a notebook's kernel and its state. */
export type StatusKey = "cwd" | "kernel";

type Items = Partial<Record<StatusKey, StatusItem>>;

export const status = create<Record<string, Items>>(() => ({}));

/** Sets one item of a sandbox; `undefined` takes it away. */
export const setStatus = (sandboxId: string, key: StatusKey, item: StatusItem | undefined) =>
  status.setState((all) => ({ [sandboxId]: { ...all[sandboxId], [key]: item } }));

const none: Items = {};
export const useStatus = (sandboxId: string | undefined): Items =>
  status((all) => (sandboxId ? all[sandboxId] : undefined) ?? none);
