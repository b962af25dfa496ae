/** Saves a notebook by itself: soon after a change, never two writes at once, never over somebody else's. */
import { ApiFailure } from "../../../api/failure";
import type { Guard } from "../../../api/notebooks";

export type Saving =
  | { at: "saved" }
  | { at: "dirty" }
  | { at: "saving" }
  /** The file changed beneath: the person chooses. */
  | { at: "conflict" }
  | { at: "failed"; failure: ApiFailure };

export interface SaverUse {
  /** The text to save, as it is now. */
  text(): string;
  put(text: string, guard: Guard): Promise<string>;
  /** That text is in the file. */
  saved(text: string): void;
  onState(state: Saving): void;
}

/** Milliseconds: after typing, and while outputs stream in. */
export const SOON = 500;
export const LATER = 3000;
const RETRY = 4000;

export class Saver {
  #use: SaverUse;
  #etag: string;
  #state: Saving = { at: "saved" };
  #due = Number.POSITIVE_INFINITY;
  #timer?: ReturnType<typeof setTimeout>;
  #writing?: Promise<void>;
  #changed = false;

  constructor(use: SaverUse, etag: string) {
    this.#use = use;
    this.#etag = etag;
  }

  get etag(): string {
    return this.#etag;
  }

  get state(): Saving {
    return this.#state;
  }

  /** The notebook changed; it is saved within `wait` milliseconds. */
  touch(wait = SOON): void {
    this.#changed = true;
    if (this.#state.at === "conflict") return;
    if (this.#state.at === "saved") this.#set({ at: "dirty" });
    if (!this.#writing) this.#schedule(wait);
  }

  /** Saves what is not saved, now. */
  async flush(): Promise<void> {
    await this.#writing;
    if (this.#changed && this.#state.at !== "conflict") await this.#write({ etag: this.#etag });
  }

  /** The file is another one than was read or written last. */
  conflict(): void {
    clearTimeout(this.#timer);
    this.#set({ at: "conflict" });
  }

  /** Writes over whatever is there. */
  async overwrite(): Promise<void> {
    await this.#writing;
    await this.#write("anything");
  }

  /** The notebook was read from the file again. */
  reset(etag: string): void {
    clearTimeout(this.#timer);
    this.#due = Number.POSITIVE_INFINITY;
    this.#etag = etag;
    this.#changed = false;
    this.#set({ at: "saved" });
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #schedule(wait: number): void {
    const due = Date.now() + wait;
    if (due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => void this.flush(), wait);
  }

  #write(guard: Guard): Promise<void> {
    clearTimeout(this.#timer);
    this.#due = Number.POSITIVE_INFINITY;
    this.#changed = false;
    this.#set({ at: "saving" });
    this.#writing = this.#put(guard).finally(() => {
      this.#writing = undefined;
      if (this.#changed && this.#state.at !== "conflict")
        this.#schedule(this.#state.at === "failed" ? RETRY : SOON);
    });
    return this.#writing;
  }

  async #put(guard: Guard): Promise<void> {
    const text = this.#use.text();
    try {
      this.#etag = await this.#use.put(text, guard);
      this.#use.saved(text);
      this.#set({ at: this.#changed ? "dirty" : "saved" });
    } catch (thrown) {
      this.#changed = true;
      const failure = ApiFailure.from(thrown);
      const theirs = failure.code === "FILE_CHANGED" || failure.code === "FILE_NOT_FOUND";
      this.#set(theirs ? { at: "conflict" } : { at: "failed", failure });
    }
  }

  #set(state: Saving): void {
    this.#state = state;
    this.#use.onState(state);
  }
}
