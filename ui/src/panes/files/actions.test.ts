import { beforeEach, describe, expect, it, vi } from "vitest";
import { download } from "./actions";
import type { FileBrowser } from "./browser";

const saved = vi.hoisted(() => [] as unknown[]);

vi.mock("../../host", () => ({
  host: {
    platform: { modifier: "Ctrl" },
    saveFile: (...call: unknown[]) => {
      saved.push(call);
      return Promise.resolve(true);
    },
  },
}));

const browser = (folder: boolean) =>
  ({ sandboxId: "demo", tree: { entry: () => ({ folder }) } }) as unknown as FileBrowser;

beforeEach(() => {
  saved.length = 0;
});

describe("a download", () => {
  it("of a file is the file", async () => {
    await download(browser(false), "/workspace/a b.txt");
    const path = "/v1/sandboxes/demo/api/files/raw?path=%2Fworkspace%2Fa+b.txt&download=1";
    expect(saved).toEqual([["a b.txt", { path }]]);
  });

  it("of a folder is an archive of it", async () => {
    await download(browser(true), "/workspace/src");
    const path = "/v1/sandboxes/demo/api/files/archive?path=%2Fworkspace%2Fsrc";
    expect(saved).toEqual([["src.tar", { path }]]);
  });
});
