/**
 * The files of one sandbox on this window: the tree kept true by listings and the watch, what is selected,
 * cut and being named. It outlives the pane, so that a sandbox comes back as it was left.
 */
import { ApiFailure, isAbort } from "../../api/failure";
import { listFiles } from "../../api/files";
import type { LinkState } from "../../api/socket";
import { FolderWatch } from "../../api/watch";
import type { Change } from "../../api/wire/Change";
import { keepOpenFolders, openFoldersOf } from "./kept";
import { parentOf, WORKSPACE } from "./model/paths";
import { nothingSelected, type Selection } from "./model/selection";
import { FileTree } from "./model/tree";

/** A name being typed: of something new in `folder`, or of `path` anew. */
export type Naming = { folder: string; kind: "file" | "folder" } | { path: string };

/** What Ctrl+C or Ctrl+X took. */
export interface Held {
  paths: string[];
  cut: boolean;
}

/** A folder that tells too much is listed again at most this often, in milliseconds. */
const RELIST_REST = 300;
/** More waiting changes than this are applied at once: a hidden window draws no frames. */
const WAITING_LIMIT = 5000;

interface Reading {
  abort: AbortController;
  /** What changed while the listing was under way, to be laid over it. */
  meanwhile: Change[];
  again: boolean;
}

export class FileBrowser {
  readonly tree = new FileTree(WORKSPACE);
  selection: Selection = nothingSelected;
  naming: Naming | undefined;
  held: Held | undefined;
  link: LinkState = { at: "connecting" };
  version = 0;
  /** To be brought into sight as soon as its row is there. */
  revealing: string | undefined;
  private listeners = new Set<() => void>();
  private watch: FolderWatch | undefined;
  private users = 0;
  private reading = new Map<string, Reading>();
  private followers = new Map<string, Set<() => void>>();
  private movers = new Set<(from: string, to: string) => void>();
  private resting = new Map<string, ReturnType<typeof setTimeout>>();
  private waiting = new Map<string, Change>();
  private frame = 0;

