// What of the shell is open just now; nothing here is kept.
import { create } from "zustand";

/** The sheet at the side: a new sandbox, or the one being edited. */
export const sheet = create<{ open?: "new" | "edit"; id?: string }>(() => ({}));
export const closeSheet = () => sheet.setState({ open: undefined, id: undefined });

/** The sandbox whose name is being changed in the list. */
export const renaming = create<{ id?: string }>(() => ({}));

/** The palette: all commands, or the files of the sandbox in view. */
export const palette = create<{ open?: "commands" | "files" }>(() => ({}));

/** A page of the window shown at the side, while there is no dock to hold it. */
export const aside = create<{ open?: "settings" | "keys" }>(() => ({}));

/** The tab in front in the bottom panel; the first when absent. */
export const panelTab = create<{ type?: string }>(() => ({}));
