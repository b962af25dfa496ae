import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiFailure } from "../../api/failure";
import { type Buffer, EDIT_LIMIT, FileDocument } from "./document";
import type { Draft } from "./drafts";

const bytes = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;

/** A file on a disk, an editor of strings, and a document between them. */
function world(content: string | Uint8Array<ArrayBuffer> | undefined = "one\n", type = "text/plain") {
  const disk: { content?: Uint8Array<ArrayBuffer>; version: number; type: string } = {
    content: typeof content === "string" ? bytes(content) : content,
    version: 1,
    type,
  };
  let draft: Draft | undefined;
  const missing = () => new ApiFailure("FILE_NOT_FOUND", "gone");
  const there = () => {
    if (!disk.content) throw missing();
    return disk.content;
  };
  const document = new FileDocument({
    head: async () => ({ size: there().length, etag: `v${disk.version}`, type: disk.type }),
    read: async (most) => ({ bytes: there().slice(0, most), etag: `v${disk.version}`, type: disk.type }),
    write: async (body, expected) => {
      if (expected === "nothing" && disk.content) throw new ApiFailure("FILE_EXISTS", "there");
      if (typeof expected === "object" && (!disk.content || expected.etag !== `v${disk.version}`))
        throw disk.content ? new ApiFailure("FILE_CHANGED", "changed") : missing();
      disk.content = bytes(body);
      return `v${++disk.version}`;
    },
    keepDraft: (one) => {
      draft = one;
      return true;
    },
    draft: () => draft,
    dropDraft: () => {
      draft = undefined;
    },
    changed: () => undefined,
  });
  let text = "";
  const buffer: Buffer = {
    text: () => text,
    mark: () => text,
    isAt: (mark) => mark === text,
    replace: (next) => {
      text = next;
    },
  };
  return {
    document,
    disk,
    open: async () => {
      await document.load();
      if (document.view.at === "text") text = document.view.text;
      document.attach(buffer);
    },
    type: (next: string) => {
      text = next;
      document.edited();
    },
    text: () => text,
    draft: () => draft,
    setDraft: (one: Draft) => {
      draft = one;
    },
    written: () => new TextDecoder().decode(disk.content),
    change: async (next: string | undefined) => {
      disk.content = next === undefined ? undefined : bytes(next);
      disk.version++;
      await document.check();
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});

describe("an open file", () => {
  it("is dirty while its text is not what was saved, and clean again when it is", async () => {
    const w = world();
    await w.open();
    w.type("two");
    expect(w.document.dirty).toBe(true);
    w.type("one\n");
    expect(w.document.dirty).toBe(false);
  });

  it("is saved over the version it came from", async () => {
    const w = world();
    await w.open();
    w.type("two\n");
    expect(await w.document.save()).toBe(true);
    expect(w.written()).toBe("two\n");
    expect(w.document.dirty).toBe(false);
    w.type("three\n");
    expect(await w.document.save()).toBe(true);
  });

  it("keeps what was typed while it was being saved as an edit", async () => {
    const w = world();
    await w.open();
    w.type("two");
    const saved = w.document.save();
    w.type("two and more");
    await saved;
    expect(w.written()).toBe("two");
    expect(w.document.dirty).toBe(true);
  });

  it("does not save over another's change, until told to", async () => {
    const w = world();
    await w.open();
    w.type("mine");
    w.disk.content = bytes("theirs");
    w.disk.version++;
    expect(await w.document.save()).toBe(false);
    expect(w.written()).toBe("theirs");
    expect(w.document.trouble).toMatchObject({ is: "changed", theirs: "theirs" });
    expect(await w.document.save(true)).toBe(true);
    expect(w.written()).toBe("mine");
    expect(w.document.trouble).toBeUndefined();
  });

  it("follows the file while it has no edits", async () => {
    const w = world();
    await w.open();
    await w.change("from outside\n");
    expect(w.text()).toBe("from outside\n");
    expect(w.document.dirty).toBe(false);
  });

  it("says so when the file changes under edits, and can take the file's text", async () => {
    const w = world();
    await w.open();
    w.type("mine");
    await w.change("theirs");
    expect(w.text()).toBe("mine");
    expect(w.document.trouble).toMatchObject({ is: "changed" });
    await w.document.reload();
    expect(w.text()).toBe("theirs");
    expect(w.document.trouble).toBeUndefined();
  });

  it("sees no conflict in a change to the very same text", async () => {
    const w = world();
    await w.open();
    w.type("same");
    await w.change("same");
    expect(w.document.trouble).toBeUndefined();
    expect(w.document.dirty).toBe(false);
  });

  it("outlives its file, and can make it again", async () => {
    const w = world();
    await w.open();
    await w.change(undefined);
    expect(w.document.trouble).toEqual({ is: "deleted" });
    expect(await w.document.save()).toBe(true);
    expect(w.written()).toBe("one\n");
  });

  it("notices when a deleted file is there again", async () => {
    const w = world();
    await w.open();
    await w.change(undefined);
    await w.change("back\n");
    expect(w.document.trouble).toBeUndefined();
    expect(w.text()).toBe("back\n");
  });

  it("keeps edits as a draft when typing rests, and drops it with the save", async () => {
    const w = world();
    await w.open();
    w.type("half");
    expect(w.draft()).toBeUndefined();
    vi.advanceTimersByTime(500);
    expect(w.draft()).toEqual({ etag: "v1", text: "half" });
    await w.document.save();
    expect(w.draft()).toBeUndefined();
  });

  it("brings a draft back after the window was away", async () => {
    const w = world();
    w.setDraft({ etag: "v1", text: "half" });
    await w.open();
    expect(w.text()).toBe("half");
    expect(w.document.dirty).toBe(true);
    expect(w.document.trouble).toBeUndefined();
  });

  it("brings a draft back as a conflict when the file changed meanwhile", async () => {
    const w = world();
    w.setDraft({ etag: "v0", text: "half" });
    await w.open();
    expect(w.document.trouble).toMatchObject({ is: "changed", theirs: "one\n" });
  });

  it("keeps a byte order mark and Windows line endings", async () => {
    const w = world("\ufeffa\r\nb\r\n");
    await w.open();
    expect(w.document.view).toMatchObject({ at: "text", shape: { bom: true, ending: "\r\n", mixed: false } });
    w.type("a\r\nc\r\n");
    await w.document.save();
    expect(w.disk.content).toEqual(bytes("\ufeffa\r\nc\r\n"));
  });
});

describe("what is no text to edit", () => {
  it("is shown as bytes", async () => {
    const w = world(new Uint8Array([0x7f, 0x45, 0, 1]));
    await w.open();
    expect(w.document.view).toMatchObject({ at: "binary", size: 4 });
  });

  it("is a picture when it is one", async () => {
    const w = world(new Uint8Array([0x89, 0x50]), "image/png");
    await w.open();
    expect(w.document.view).toMatchObject({ at: "image", type: "image/png" });
  });

  it("is offered to read only when it is too big to edit", async () => {
    const w = world("x".repeat(EDIT_LIMIT + 1));
    await w.open();
    expect(w.document.view).toEqual({ at: "big", size: EDIT_LIMIT + 1 });
    await w.document.load(true);
    expect(w.document.view).toMatchObject({ at: "text", readOnly: true });
  });

  it("says why it cannot be read", async () => {
    const w = world(undefined);
    w.disk.content = undefined;
    await w.open();
    expect(w.document.view).toMatchObject({ at: "failed", failure: { code: "FILE_NOT_FOUND" } });
  });
});
