import { describe, expect, it } from "vitest";
import { back, canGoBack, goTo, pathOf, reload, startTrail, typedPath, wentOn } from "./history";

const url = "http://8000-demo-abc.localhost:7071/";

describe("a preview's trail", () => {
  it("goes back to the address before, and forgets what came after when another is asked for", () => {
    const there = goTo(goTo(startTrail("/"), "/a"), "/b");
    expect(pathOf(back(there))).toBe("/a");
    expect(goTo(back(there), "/c").paths).toEqual(["/", "/a", "/c"]);
    expect(canGoBack(back(back(there)))).toBe(false);
  });

  it("goes back inside the page first when it went on by itself", () => {
    const inside = wentOn(goTo(startTrail("/"), "/a"));
    expect(pathOf(back(inside))).toBe("/a");
    expect(back(inside).loads).toBe(inside.loads);
    expect(pathOf(back(back(inside)))).toBe("/");
  });

  it("loads again what is shown", () => {
    expect(reload(startTrail("/x"))).toEqual({ paths: ["/x"], at: 0, within: 0, loads: 1 });
  });
});

describe("a typed address", () => {
  it.each([
    ["/docs?q=1#top", "/docs?q=1#top"],
    ["docs", "/docs"],
    ["", "/"],
    ["localhost:8000/x", "/x"],
    ["http://127.0.0.1:8000", "/"],
    [`${url}deep/er`, "/deep/er"],
  ])("%s is a path of the port", (typed, path) => {
    expect(typedPath(typed, url)).toBe(path);
  });

  it.each(["https://example.com/", "//example.com/x", "javascript:alert(1)"])(
    "%s stays here or is refused",
    (typed) => {
      const path = typedPath(typed, url);
      if (path !== undefined) expect(new URL(path, url).origin).toBe(new URL(url).origin);
    },
  );
});
