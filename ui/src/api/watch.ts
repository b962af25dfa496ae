// The live side of the file tree: folders are watched one by one over a socket that comes back by itself.
import { sandboxPath } from "./gateway";
import { Link, type LinkState } from "./socket";
import type { Change } from "./wire/Change";
import type { ErrorCode } from "./wire/ErrorCode";
import type { WatchControl } from "./wire/WatchControl";
import type { WatchFrame } from "./wire/WatchFrame";

export interface WatchUse {
  /** The folder is watched from now on, perhaps again: list it now, so that no change falls between. */
  watching(path: string): void;
  changes(changes: Change[]): void;
  /** Changes in the folder were missed. */
  resync(path: string): void;
  unwatched(path: string, code: ErrorCode, message: string): void;
  state?(state: LinkState): void;
}

export class FolderWatch {
  #link: Link;
  #paths = new Set<string>();
  #use: WatchUse;

  constructor(sandboxId: string, use: WatchUse) {
    this.#use = use;
    this.#link = new Link({
      path: () => sandboxPath(sandboxId, "/ws/watch"),
      onOpen: () => {
        for (const path of this.#paths) this.#tell({ type: "watch", path });
      },
      onText: (text) => this.#heard(JSON.parse(text) as WatchFrame),
      onState: (state) => use.state?.(state),
    });
  }

  get state(): LinkState {
    return this.#link.state;
  }

  watch(path: string) {
    if (this.#paths.has(path)) return;
    this.#paths.add(path);
    this.#tell({ type: "watch", path });
  }

  unwatch(path: string) {
    if (this.#paths.delete(path)) this.#tell({ type: "unwatch", path });
  }

  retry() {
    this.#link.retry();
  }

  close() {
    this.#link.close();
  }

  /** Said at the next opening when there is no connection. */
  #tell(control: WatchControl) {
    this.#link.send(JSON.stringify(control));
  }

  #heard(frame: WatchFrame) {
    if (frame.type === "changes") return this.#use.changes(frame.changes);
    if (!this.#paths.has(frame.path)) return;
    if (frame.type === "watching") return this.#use.watching(frame.path);
    if (frame.type === "resync") return this.#use.resync(frame.path);
    this.#paths.delete(frame.path);
    this.#use.unwatched(frame.path, frame.code, frame.message);
  }
}
