/**
 * One open file: what kind of thing it is, whether it has edits, and what became of the file beneath it.
 * It knows no editor: the text lives in a `Buffer`, and bytes come and go through `DocumentPorts`.
 */
import { ApiFailure } from "../../api/failure";
import type { Expected, FileBytes } from "../../api/files";
import type { Draft } from "./drafts";
import { decode, encode, type Shape } from "./text";

/** Larger text is opened to read only, and only when asked for. Bytes. */
export const EDIT_LIMIT = 5_000_000;
/** Larger files are not read into the window at all. Bytes. */
export const READ_LIMIT = 64_000_000;
/** Bytes shown of a file that is no text. */
export const PEEK = 4096;
/** A draft is written when typing rests for this long, in milliseconds. */
const DRAFT_REST = 400;

export interface FileHead {
  size: number;
  etag: string;
  type: string;
}

export type View =
  | { at: "loading" }
  | { at: "failed"; failure: ApiFailure }
  | { at: "text"; text: string; shape: Shape; readOnly: boolean }
  | { at: "image"; bytes: Uint8Array<ArrayBuffer>; type: string }
  | { at: "binary"; bytes: Uint8Array<ArrayBuffer>; size: number }
  | { at: "big"; size: number };

/** What stands between the edits and the file. */
export type Trouble =
  | { is: "changed"; theirs: string; etag: string }
  | { is: "deleted" }
  | { is: "unsaved"; failure: ApiFailure };

export interface DocumentPorts {
  head(): Promise<FileHead>;
  read(most?: number): Promise<FileBytes>;
  write(body: string, expected: Expected): Promise<string>;
  keepDraft(draft: Draft): boolean;
  draft(): Draft | undefined;
  dropDraft(): void;
  changed(): void;
}

/** Where the text is edited. Texts have the file's line endings. */
export interface Buffer {
  text(): string;
  /** A mark of the text as it is now. */
  mark(): unknown;
  isAt(mark: unknown): boolean;
  /** Makes the text another one, keeping the cursor where it can stay; can be undone. */
  replace(text: string): void;
}

export class FileDocument {
  view: View = { at: "loading" };
  trouble: Trouble | undefined;
  dirty = false;
  saving = false;
  /** The edits are too big for the window's storage: a reload would lose them. */
  draftTooBig = false;
  private etag = "";
  private buffer: Buffer | undefined;
  private savedMark: unknown;
  private draftTimer: ReturnType<typeof setTimeout> | undefined;
  private checking: Promise<void> | undefined;
  private checkAgain = false;
  private over = false;

  constructor(private readonly ports: DocumentPorts) {}

  /** Reads the file. `anyway` opens what is too big to edit, to read only. */
  async load(anyway = false): Promise<void> {
    this.show({ at: "loading" });
    try {
      const head = await this.ports.head();
      const view = await this.viewOf(head, anyway);
      if (this.over) return;
      this.trouble = undefined;
      this.show(view);
    } catch (thrown) {
      if (!this.over) this.show({ at: "failed", failure: ApiFailure.from(thrown) });
    }
  }

  /** Shows a picture that is text (SVG) as its text. */
  showAsText(): void {
    if (this.view.at !== "image") return;
    const decoded = decode(this.view.bytes);
    if (decoded) this.show({ at: "text", ...decoded, readOnly: this.view.bytes.length > EDIT_LIMIT });
  }

  /** The editor is there, showing the text of the view. Edits from an earlier life of the window come back. */
  attach(buffer: Buffer): void {
    this.buffer = buffer;
    this.savedMark = buffer.mark();
    const draft = this.ports.draft();
    if (!draft || this.view.at !== "text" || this.view.readOnly) return;
    if (draft.text === buffer.text()) {
      this.ports.dropDraft();
      return;
    }
    const theirs = buffer.text();
    buffer.replace(draft.text);
    this.dirty = true;
    if (draft.etag !== this.etag) this.trouble = { is: "changed", theirs, etag: this.etag };
    this.ports.changed();
  }

  detach(): void {
    this.flushDraft();
    this.buffer = undefined;
  }

  /** The text was edited. */
  edited(): void {
    if (!this.buffer) return;
    const dirty = !this.buffer.isAt(this.savedMark);
    clearTimeout(this.draftTimer);
    if (dirty) this.draftTimer = setTimeout(() => this.flushDraft(), DRAFT_REST);
    else this.ports.dropDraft();
    if (dirty === this.dirty) return;
    this.dirty = dirty;
    this.ports.changed();
  }

  /** Writes the edits into the file, whole or not at all; over another's change only when told to. */
  async save(overwrite = false): Promise<boolean> {
    const { buffer, view } = this;
    if (!buffer || view.at !== "text" || view.readOnly || this.saving) return false;
    if (this.trouble?.is === "changed" && !overwrite) return false;
    const mark = buffer.mark();
    const expected: Expected = overwrite
      ? "anything"
      : this.trouble?.is === "deleted"
        ? "nothing"
        : { etag: this.etag };
    this.saving = true;
    this.ports.changed();
    try {
      this.etag = await this.ports.write(encode(buffer.text(), view.shape), expected);
      this.onSaved(mark);
      return true;
    } catch (thrown) {
      await this.onUnsaved(ApiFailure.from(thrown));
      return false;
    } finally {
      this.saving = false;
      this.ports.changed();
      if (this.checkAgain) void this.check();
    }
  }

