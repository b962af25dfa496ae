// The terminals of a sandbox.
import { del, get, patch, post, query } from "./client";
import { sandboxPath } from "./gateway";
import { Link, type LinkUse } from "./socket";
import type { CreateTerminal } from "./wire/CreateTerminal";
import type { Terminal } from "./wire/Terminal";

const at = (id: string, rest = "") => sandboxPath(id, `/api/terminals${rest}`);

export const listTerminals = async (id: string) => (await get<{ terminals: Terminal[] }>(at(id))).terminals;
export const createTerminal = async (id: string, wish: CreateTerminal = {}) =>
  (await post<{ terminal: Terminal }>(at(id), wish)).terminal;
export const renameTerminal = async (id: string, terminal: string, name: string) =>
  (await patch<{ terminal: Terminal }>(at(id, `/${encodeURIComponent(terminal)}`), { name })).terminal;
/** A new shell in the same terminal, below the old output. */
export const restartTerminal = async (id: string, terminal: string) =>
  (await post<{ terminal: Terminal }>(at(id, `/${encodeURIComponent(terminal)}/restart`))).terminal;
/** Hangs up and forgets it. */
export const closeTerminal = (id: string, terminal: string) =>
  del(at(id, `/${encodeURIComponent(terminal)}`));

/** The socket of a terminal; `ask` tells size and cursor for each try. */
export const terminalLink = (
  id: string,
  terminal: string,
  ask: () => { since?: number; cols: number; rows: number },
  use: Omit<LinkUse, "path">,
) =>
  new Link({
    ...use,
    path: () => sandboxPath(id, `/ws/terminal${query({ id: terminal, ...ask() })}`),
  });
