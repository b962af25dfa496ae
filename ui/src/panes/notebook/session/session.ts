/**
 * One open notebook: its file, its cells and its context. Knows nothing of how it looks; a pane that is
 * closed and opened again, or moved, finds it as it was.
 */
import { createStore, type StoreApi } from "zustand/vanilla";
import { contexts, createContext, deleteContext, kernelSpecs, warmContext } from "../../../api/contexts";
import { ApiFailure } from "../../../api/failure";
import { fileTag, loadText, saveText } from "../../../api/notebooks";
import type { LinkState } from "../../../api/socket";
import type { ContextFrame } from "../../../api/wire/ContextFrame";
import { type Kernel, newId, withKernel } from "../model/new";
import { readNotebook, UnreadableNotebook } from "../model/read";
import type { Notebook } from "../model/types";
import { writeNotebook } from "../model/write";
import {
  ask,
  caughtUp,
  endAll,
  isLive,
  newContext,
  type Runs,
  requestId,
  type Step,
  step,
} from "../run/runs";
import { type Binding, readBinding, shareContext, sharedContext, writeBinding } from "./binding";
import { Channel } from "./channel";
import type { Change } from "./edits";
import { chooseKernel } from "./kernels";
import { LATER, Saver, SOON } from "./saver";
import { hashOf, restore, type Snapshot, takeSnapshot, withRequests } from "./snapshot";
import { initialState, type NotebookState } from "./state";

export class NotebookSession {
  readonly store: StoreApi<NotebookState> = createStore(initialState);
  #saver?: Saver;
  #channel?: Channel;
  /** Of the text in the file. */
  #hash = "";
  #snapshots: Snapshot[] = [];
  #making?: Promise<void>;

  constructor(
    readonly sandboxId: string,
    readonly path: string,
  ) {}

  get state(): NotebookState {
    return this.store.getState();
  }

  /** Reads the file and goes back to its context. Also tries again, and takes what is on disk now. */
  async load(): Promise<void> {
    if (this.state.phase.at !== "ready") this.#set({ phase: { at: "loading" } });
    try {
      const { text, etag } = await loadText(this.sandboxId, this.path);
      const notebook = readNotebook(text);
      await this.#opened(notebook, text, etag);
    } catch (thrown) {
      if (thrown instanceof UnreadableNotebook) this.#set({ phase: { at: "unreadable", why: thrown } });
      else this.#set({ phase: { at: "failed", failure: ApiFailure.from(thrown) } });
    }
    void this.#findKernels();
  }

  /** Changes the cells; what a file holds is saved. */
  change(make: (state: NotebookState) => Change): void {
    const change = make(this.state);
    if (!change) return;
    this.#set(change);
    if (change.notebook) this.#saver?.touch(SOON);
  }

  /** Asks for these cells to run, in their order. */
  run(keys: string[]): void {
    const { notebook } = this.state;
    const cells = notebook.cells.filter(({ key, type }) => type === "code" && keys.includes(key));
    let { runs } = this.state;
    for (const cell of cells) {
      const waits = runs.requests.some((request) => request.cell === cell.key && isLive(request));
      if (cell.source.trim() !== "" && !waits) runs = ask(runs, cell, requestId(cell.key, newId()));
    }
    if (runs === this.state.runs) return;
    this.#set({ runs, note: undefined });
    // Should the window go before the next save, it must know whose frames these were.
    this.#snapshots = this.#snapshots.map((one) => withRequests(one, { cells: notebook.cells, runs }));
    this.#keepBinding();
    void this.#withContext();
  }

  interrupt(): void {
    // What the context has not heard of yet, it need not hear of.
    this.#set({ runs: endAll(this.state.runs, "aborted", ({ state }) => state === "sent") });
    this.#channel?.send({ type: "interrupt" });
  }

  /** Answers what running code asked. The first answer of all windows counts. */
  answer(inputId: string, value: string): boolean {
    return this.#channel?.send({ type: "input_reply", inputId, value }) ?? false;
  }

