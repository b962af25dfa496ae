import { beforeEach, describe, expect, it, vi } from "vitest";
import type { WatchUse } from "../../api/watch";
import type { FileInfo } from "../../api/wire/FileInfo";
import { FileBrowser } from "./browser";

const api = vi.hoisted(() => ({
  lists: [] as { path: string; give: (files: unknown[]) => void }[],
  watched: new Set<string>(),
  use: undefined as unknown,
}));

vi.mock("../../api/files", () => ({
  listFiles: (_id: string, path: string) =>
    new Promise((give) => {
      api.lists.push({ path, give });
    }),
}));
vi.mock("../../api/watch", () => ({
  FolderWatch: class {
    constructor(_id: string, use: unknown) {
      api.use = use;
    }
    watch = (path: string) => void api.watched.add(path);
    unwatch = (path: string) => void api.watched.delete(path);
    retry = () => {};
    close = () => {};
  },
}));

const use = () => api.use as WatchUse;

function file(path: string, type: FileInfo["type"] = "file"): FileInfo {
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
  };
}

const settle = () => vi.advanceTimersByTimeAsync(20);
const names = (files: FileBrowser) =>
  files.tree
    .rows()
    .slice(1)
    .map((row) => row.name);

async function listed(files: FileBrowser, entries: FileInfo[]) {
  use().watching("/workspace");
  api.lists.pop()?.give(entries);
  await settle();
  return files;
}

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "requestAnimationFrame", "cancelAnimationFrame"],
  });
  api.lists = [];
  api.watched.clear();
  localStorage.clear();
});

function attached() {
  const files = new FileBrowser("demo");
  return { files, leave: files.attach() };
}

describe("the files of a sandbox", () => {
  it("are listed once the folder is watched, so that no change falls between", async () => {
    const { files } = attached();
    expect(api.watched).toEqual(new Set(["/workspace"]));
    expect(api.lists).toHaveLength(0);
    await listed(files, [file("/workspace/a")]);
    expect(names(files)).toEqual(["a"]);
  });

  it("lay what changed during a listing over it", async () => {
    const { files } = attached();
    use().watching("/workspace");
    use().changes([{ path: "/workspace/new", file: file("/workspace/new") }, { path: "/workspace/gone" }]);
    await settle();
    api.lists.pop()?.give([file("/workspace/gone"), file("/workspace/a")]);
    await settle();
    expect(names(files)).toEqual(["a", "new"]);
  });

  it("take many changes in one step for each frame", async () => {
    const { files } = attached();
    await listed(files, []);
    const before = files.tree.version;
    for (let i = 0; i < 100; i++)
      use().changes([{ path: `/workspace/f${i}`, file: file(`/workspace/f${i}`) }]);
    await settle();
    expect(names(files)).toHaveLength(100);
    expect(files.tree.version).toBe(before + 1);
  });

  it("are listed again after a resync, however many come", async () => {
    const { files } = attached();
    await listed(files, []);
    for (let i = 0; i < 20; i++) use().resync("/workspace");
    await vi.advanceTimersByTimeAsync(400);
    expect(api.lists).toHaveLength(1);
    api.lists.pop()?.give([file("/workspace/late")]);
    await settle();
    expect(names(files)).toEqual(["late"]);
  });

  it("are watched only where folders are open", async () => {
    const { files } = attached();
    await listed(files, [file("/workspace/src", "directory")]);
    files.setOpen("/workspace/src", true);
    expect(api.watched.has("/workspace/src")).toBe(true);
    files.collapseAll();
    expect(api.watched).toEqual(new Set(["/workspace"]));
  });

  it("come back with the folders that were open", async () => {
    const { files } = attached();
    await listed(files, [file("/workspace/src", "directory")]);
    files.setOpen("/workspace/src", true);
    api.watched.clear();
    attached();
    expect(api.watched).toEqual(new Set(["/workspace", "/workspace/src"]));
  });

  it("tell an editor when its file may have changed, also in a closed folder", async () => {
    const { files } = attached();
    await listed(files, []);
    const look = vi.fn();
    const leave = files.follow("/workspace/src/app.py", look);
    expect(api.watched.has("/workspace/src")).toBe(true);
    use().changes([{ path: "/workspace/src/app.py", file: file("/workspace/src/app.py") }]);
    use().resync("/workspace/src");
    expect(look).toHaveBeenCalledTimes(2);
    leave();
    expect(api.watched.has("/workspace/src")).toBe(false);
  });
});
