import { beforeEach, describe, expect, it, vi } from "vitest";
import { draftOf, dropDraft, forgetDrafts, keepDraft, moveDraft } from "./drafts";

beforeEach(() => localStorage.clear());

describe("a draft", () => {
  it("is kept for its file and dropped with it", () => {
    keepDraft("demo", "/workspace/a", { etag: "1", text: "half" });
    expect(draftOf("demo", "/workspace/a")).toEqual({ etag: "1", text: "half" });
    expect(draftOf("other", "/workspace/a")).toBeUndefined();
    dropDraft("demo", "/workspace/a");
    expect(draftOf("demo", "/workspace/a")).toBeUndefined();
  });

  it("goes along with its file, and goes with its sandbox", () => {
    keepDraft("demo", "/workspace/a", { etag: "1", text: "half" });
    moveDraft("demo", "/workspace/a", "/workspace/b");
    expect(draftOf("demo", "/workspace/b")?.text).toBe("half");
    keepDraft("demo-2", "/workspace/a", { etag: "1", text: "other" });
    forgetDrafts("demo");
    expect(draftOf("demo", "/workspace/b")).toBeUndefined();
    expect(draftOf("demo-2", "/workspace/a")?.text).toBe("other");
  });

  it("that has no room is said, and leaves no older one behind", () => {
    keepDraft("demo", "/workspace/a", { etag: "1", text: "small" });
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    expect(keepDraft("demo", "/workspace/a", { etag: "1", text: "big" })).toBe(false);
    expect(draftOf("demo", "/workspace/a")).toBeUndefined();
  });

  it("that is broken is none", () => {
    localStorage.setItem("sandpit.draft.demo:/workspace/a", "{");
    expect(draftOf("demo", "/workspace/a")).toBeUndefined();
  });
});
