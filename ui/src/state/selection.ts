// The sandbox in view: kept between starts, and never one that is gone while another is there.
import { create } from "zustand";
import { sandbox, useSandbox, world } from "./sandboxes";

const KEY = "sandpit.selected";

export const selection = create<{ id?: string }>(() => ({ id: localStorage.getItem(KEY) ?? undefined }));

export function select(id: string | undefined) {
  selection.setState({ id });
  if (id) localStorage.setItem(KEY, id);
  else localStorage.removeItem(KEY);
}

/** Moves the selection to a neighbour when its sandbox goes. Call once. */
export function keepSelection() {
  world.subscribe(({ loaded, sandboxes }, before) => {
    const { id } = selection.getState();
    if (!loaded || sandboxes.some((one) => one.id === id)) return;
    const at = before.sandboxes.findIndex((one) => one.id === id);
    select((sandboxes[Math.max(0, at)] ?? sandboxes.at(-1))?.id);
  });
}

export const selected = () => sandbox(selection.getState().id);
export const useSelectedId = () => selection(({ id }) => id);
export const useSelected = () => useSandbox(useSelectedId());
