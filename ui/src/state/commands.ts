// All commands of the window: the palette, the menus and the keys run the same ones.
import { create } from "zustand";
import type { Sandbox } from "../api/wire/Sandbox";
import { notifyFailure } from "./notices";
import { activePane, type OpenPane } from "./panes";
import { selected } from "./selection";

export interface CommandContext {
  /** The sandbox in view. */
  sandbox?: Sandbox;
  /** The pane in use in its dock. */
  pane?: OpenPane;
}

export interface Command {
  id: string;
  title: string;
  /** Told before the title in the palette, for example `Terminal`. */
  group?: string;
  /** For example `mod+shift+p`, `f2`, `mod+1`; the first is shown. */
  shortcut?: string | string[];
  /** Whether it can be run now; always when absent. */
  when?(context: CommandContext): boolean;
  run(context: CommandContext): unknown;
  /** Run by its key alone, not listed in the palette. */
  hidden?: boolean;
}

export const commands = create<{ all: Command[] }>(() => ({ all: [] }));

/** Adds commands; what it returns takes them away. A later one with the same id replaces an earlier one. */
export function register(list: Command[]): () => void {
  const ids = new Set(list.map(({ id }) => id));
  commands.setState(({ all }) => ({ all: [...all.filter(({ id }) => !ids.has(id)), ...list] }));
  return () => commands.setState(({ all }) => ({ all: all.filter((one) => !list.includes(one)) }));
}

export const commandContext = (): CommandContext => ({ sandbox: selected(), pane: activePane() });

export const canRun = (command: Command, context = commandContext()) => command.when?.(context) ?? true;

/** Runs a command by id or itself; its failure becomes a notice. */
export async function runCommand(which: string | Command) {
  const command = typeof which === "string" ? commands.getState().all.find(({ id }) => id === which) : which;
  const context = commandContext();
  if (!command || !canRun(command, context)) return;
  try {
    await command.run(context);
  } catch (thrown) {
    notifyFailure(thrown);
  }
}

export const shortcuts = ({ shortcut }: Command): string[] =>
  shortcut === undefined ? [] : typeof shortcut === "string" ? [shortcut] : shortcut;

/** The shortcut to show for a command of that id. */
export const shortcutOf = (id: string): string | undefined => {
  const command = commands.getState().all.find((one) => one.id === id);
  return command && shortcuts(command)[0];
};
