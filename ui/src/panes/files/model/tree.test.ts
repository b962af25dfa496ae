import { describe, expect, it } from "vitest";
import type { FileInfo } from "../../../api/wire/FileInfo";
import { FileTree } from "./tree";

function file(path: string, type: FileInfo["type"] = "file", more: Partial<FileInfo> = {}): FileInfo {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return {
    name,
    absolutePath: path,
    relativePath: name,
    type,
    size: 0,
    modifiedAt: "2026-01-01T00:00:00Z",
    mode: "rw-r--r--",
    permissions: { readable: true, writable: true, executable: false },
    ...more,
  };
}

const names = (tree: FileTree) => tree.rows().map((row) => `${"  ".repeat(row.depth)}${row.name}`);

function small() {
  const tree = new FileTree("/workspace");
  tree.setEntries("/workspace", [
    file("/workspace/b10.txt"),
    file("/workspace/B2.txt"),
    file("/workspace/src", "directory"),
    file("/workspace/.env"),
    file("/workspace/a.txt"),
  ]);
  return tree;
}

describe("the tree", () => {
  it("puts folders first and counts as people do", () => {
    expect(names(small())).toEqual(["workspace", "  src", "  a.txt", "  B2.txt", "  b10.txt"]);
  });

  it("shows hidden entries when asked to", () => {
    const tree = small();
    tree.setHiddenShown(true);
    expect(names(tree)).toContain("  .env");
  });

  it("shows what an open folder holds beneath it", () => {
    const tree = small();
    tree.setOpen("/workspace/src", true);
    tree.setEntries("/workspace/src", [file("/workspace/src/main.rs")]);
    expect(names(tree).slice(0, 3)).toEqual(["workspace", "  src", "    main.rs"]);
    tree.setOpen("/workspace/src", false);
    expect(names(tree)).not.toContain("    main.rs");
  });

  it("keeps its order as changes come", () => {
    const tree = small();
    tree.applyChanges([
      { path: "/workspace/a1.txt", file: file("/workspace/a1.txt") },
      { path: "/workspace/lib", file: file("/workspace/lib", "directory") },
      { path: "/workspace/a.txt" },
    ]);
    expect(names(tree)).toEqual(["workspace", "  lib", "  src", "  a1.txt", "  B2.txt", "  b10.txt"]);
  });

  it("takes the last of several states of one path", () => {
    const tree = small();
    tree.applyChanges([
      { path: "/workspace/n", file: file("/workspace/n") },
      { path: "/workspace/n" },
      { path: "/workspace/n", file: file("/workspace/n", "directory") },
    ]);
    expect(tree.rows().filter((row) => row.name === "n")).toMatchObject([{ folder: true }]);
  });

  it("lets a file become a folder and a folder a file", () => {
    const tree = small();
    tree.setOpen("/workspace/src", true);
    tree.setEntries("/workspace/src", [file("/workspace/src/main.rs")]);
    tree.applyChanges([{ path: "/workspace/src", file: file("/workspace/src") }]);
    expect(names(tree)).toEqual(["workspace", "  a.txt", "  B2.txt", "  b10.txt", "  src"]);
  });

  it("forgets what was beneath a folder that is gone", () => {
    const tree = small();
    tree.setOpen("/workspace/src", true);
    tree.setEntries("/workspace/src", [file("/workspace/src/deep", "directory")]);
    tree.setOpen("/workspace/src/deep", true);
    tree.applyChanges([{ path: "/workspace/src" }]);
    expect(tree.openFolders()).toEqual(["/workspace"]);
  });

  it("closes nothing when a folder is listed again and still there", () => {
    const tree = small();
    tree.setOpen("/workspace/src", true);
    tree.setEntries("/workspace", [file("/workspace/src", "directory")]);
    expect(tree.openFolders()).toEqual(["/workspace", "/workspace/src"]);
  });

  it("treats a link to a folder as a folder", () => {
    const tree = small();
    tree.applyChanges([
      {
        path: "/workspace/ln",
        file: file("/workspace/ln", "symlink", { targetIsDirectory: true }),
      },
    ]);
    expect(names(tree).indexOf("  ln")).toBeLessThan(names(tree).indexOf("  src"));
  });

  it("drops changes in folders that it has not listed", () => {
    const tree = small();
    const before = tree.version;
    tree.applyChanges([{ path: "/elsewhere/x", file: file("/elsewhere/x") }]);
    expect(tree.version).toBe(before);
  });

  it("holds 100 000 entries and takes a batch of changes in a few milliseconds", () => {
    const tree = new FileTree("/workspace");
    tree.setEntries(
      "/workspace",
      Array.from({ length: 100_000 }, (_, i) => file(`/workspace/f${i}.txt`)),
    );
    tree.applyChanges(
      Array.from({ length: 2000 }, (_, i) => ({
        path: `/workspace/g${i}`,
        file: file(`/workspace/g${i}`),
      })),
    );
    expect(tree.rows()).toHaveLength(102_001);
    expect(tree.rows()[3]?.name).toBe("f2.txt");
    expect(tree.rowIndex("/workspace/f99999.txt")).toBe(100_000);
  });
});
