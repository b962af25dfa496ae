import { expect, it } from "vitest";
import { folderOf } from "./folder";

it("reads the folder a shell tells, encoded or not", () => {
  expect(folderOf("file://demo/workspace/a b")).toBe("/workspace/a b");
  expect(folderOf("file:///workspace/100%25")).toBe("/workspace/100%");
  expect(folderOf("file://demo/workspace/100%")).toBe("/workspace/100%");
});

it("takes nothing else for a folder", () => {
  expect(folderOf("https://example.org/x")).toBeUndefined();
  expect(folderOf(`file:///${"x".repeat(5000)}`)).toBeUndefined();
});