  restart(): void {
    this.#set({ runs: endAll(this.state.runs, "aborted", ({ state }) => state === "sent") });
    if (this.#channel) this.#channel.send({ type: "restart" });
    else void this.#withContext();
  }

  /** Another kernel for this notebook. The old one ends. */
  async useKernel(kernel: Kernel): Promise<void> {
    this.change(({ notebook }) => ({ notebook: withKernel(notebook, kernel), kernel }));
    await this.shutDown();
    this.#warm();
  }

  /** Ends the kernel; the next run starts a new one. */
  async shutDown(): Promise<void> {
    const { context } = this.state;
    this.#forget();
    if (context) await deleteContext(this.sandboxId, context.id);
  }

  reconnect(): void {
    if (this.state.phase.at === "failed") void this.load();
    else if (this.#channel) this.#channel.retry();
    else if (this.state.kernelFailure) void this.#withContext();
  }

  dismissNote(): void {
    this.#set({ note: undefined, runs: { ...this.state.runs, truncated: false } });
  }

  save = () => this.#saver?.flush();
  keepMine = () => this.#saver?.overwrite();

  /** Takes what somebody else wrote, unless there is something of one's own to lose. */
  async lookForChange(): Promise<void> {
    const saver = this.#saver;
    if (saver?.state.at !== "saved") return;
    const tag = await fileTag(this.sandboxId, this.path).catch(() => saver.etag);
    if (tag === saver.etag || saver.state.at !== "saved") return;
    if (this.state.runs.requests.some(isLive)) saver.conflict();
    else await this.load();
  }

  /** What is not saved is given up. */
  discard(): void {
    this.#saver?.close();
    this.#saver = undefined;
  }

  /** Saves, and lets go of the connection; the kernel lives on. */
  async close(): Promise<void> {
    await this.#saver?.flush();
    this.#saver?.close();
    this.#channel?.close();
    this.#channel = undefined;
  }

  async #opened(notebook: Notebook, text: string, etag: string): Promise<void> {
    const binding = readBinding(this.sandboxId, this.path);
    const context = binding?.context ?? (await sharedContext(this.sandboxId, this.path));
    const hash = hashOf(text);
    const snapshot = binding?.snapshots.find((one) => one.hash === hash);
    const { cells, runs } = this.#stand(notebook, binding, snapshot);
    const active = cells.some(({ key }) => key === this.state.active)
      ? this.state.active
      : (cells[0]?.key ?? "");
    const opened = { ...notebook, cells };
    const only = cells.length === 1 ? cells[0] : undefined;
    const mode = only?.type === "code" && only.source === "" ? "edit" : this.state.mode;
    this.#set({
      phase: { at: "ready" },
      notebook: opened,
      runs,
      active,
      mode,
      undo: [],
      redo: [],
      kernel: chooseKernel(notebook, this.state.kernels),
    });
    this.#hash = hash;
    this.#snapshots = snapshot ? [snapshot] : [];
    if (this.#saver) this.#saver.reset(etag);
    else this.#saver = this.#makeSaver(etag);
    if (context && !this.#channel) this.#bind(context);
    else if (!context) this.#warm();
  }

  /** Where the notebook stands: exactly, when its file is the one that was saved last; else its kernel at least. */
  #stand(notebook: Notebook, binding?: Binding, snapshot?: Snapshot): Step {
    if (snapshot) return restore(notebook, snapshot);
    const newest = binding?.snapshots.at(-1);
    const { runs } = this.state;
    const cursor = Math.max(runs.cursor, newest?.cursor ?? 0);
    return {
      cells: notebook.cells,
      runs: { ...endAll(runs, "lost"), marks: {}, cursor, life: newest?.life ?? runs.life },
    };
  }

