import { expect, it } from "vitest";
import { bestFiles } from "./best";

const paths = ["src/server/index.ts", "index.html", "docs/notes.md", "src/server.py"];

it("puts the file whose name was typed before one that only holds the letters", () => {
  expect(bestFiles(paths, "server.py")[0]).toBe("src/server.py");
  expect(bestFiles(paths, "zzz")).toEqual([]);
});

it("shows the shortest paths while nothing was typed", () => {
  expect(bestFiles(paths, " ")[0]).toBe("index.html");
});
