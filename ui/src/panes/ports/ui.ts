// What is being typed in the ports panel. One panel is in view at a time.
import { create } from "zustand";

/** `adding`: the line for a port that nothing listens on yet. `naming`: the port whose name is being typed. */
export const portsUi = create<{ adding: boolean; naming?: number }>(() => ({ adding: false }));
