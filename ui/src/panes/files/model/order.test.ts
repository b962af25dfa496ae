import { describe, expect, it } from "vitest";
import { compareEntries, mergeSorted, orderKey } from "./order";

const entry = (name: string, folder = false) => ({
  name,
  folder,
  key: orderKey(name),
});
const sorted = (...names: string[]) =>
  names
    .map((name) => entry(name))
    .sort(compareEntries)
    .map((e) => e.name);

describe("the order of names", () => {
  it("counts numbers", () => {
    expect(sorted("f10", "f9", "f100", "f1")).toEqual(["f1", "f9", "f10", "f100"]);
  });

  it("does not care for leading zeros or case, yet is total", () => {
    expect(sorted("b", "A", "a", "B")).toEqual(["A", "a", "B", "b"]);
    expect(sorted("x02", "x1", "x2", "x10")).toEqual(["x1", "x02", "x2", "x10"]);
  });

  it("keeps a number before letters and after nothing", () => {
    expect(sorted("a", "a1", "aa")).toEqual(["a", "a1", "aa"]);
  });

  it("merges without losing or doubling", () => {
    const a = ["a", "c", "e"].map((n) => entry(n));
    const b = ["b", "c", "f"].map((n) => entry(n));
    expect(mergeSorted(a, b).map((e) => e.name)).toEqual(["a", "b", "c", "c", "e", "f"]);
    expect(mergeSorted([], b)).toHaveLength(3);
  });
});
