/** The host this page runs in, chosen once. */
import { isTauri } from "@tauri-apps/api/core";
import { browserHost } from "./browser";
import { tauriHost } from "./tauri";
import type { Host } from "./types";

export type * from "./types";

export const host: Host = isTauri() ? tauriHost() : browserHost();