  #makeSaver(etag: string): Saver {
    return new Saver(
      {
        text: () => this.#textToSave(),
        put: (text, guard) => saveText(this.sandboxId, this.path, text, guard),
        saved: (text) => this.#saved(hashOf(text)),
        onState: (saving) => this.#set({ saving }),
      },
      etag,
    );
  }

  /** The file's text, and with it, before it is sent, where the kernel's frames stand in it. */
  #textToSave(): string {
    const { notebook, runs } = this.state;
    const text = writeNotebook(notebook);
    const snapshot = takeSnapshot({ cells: notebook.cells, runs }, hashOf(text));
    this.#snapshots = [...this.#snapshots.filter(({ hash }) => hash !== snapshot.hash).slice(-1), snapshot];
    this.#keepBinding();
    return text;
  }

  #saved(hash: string): void {
    this.#hash = hash;
    this.#snapshots = this.#snapshots.filter((one) => one.hash === hash);
    this.#keepBinding();
  }

  #keepBinding(): void {
    const { context, kernel } = this.state;
    const binding = context && { context: context.id, kernel: kernel.name, snapshots: this.#snapshots };
    writeBinding(this.sandboxId, this.path, binding);
  }

  /** Makes sure there is a context, and sends it what waits. */
  #withContext(): Promise<void> {
    if (this.#channel) {
      this.#channel.flush();
      return Promise.resolve();
    }
    this.#making ??= this.#makeContext().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  async #makeContext(): Promise<void> {
    this.#set({ starting: true, kernelFailure: undefined });
    try {
      const cwd = this.path.slice(0, this.path.lastIndexOf("/")) || "/";
      const id = await createContext(this.sandboxId, { language: this.state.kernel.name, cwd });
      this.#set({ runs: newContext(this.state.runs) });
      this.#bind(id);
      shareContext(this.sandboxId, this.path, id);
      // What stands in the file belongs to no frame of this context.
      this.#snapshots = [
        takeSnapshot({ cells: this.state.notebook.cells, runs: this.state.runs }, this.#hash),
      ];
      this.#keepBinding();
    } catch (thrown) {
      this.#set({ kernelFailure: ApiFailure.from(thrown), runs: endAll(this.state.runs, "aborted") });
    } finally {
      this.#set({ starting: false });
    }
  }

  #bind(context: string): void {
    this.#set({ context: { id: context }, kernelFailure: undefined });
    this.#channel = new Channel(this.sandboxId, context, {
      cursor: () => this.state.runs.cursor,
      unconfirmed: () => this.state.runs.requests.filter(({ state }) => state === "sent"),
      frames: (batch) => this.#frames(batch),
      caughtUp: () => this.#setRuns(caughtUp(this.state.runs)),
      onState: (link) => this.#linkChanged(link),
    });
  }

  #frames(batch: ContextFrame[]): void {
    const { notebook, runs } = this.state;
    const now = Date.now();
    const after = batch.reduce<Step>((before, frame) => step(before, frame, now), {
      cells: notebook.cells,
      runs,
    });
    const ready = batch.findLast((frame) => frame.type === "ready");
    const change: Partial<NotebookState> = { runs: after.runs };
    if (after.cells !== notebook.cells) change.notebook = { ...notebook, cells: after.cells };
    if (ready) change.context = { id: ready.context.id, displayName: ready.context.displayName };
    if (after.runs.life > runs.life) change.note = "The kernel restarted: its variables are gone.";
    this.#set(change);
    if (change.notebook) this.#saver?.touch(after.runs.requests.some(isLive) ? LATER : SOON);
  }

  #setRuns(runs: Runs): void {
    if (runs !== this.state.runs) this.#set({ runs });
  }

  #linkChanged(link: LinkState): void {
    this.#set({ link });
    if (link.at === "refused" && link.failure.status === 404) this.#contextGone();
    // A browser is not told why a socket was refused, so a lost one may be a context that is gone.
    if (link.at === "waiting") void this.#lookForContext();
  }

  async #lookForContext(): Promise<void> {
    const { context } = this.state;
    const all = await contexts(this.sandboxId).catch(() => undefined);
    const lost = all && !all.some(({ id }) => id === context?.id);
    if (lost && context && context.id === this.state.context?.id) this.#contextGone();
  }

  /** Its sandbox was stopped, or it was deleted. What waits goes to a new one. */
  #contextGone(): void {
    const waiting = this.state.runs.requests.some(({ state }) => state === "sent");
    this.#forget();
    if (waiting) void this.#withContext();
    else this.#set({ note: "The kernel is gone: its variables with it. The next run starts a new one." });
  }

  /** No context any more: nothing that ran before is known to the next one. */
  #forget(): void {
    this.#channel?.close();
    this.#channel = undefined;
    this.#set({ context: undefined, link: undefined, runs: newContext(this.state.runs) });
    this.#snapshots = [];
    writeBinding(this.sandboxId, this.path, undefined);
    shareContext(this.sandboxId, this.path, undefined);
  }

  async #findKernels(): Promise<void> {
    const kernels = await kernelSpecs(this.sandboxId).catch(() => this.state.kernels);
    this.#set({ kernels });
    if (this.state.phase.at === "ready") this.#set({ kernel: chooseKernel(this.state.notebook, kernels) });
  }

  /** Best effort: the first run is then quick. */
  #warm(): void {
    warmContext(this.sandboxId, this.state.kernel.name).catch(() => undefined);
  }

  #set(change: Partial<NotebookState>): void {
    this.store.setState(change);
  }
}
