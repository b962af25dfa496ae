import { describe, expect, it } from "vitest";
import { mayDrop } from "./drop";
import { only, pick, typeahead } from "./selection";
import type { Row } from "./tree";

const rows = ["a", "b", "bc", "c", "d"].map(
  (name): Row => ({ name, path: `/w/${name}`, depth: 1, folder: false, open: false, loading: false }),
);
const names = (selection: { paths: ReadonlySet<string> }) =>
  [...selection.paths].map((p) => p.slice(3)).join("");

describe("selecting", () => {
  it("takes one row by a click", () => {
    expect(names(pick(only("/w/a"), rows, "/w/c"))).toBe("c");
  });

  it("adds and takes away with Ctrl", () => {
    const two = pick(only("/w/a"), rows, "/w/c", { toggle: true });
    expect(names(two)).toBe("ac");
    expect(names(pick(two, rows, "/w/a", { toggle: true }))).toBe("c");
  });

  it("takes a range with Shift, from where it began, in both directions", () => {
    const down = pick(only("/w/b"), rows, "/w/c", { range: true });
    expect(names(down)).toBe("bbcc");
    expect(names(pick(down, rows, "/w/a", { range: true }))).toBe("ab");
  });

  it("begins anew when the start of a range is gone", () => {
    expect(names(pick(only("/w/gone"), rows, "/w/c", { range: true }))).toBe("c");
  });
});

describe("typing a name", () => {
  it("goes to the next one with that letter, and round", () => {
    expect(typeahead(rows, 0, "b")).toBe(1);
    expect(typeahead(rows, 1, "b")).toBe(2);
    expect(typeahead(rows, 2, "b")).toBe(1);
  });

  it("stays where a longer word fits", () => {
    expect(typeahead(rows, 2, "bc")).toBe(2);
    expect(typeahead(rows, 0, "zz")).toBe(-1);
  });
});

describe("a drop", () => {
  it("is refused into itself, beneath itself and to where it is", () => {
    expect(mayDrop(["/w/a"], "/w/a", false)).toBe(false);
    expect(mayDrop(["/w/a"], "/w/a/b", true)).toBe(false);
    expect(mayDrop(["/w/a"], "/w", false)).toBe(false);
    expect(mayDrop([], "/w", false)).toBe(false);
  });

  it("is taken elsewhere, and a copy also where it is", () => {
    expect(mayDrop(["/w/a"], "/w/ab", false)).toBe(true);
    expect(mayDrop(["/w/a"], "/w", true)).toBe(true);
    expect(mayDrop(["/w/a", "/w/x/b"], "/w", false)).toBe(true);
  });
});
