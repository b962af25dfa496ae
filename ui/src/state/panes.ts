// Panes: what kinds there are, and opening one. Each folder under `panes/` exports its own definition.
import type { LucideIcon } from "lucide-react";
import type { ComponentType } from "react";
import type { MenuItem } from "../kit/menu";
import type { Command } from "./commands";
import { selection } from "./selection";

// biome-ignore lint/suspicious/noExplicitAny: params are each pane's own; the registry only hands them on
export type AnyParams = any;

export interface PaneProps<P = AnyParams> {
  sandboxId: string;
  params: P;
  /** Its tab. In the panel and the side, which hold one of each, only `focus` does anything. */
  pane: PaneHandle<P>;
  /** Whether it can be seen: its tab is in front and its sandbox in view. */
  visible: boolean;
}

/** A pane's own tab. */
export interface PaneHandle<P = AnyParams> {
  readonly id: string;
  setTitle(title: string): void;
  /** Changes the params that are kept with the layout. */
  setParams(change: Partial<P>): void;
  /** Marks the tab as holding what is not saved. */
  setDirty(dirty: boolean): void;
  /** Asked before the tab closes; `false` keeps it open. One at a time; `null` takes it away. */
  guardClose(ask: (() => boolean | Promise<boolean>) | null): void;
  close(): void;
  focus(): void;
}

/** A pane that is open in a dock. */
export interface OpenPane<P = AnyParams> {
  id: string;
  type: string;
  sandboxId: string;
  params: P;
  title: string;
}

export interface PaneDefinition<P = AnyParams> {
  type: string;
  /** `dock`: a tab among others. `panel`: one tab of the bottom panel. `side`: a section under the sandboxes. */
  home: "dock" | "panel" | "side";
  title(params: P): string;
  icon: LucideIcon;
  /** An icon that follows what the tab shows, in place of `icon`. */
  iconFor?(params: P): LucideIcon;
  component: ComponentType<PaneProps<P>>;
  /** Whether it is the one to show such a file. The editor (`editor`) shows what no other kind asks for. */
  opensFile?(path: string): boolean;
  /** Two openings with the same key are one tab, brought to the front. Absent: each opening is a new tab. */
  key?(params: P): string;
  /** Its content stays in the document while another tab covers it (a terminal's screen, a frame). */
  keepAlive?: boolean;
  /** Further entries of the tab's menu, above the usual ones. */
  tabMenu?(pane: OpenPane<P>): MenuItem[];
  /** Makes the tab renameable: by double click, F2 or its menu. */
  rename?(pane: OpenPane<P>, name: string): unknown;
  /** The person closed the tab (not the window): end what it alone used. */
  closed?(pane: OpenPane<P>): unknown;
  /** A sandbox runs and its dock is there: when it is first in view, and each time it is started again. */
  opened?(sandboxId: string): unknown;
  /** Beside the title, for `panel` and `side`: buttons. */
  actions?: ComponentType<{ sandboxId: string }>;
  /** Beside the title, for `panel`: a count. */
  count?: ComponentType<{ sandboxId: string }>;
  /** Order among the tabs of the panel. */
  order?: number;
}

/** What `panes/<name>/index.ts` exports. */
export interface PaneModule {
  pane: PaneDefinition;
  /** Further kinds of the same folder. */
  panes?: PaneDefinition[];
  commands?: Command[];
}

export type Where = "here" | "right" | "below";

export interface OpenOptions {
  /** The sandbox; the one in view when absent. */
  sandboxId?: string;
  /** `here` when absent: a tab beside the one in use. */
  where?: Where;
  title?: string;
}

/** The dock of one sandbox, as far as others need it. */
export interface Dock {
  open(definition: PaneDefinition, params: AnyParams, options: OpenOptions): void;
  active(): OpenPane | undefined;
  list(): OpenPane[];
  /** Brings the tab at that place of the active group to the front: the first is 0, the last -1. */
  activate(at: number): void;
  /** The next tab of the active group, or the one before; round at the ends. */
  step(by: 1 | -1): void;
  nextGroup(): void;
  /** Gives the keyboard to the pane in front. */
  focusActive(): void;
  /** Moves the active tab beside its group. False when it is alone there. */
  moveActive(where: "right" | "below"): boolean;
  closeActive(): void;
  renameActive(): void;
  toggleMaximised(): void;
  focus(paneId: string): void;
}

const types = new Map<string, PaneDefinition>();
const docks = new Map<string, Dock>();
const waiting = new Map<string, ((dock: Dock) => void)[]>();
const reveals = new Set<(type: string) => void>();

export const definePane = (definition: PaneDefinition) => types.set(definition.type, definition);
export const paneType = (type: string) => types.get(type);
export const paneTypes = (home: PaneDefinition["home"]) =>
  [...types.values()].filter((one) => one.home === home).sort((a, b) => (a.order ?? 9) - (b.order ?? 9));

/** Called by a dock that is ready; what it returns takes it away. */
export function attachDock(sandboxId: string, dock: Dock) {
  docks.set(sandboxId, dock);
  for (const open of waiting.get(sandboxId) ?? []) open(dock);
  waiting.delete(sandboxId);
  return () => void docks.delete(sandboxId);
}

/** Hears when a pane of the panel or the side is to be shown. */
export function onReveal(listener: (type: string) => void) {
  reveals.add(listener);
  return () => void reveals.delete(listener);
}

/** Opens a pane, or brings it to the front. One for a dock that is not there yet waits for it. */
export function openPane(type: string, params: AnyParams = {}, options: OpenOptions = {}) {
  const definition = types.get(type);
  if (!definition) throw new Error(`There is no pane of type ${type}`);
  if (definition.home !== "dock") {
    for (const reveal of reveals) reveal(type);
    return;
  }
  const id = options.sandboxId ?? selection.getState().id;
  if (!id) return;
  const open = (dock: Dock) => dock.open(definition, params, options);
  const dock = docks.get(id);
  if (dock) open(dock);
  else waiting.set(id, [...(waiting.get(id) ?? []), open]);
}

export const dockOf = (sandboxId: string | undefined) => (sandboxId ? docks.get(sandboxId) : undefined);
/** The pane in use in the dock of the sandbox in view. */
export const activePane = () => dockOf(selection.getState().id)?.active();
export const openPanes = (sandboxId: string) => docks.get(sandboxId)?.list() ?? [];

/** A place in a file; lines and columns count from 1. */
export interface FileAt {
  line?: number;
  column?: number;
}

/** Opens a file of a sandbox in the kind of pane that shows it. */
export function openFile(sandboxId: string, path: string, { line, column }: FileAt = {}, where?: Where) {
  const special = [...types.values()].find((one) => one.opensFile?.(path));
  const params = { path, ...(line !== undefined && { line }), ...(column !== undefined && { column }) };
  openPane(special?.type ?? "editor", params, { sandboxId, where });
}
