/**
 * The file tree as data: folders that have been listed, which are open, and the rows that follow from it.
 * It is fed with listings and changes and knows neither the network nor React.
 */
import type { Change } from "../../../api/wire/Change";
import type { FileInfo } from "../../../api/wire/FileInfo";
import { compareEntries, mergeSorted, type Ordered, orderKey } from "./order";
import { isWithin, nameOf, parentOf } from "./paths";

export interface Entry extends Ordered {
  path: string;
  info: FileInfo;
  /** The row last made of it, to be used again while nothing of it changed. */
  row?: Row;
}

export type Listing = "unlisted" | "loading" | "listed" | { error: string; code?: string };

export interface Folder {
  path: string;
  open: boolean;
  listing: Listing;
  /** Sorted; every entry, hidden ones as well. */
  entries: Entry[];
  byName: Map<string, Entry>;
}

export interface Row {
  path: string;
  name: string;
  depth: number;
  folder: boolean;
  open: boolean;
  /** The folder is open and its entries are on their way. */
  loading: boolean;
  error?: string;
  info?: FileInfo;
}

export const isFolder = (info: FileInfo): boolean =>
  info.type === "directory" || (info.type === "symlink" && info.targetIsDirectory === true);

export const isHidden = (name: string): boolean => name.startsWith(".");

function entryOf(info: FileInfo, path: string): Entry {
  const name = nameOf(path);
  return { name, path, info, folder: isFolder(info), key: orderKey(name) };
}

export class FileTree {
  private folders = new Map<string, Folder>();
  private listeners = new Set<() => void>();
  private cache: Row[] | undefined;
  private index: Map<string, number> | undefined;
  private showHidden = false;
  /** Grows with each change, for `useSyncExternalStore`. */
  version = 0;