  /** Gives the edits up for what the file holds. */
  async reload(): Promise<void> {
    this.ports.dropDraft();
    clearTimeout(this.draftTimer);
    const { buffer } = this;
    if (this.view.at !== "text" || !buffer) return this.load();
    try {
      this.takeTheirs(await this.ports.read());
    } catch (thrown) {
      this.trouble = { is: "unsaved", failure: ApiFailure.from(thrown) };
      this.ports.changed();
    }
  }

  /** Goes back to what is saved without asking the file again. */
  discard(): void {
    clearTimeout(this.draftTimer);
    this.ports.dropDraft();
    this.dirty = false;
  }

  /** Something happened to the file, or may have. Calls in a row become one look. */
  check(): Promise<void> {
    if (this.checking || this.saving) {
      this.checkAgain = true;
      return this.checking ?? Promise.resolve();
    }
    this.checkAgain = false;
    this.checking = this.look().finally(() => {
      this.checking = undefined;
      if (this.checkAgain && !this.over) void this.check();
    });
    return this.checking;
  }

  dispose(): void {
    this.over = true;
    this.flushDraft();
    clearTimeout(this.draftTimer);
    this.buffer = undefined;
  }

  /** Writes what waits to be kept, at once: the window may go. */
  flushDraft(): void {
    clearTimeout(this.draftTimer);
    if (!this.dirty || !this.buffer) return;
    const kept = this.ports.keepDraft({ etag: this.etag, text: this.buffer.text() });
    if (kept === !this.draftTooBig) return;
    this.draftTooBig = !kept;
    this.ports.changed();
  }

  private async viewOf(head: FileHead, anyway: boolean): Promise<View> {
    this.etag = head.etag;
    const image = head.type.startsWith("image/");
    if (head.size > (image ? READ_LIMIT : EDIT_LIMIT) && !(anyway && head.size <= READ_LIMIT))
      return this.bigView(head.size);
    const { bytes, etag, type } = await this.ports.read();
    this.etag = etag;
    if (image) return { at: "image", bytes, type };
    const decoded = decode(bytes);
    if (!decoded) return { at: "binary", bytes: bytes.slice(0, PEEK), size: bytes.length };
    return { at: "text", ...decoded, readOnly: bytes.length > EDIT_LIMIT };
  }

  /** A big file that is no text says so at once, instead of offering to be read as one. */
  private async bigView(size: number): Promise<View> {
    const { bytes } = await this.ports.read(PEEK);
    return bytes.includes(0) ? { at: "binary", bytes, size } : { at: "big", size };
  }

  private async look(): Promise<void> {
    if (this.view.at === "loading") return;
    let head: FileHead;
    try {
      head = await this.ports.head();
    } catch (thrown) {
      return this.onMissing(ApiFailure.from(thrown));
    }
    if (this.over || this.saving) return;
    const back = this.trouble?.is === "deleted";
    if (head.etag === this.etag && !back) return;
    if (this.view.at !== "text" || !this.buffer) return this.load(this.view.at === "text");
    const theirs = await this.ports.read();
    if (this.over) return;
    if (!this.dirty) this.takeTheirs(theirs);
    else if (theirs.etag !== this.etag || back) this.conflict(theirs);
  }

  private onMissing(failure: ApiFailure): void {
    if (failure.code !== "FILE_NOT_FOUND" || this.over) return;
    this.trouble = { is: "deleted" };
    this.ports.changed();
  }

  private conflict({ bytes, etag }: FileBytes): void {
    const theirs = decode(bytes)?.text ?? "";
    if (this.buffer?.text() === theirs) {
      this.etag = etag;
      this.onSaved(this.buffer.mark());
    } else this.trouble = { is: "changed", theirs, etag };
    this.ports.changed();
  }

  private takeTheirs({ bytes, etag }: FileBytes): void {
    const decoded = decode(bytes);
    this.etag = etag;
    if (!decoded || this.view.at !== "text" || decoded.shape.ending !== this.view.shape.ending) {
      void this.load();
      return;
    }
    this.view.shape = decoded.shape;
    this.buffer?.replace(decoded.text);
    this.onSaved(this.buffer?.mark());
    this.ports.changed();
  }

  private onSaved(mark: unknown): void {
    this.savedMark = mark;
    this.trouble = undefined;
    this.draftTooBig = false;
    this.dirty = !(this.buffer?.isAt(mark) ?? true);
    if (this.dirty) this.flushDraft();
    else {
      clearTimeout(this.draftTimer);
      this.ports.dropDraft();
    }
  }

  private async onUnsaved(failure: ApiFailure): Promise<void> {
    this.flushDraft();
    if (failure.code !== "FILE_CHANGED" && failure.code !== "FILE_EXISTS") {
      this.trouble = failure.code === "FILE_NOT_FOUND" ? { is: "deleted" } : { is: "unsaved", failure };
      return;
    }
    try {
      this.conflict(await this.ports.read());
    } catch (thrown) {
      this.onMissing(ApiFailure.from(thrown));
    }
  }

  private show(view: View): void {
    this.view = view;
    this.ports.changed();
  }
}