  constructor(readonly sandboxId: string) {
    for (const path of openFoldersOf(sandboxId)) this.tree.setOpen(path, true);
    this.tree.subscribe(() => this.changed());
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  /** Watches the open folders until what it returns is called. */
  attach(): () => void {
    if (this.users++ === 0) this.begin();
    return () => {
      if (--this.users === 0) this.end();
    };
  }

  /** Calls `look` when something happens, or may have happened, to a file, until what it returns is called. */
  follow(path: string, look: () => void): () => void {
    const leave = this.attach();
    const all = this.followers.get(path) ?? new Set();
    this.followers.set(path, all.add(look));
    this.watch?.watch(parentOf(path));
    return () => {
      all.delete(look);
      if (all.size === 0) this.followers.delete(path);
      this.unwatchUnused(parentOf(path));
      leave();
    };
  }

  /** Hears where files went that were moved or renamed here, until what it returns is called. */
  onMoved(listener: (from: string, to: string) => void): () => void {
    this.movers.add(listener);
    return () => void this.movers.delete(listener);
  }

  /** An entry was moved by this window: what shows it, or something beneath it, goes along. */
  moved(from: string, to: string): void {
    for (const listener of [...this.movers]) listener(from, to);
  }

  setOpen(path: string, open: boolean): void {
    const folder = this.tree.setOpen(path, open);
    keepOpenFolders(this.sandboxId, this.tree.openFolders());
    if (!open) {
      this.unwatchUnused(path);
      this.reading.get(path)?.abort.abort();
      return;
    }
    // What it held is shown until the new listing is there.
    if (folder.listing !== "listed") this.tree.setListing(path, "loading");
    this.watch?.watch(path);
  }

  toggle(path: string): void {
    this.setOpen(path, !this.tree.folder(path)?.open);
  }

  /** Opens every folder above a path, and brings its row into sight. */
  reveal(path: string): void {
    const above: string[] = [];
    for (let up = parentOf(path); up.length >= this.tree.root.length && up !== "/"; up = parentOf(up))
      above.unshift(up);
    for (const folder of above) if (!this.tree.folder(folder)?.open) this.setOpen(folder, true);
    this.revealing = path;
    this.changed();
  }

  refresh(): void {
    this.watch?.retry();
    for (const path of this.tree.openFolders()) void this.list(path);
  }

  collapseAll(): void {
    const closed = this.tree.openFolders().filter((path) => path !== this.tree.root);
    this.tree.collapseAll();
    for (const path of closed) this.unwatchUnused(path);
    keepOpenFolders(this.sandboxId, []);
  }

  select(selection: Selection): void {
    this.selection = selection;
    this.changed();
  }

  setNaming(naming: Naming | undefined): void {
    this.naming = naming;
    this.changed();
  }

  setHeld(held: Held | undefined): void {
    this.held = held;
    this.changed();
  }

  /** The selected paths, or the one in focus. */
  get chosen(): string[] {
    const { paths, focus } = this.selection;
    const chosen = paths.size > 0 ? [...paths] : focus ? [focus] : [];
    return chosen.filter((path) => path !== this.tree.root);
  }

  /** Where something new goes: the folder in focus, or the one that holds the file in focus. */
  get folderInFocus(): string {
    const { focus } = this.selection;
    if (!focus) return this.tree.root;
    return focus === this.tree.root || this.tree.entry(focus)?.folder ? focus : parentOf(focus);
  }

  private begin(): void {
    this.watch = new FolderWatch(this.sandboxId, {
      watching: (path) => this.onWatching(path),
      changes: (changes) => this.onChanges(changes),
      resync: (path) => {
        this.listLater(path);
        this.tellFollowers(path);
      },
      unwatched: (path, code, message) => this.onUnwatched(path, code, message),
      state: (state) => {
        this.link = state;
        this.changed();
      },
    });
    if (this.tree.folder(this.tree.root)?.listing === "unlisted")
      this.tree.setListing(this.tree.root, "loading");
    for (const path of this.tree.openFolders()) this.watch.watch(path);
    for (const path of this.followers.keys()) this.watch.watch(parentOf(path));
  }

  private onWatching(path: string): void {
    if (this.tree.folder(path)?.open) void this.list(path);
    this.tellFollowers(path);
  }

  /** Something in the folder may have changed while nobody told. */
  private tellFollowers(folder: string): void {
    for (const [path, looks] of this.followers)
      if (parentOf(path) === folder) for (const look of looks) look();
  }

  private unwatchUnused(folder: string): void {
    const followed = [...this.followers.keys()].some((path) => parentOf(path) === folder);
    if (!followed && !this.tree.folder(folder)?.open) this.watch?.unwatch(folder);
  }

  private end(): void {
    this.watch?.close();
    this.watch = undefined;
    for (const { abort } of this.reading.values()) abort.abort();
    for (const timer of this.resting.values()) clearTimeout(timer);
    this.resting.clear();
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.waiting.clear();
  }

  private async list(path: string): Promise<void> {
    const under = this.reading.get(path);
    if (under) {
      under.again = true;
      return;
    }
    const reading: Reading = { abort: new AbortController(), meanwhile: [], again: false };
    this.reading.set(path, reading);
    try {
      const files = await listFiles(this.sandboxId, path, reading.abort.signal);
      this.tree.setEntries(path, files);
      this.tree.applyChanges(reading.meanwhile);
    } catch (thrown) {
      if (!isAbort(thrown)) this.onUnlisted(path, ApiFailure.from(thrown));
    } finally {
      this.reading.delete(path);
      if (reading.again && !reading.abort.signal.aborted) this.listLater(path);
    }
  }

  private listLater(path: string): void {
    if (this.resting.has(path)) return;
    const timer = setTimeout(() => {
      this.resting.delete(path);
      if (this.tree.folder(path)?.open) void this.list(path);
    }, RELIST_REST);
    this.resting.set(path, timer);
  }

  private onUnlisted(path: string, failure: ApiFailure): void {
    const gone = failure.code === "FILE_NOT_FOUND" || failure.code === "NOT_DIRECTORY";
    if (gone && path !== this.tree.root) this.tree.forget(path);
    else this.tree.setListing(path, { error: failure.message, code: failure.code });
  }

  private onUnwatched(path: string, code: string, message: string): void {
    this.tellFollowers(path);
    if (code === "FILE_NOT_FOUND" && path !== this.tree.root) this.tree.forget(path);
    else if (this.tree.folder(path)?.listing !== "listed")
      this.tree.setListing(path, { error: message, code });
  }

  private onChanges(changes: readonly Change[]): void {
    for (const change of changes) {
      this.reading.get(parentOf(change.path))?.meanwhile.push(change);
      for (const look of this.followers.get(change.path) ?? []) look();
      this.waiting.delete(change.path);
      this.waiting.set(change.path, change);
    }
    if (this.waiting.size > WAITING_LIMIT) this.applyWaiting();
    else if (!this.frame) this.frame = requestAnimationFrame(() => this.applyWaiting());
  }

  private applyWaiting(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const changes = [...this.waiting.values()];
    this.waiting.clear();
    this.tree.applyChanges(changes);
  }

  private changed(): void {
    this.version++;
    for (const listener of this.listeners) listener();
  }
}

const browsers = new Map<string, FileBrowser>();

/** The files of a sandbox, the same as last time. */
export function filesOf(sandboxId: string): FileBrowser {
  let browser = browsers.get(sandboxId);
  if (!browser) {
    browser = new FileBrowser(sandboxId);
    browsers.set(sandboxId, browser);
  }
  return browser;
}
