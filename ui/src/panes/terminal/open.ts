/** Making terminals and bringing them into the dock. */

import { ApiFailure } from "../../api/failure";
import { closeTerminal, createTerminal, listTerminals, renameTerminal } from "../../api/terminals";
import type { CreateTerminal } from "../../api/wire/CreateTerminal";
import type { Terminal } from "../../api/wire/Terminal";
import { yieldFocus } from "../../kit/focus";
import { notifyFailure } from "../../state/notices";
import { dockOf, type OpenPane, openPane, openPanes, type Where } from "../../state/panes";
import { sandbox } from "../../state/sandboxes";
import { markFresh } from "./registry";

/** What a terminal's tab keeps with the layout. */
export interface TerminalParams {
  /** Absent in a tab that asks what to start. */
  id?: string;
  /** What it was, to make it again in a sandbox that was stopped and started. */
  name?: string;
  sessionId?: string;
  /** When the sandbox was started in whose life it was made: in another life it is made again, in the same it was closed. */
  startedAt?: string;
}

export const PANE = "terminal";

const show = (sandboxId: string, { id, name, sessionId }: Terminal, where?: Where) =>
  openPane(PANE, { id, name, sessionId, startedAt: sandbox(sandboxId)?.startedAt } satisfies TerminalParams, {
    sandboxId,
    where,
    title: name,
  });

/** Starts a shell and shows it. */
export async function newTerminal(
  sandboxId: string,
  wish: CreateTerminal = {},
  where?: Where,
): Promise<void> {
  const terminal = await createTerminal(sandboxId, wish);
  markFresh(terminal.id);
  show(sandboxId, terminal, where);
}

/** The same terminal anew, after the sandbox lost it by a stop. Its session may be gone as well. */
export async function reviveTerminal(
  sandboxId: string,
  { id, name, sessionId }: TerminalParams,
): Promise<void> {
  try {
    await createTerminal(sandboxId, { id, name, sessionId });
  } catch (thrown) {
    if (ApiFailure.from(thrown).code !== "SESSION_NOT_FOUND") throw thrown;
    await createTerminal(sandboxId, { id, name });
  }
}

/** Shows the terminals that a sandbox has; in one with nothing at all, a first one. */
export async function showTerminals(sandboxId: string): Promise<void> {
  try {
    const there = await listTerminals(sandboxId);
    const shown = new Set(
      openPanes(sandboxId)
        .filter(({ type }) => type === PANE)
        .map(({ params }) => (params as TerminalParams).id),
    );
    for (const terminal of there) if (!shown.has(terminal.id)) show(sandboxId, terminal);
    if (there.length === 0 && openPanes(sandboxId).length === 0) await newTerminal(sandboxId);
  } catch (thrown) {
    notifyFailure(thrown, "Terminals");
  }
}

/** Brings a terminal to the front and gives it the keyboard: the one in use, else the last; or makes one. */
export async function focusTerminal(sandboxId: string): Promise<void> {
  const dock = dockOf(sandboxId);
  const isOne = (pane?: OpenPane) => pane?.type === PANE;
  const one = isOne(dock?.active()) ? dock?.active() : openPanes(sandboxId).findLast(isOne);
  yieldFocus();
  if (!one) return newTerminal(sandboxId);
  dock?.focus(one.id);
  // One that is in front already hears of no change.
  dock?.focusActive();
}

export const renamed = ({ sandboxId, params }: OpenPane<TerminalParams>, name: string) =>
  params.id ? renameTerminal(sandboxId, params.id, name) : undefined;

/** The tab is gone; so is its shell. One that is gone already is no failure. */
export async function closed({ sandboxId, params }: OpenPane<TerminalParams>): Promise<void> {
  if (!params.id) return;
  try {
    await closeTerminal(sandboxId, params.id);
  } catch (thrown) {
    const { code } = ApiFailure.from(thrown);
    if (code !== "TERMINAL_NOT_FOUND" && code !== "SANDBOX_NOT_RUNNING") notifyFailure(thrown);
  }
}
