import { describe, expect, it } from "vitest";
import {
  copyName,
  isWithin,
  nameProblem,
  parentOf,
  relativeToWorkspace,
  resolvePath,
  topmost,
} from "./paths";

describe("paths", () => {
  it("know their parents", () => {
    expect(parentOf("/workspace/a/b")).toBe("/workspace/a");
    expect(parentOf("/workspace")).toBe("/");
    expect(isWithin("/workspace2", "/workspace")).toBe(false);
    expect(isWithin("/workspace/a", "/workspace")).toBe(true);
  });

  it("are written relative to the workspace where they are in it", () => {
    expect(relativeToWorkspace("/workspace/a/b")).toBe("a/b");
    expect(relativeToWorkspace("/etc/hosts")).toBe("/etc/hosts");
  });

  it("are resolved without leaving the root", () => {
    expect(resolvePath("./a/../b.py")).toBe("/workspace/b.py");
    expect(resolvePath("../../../x")).toBe("/x");
  });

  it("of a selection are reduced to the topmost", () => {
    expect(topmost(["/w/a/b", "/w/a", "/w/ab"])).toEqual(["/w/a", "/w/ab"]);
  });
});

describe("names", () => {
  const taken = (name: string) => name === "a.txt" || name === "a copy.txt";

  it("are refused with a reason", () => {
    expect(nameProblem("", taken)).toMatch(/needed/);
    expect(nameProblem("a/b", taken)).toMatch(/slash/);
    expect(nameProblem("..", taken)).toMatch(/already/);
    expect(nameProblem("é".repeat(128), taken)).toMatch(/255/);
    expect(nameProblem("a.txt", taken)).toMatch(/exists/);
    expect(nameProblem("b.txt", taken)).toBeUndefined();
  });

  it("of copies are free and do not pile up", () => {
    expect(copyName("a.txt", taken)).toBe("a copy 2.txt");
    expect(copyName("a copy.txt", taken)).toBe("a copy 2.txt");
    expect(copyName(".env", taken)).toBe(".env copy");
  });
});