  constructor(readonly root: string) {
    this.folders.set(root, { ...emptyFolder(root), open: true });
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  folder(path: string): Folder | undefined {
    return this.folders.get(path);
  }

  entry(path: string): Entry | undefined {
    return this.folders.get(parentOf(path))?.byName.get(nameOf(path));
  }

  /** Whether `folder` is known to hold `name`. */
  has(folder: string, name: string): boolean {
    return this.folders.get(folder)?.byName.has(name) ?? false;
  }

  get hiddenShown(): boolean {
    return this.showHidden;
  }

  setHiddenShown(on: boolean): void {
    if (on === this.showHidden) return;
    this.showHidden = on;
    this.touch();
  }

  /** Opens a folder; the caller lists it when it says that it is not listed. */
  setOpen(path: string, open: boolean): Folder {
    const folder = this.folders.get(path) ?? this.newFolder(path);
    folder.open = open;
    this.touch();
    return folder;
  }

  openFolders(): string[] {
    return [...this.folders.values()].filter((f) => f.open).map((f) => f.path);
  }

  collapseAll(): void {
    for (const folder of this.folders.values()) if (folder.path !== this.root) folder.open = false;
    this.touch();
  }

  setListing(path: string, listing: Listing): void {
    const folder = this.folders.get(path) ?? this.newFolder(path);
    folder.listing = listing;
    this.touch();
  }

  /** What a folder holds, all of it. Folders beneath it that are gone are forgotten. */
  setEntries(path: string, files: readonly FileInfo[]): void {
    const folder = this.folders.get(path) ?? this.newFolder(path);
    const entries = files.map((info) => entryOf(info, childPath(path, info.name)));
    entries.sort(compareEntries);
    folder.entries = entries;
    folder.byName = new Map(entries.map((entry) => [entry.name, entry]));
    folder.listing = "listed";
    this.forgetGone(path, folder);
    this.touch();
  }

  /** Changes seen by the watch: the last state of each path. Those in folders never listed are dropped. */
  applyChanges(changes: readonly Change[]): void {
    const byFolder = new Map<string, Change[]>();
    for (const change of changes) {
      const parent = parentOf(change.path);
      const list = byFolder.get(parent);
      if (list) list.push(change);
      else byFolder.set(parent, [change]);
    }
    let touched = false;
    for (const [path, list] of byFolder) {
      const folder = this.folders.get(path);
      if (folder?.listing !== "listed") continue;
      this.applyTo(folder, list);
      touched = true;
    }
    if (touched) this.touch();
  }

  /** A folder that is not there any more, or not readable: its rows go, the error shows when it is the root. */
  forget(path: string): void {
    for (const known of [...this.folders.keys()]) {
      if (known !== this.root && isWithin(known, path)) this.folders.delete(known);
    }
    this.touch();
  }

  /** The visible rows, from the root's own row on. The same array until something changes. */
  rows(): readonly Row[] {
    if (this.cache) return this.cache;
    const rows: Row[] = [];
    const root = this.folders.get(this.root);
    if (root) {
      rows.push(this.rowOf(nameOf(this.root) || "/", this.root, 0, true, undefined));
      if (root.open) this.pushRows(rows, root, 1);
    }
    this.cache = rows;
    return rows;
  }

  /** The row of a path, or -1 when it is not visible. */
  rowIndex(path: string): number {
    if (!this.index) this.index = new Map(this.rows().map((row, i) => [row.path, i]));
    return this.index.get(path) ?? -1;
  }

  private pushRows(rows: Row[], folder: Folder, depth: number): void {
    for (const entry of folder.entries) {
      if (!this.showHidden && isHidden(entry.name)) continue;
      rows.push(this.rowOfEntry(entry, depth));
      const below = entry.folder ? this.folders.get(entry.path) : undefined;
      if (below?.open) this.pushRows(rows, below, depth + 1);
    }
  }

  private rowOfEntry(entry: Entry, depth: number): Row {
    const { row } = entry;
    if (row && !entry.folder && row.depth === depth && row.info === entry.info) return row;
    entry.row = this.rowOf(entry.name, entry.path, depth, entry.folder, entry.info);
    return entry.row;
  }

  private rowOf(name: string, path: string, depth: number, folder: boolean, info: FileInfo | undefined): Row {
    const own = folder ? this.folders.get(path) : undefined;
    const listing = own?.listing;
    return {
      name,
      path,
      depth,
      folder,
      info,
      open: own?.open ?? false,
      loading: own?.open === true && listing === "loading",
      error: typeof listing === "object" ? listing.error : undefined,
    };
  }

  private applyTo(folder: Folder, changes: readonly Change[]): void {
    const gone = new Set<Entry>();
    const added: Entry[] = [];
    for (const { path, file } of changes) {
      const name = nameOf(path);
      const old = folder.byName.get(name);
      if (file && old && old.folder === isFolder(file)) {
        old.info = file;
        continue;
      }
      if (old) gone.add(old);
      folder.byName.delete(name);
      if (file) {
        const entry = entryOf(file, path);
        folder.byName.set(name, entry);
        added.push(entry);
      } else if (old?.folder) this.forget(path);
    }
    // A path told twice leaves only its last entry.
    const fresh = added.filter((entry) => folder.byName.get(entry.name) === entry).sort(compareEntries);
    const kept = gone.size > 0 ? folder.entries.filter((entry) => !gone.has(entry)) : folder.entries;
    folder.entries = mergeSorted(kept, fresh);
  }

  private forgetGone(path: string, folder: Folder): void {
    for (const known of [...this.folders.keys()]) {
      if (known === path || known === this.root || parentOf(known) !== path) continue;
      if (!folder.byName.get(nameOf(known))?.folder) this.forget(known);
    }
  }

  private newFolder(path: string): Folder {
    const folder = emptyFolder(path);
    this.folders.set(path, folder);
    return folder;
  }

  private touch(): void {
    this.cache = undefined;
    this.index = undefined;
    this.version++;
    for (const listener of this.listeners) listener();
  }
}

function emptyFolder(path: string): Folder {
  return {
    path,
    open: false,
    listing: "unlisted",
    entries: [],
    byName: new Map(),
  };
}

function childPath(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}
