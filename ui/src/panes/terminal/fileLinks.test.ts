import { describe, expect, it } from "vitest";
import { fileLinks } from "./fileLinks";

const places = (text: string) =>
  fileLinks(text).map((p) => `${p.path}|${p.line}|${p.column ?? ""}|${text.slice(p.start, p.end)}`);

describe("places in terminal output", () => {
  it("finds path:line and path:line:column", () => {
    expect(places("tests/test_margin.py:14: AssertionError")).toEqual([
      "tests/test_margin.py|14||tests/test_margin.py:14",
    ]);
    expect(places("  --> src/main.rs:3:7")).toEqual(["src/main.rs|3|7|src/main.rs:3:7"]);
    expect(places("/etc/hosts:1")).toEqual(["/etc/hosts|1||/etc/hosts:1"]);
    expect(places("./a.ts:2 and ../b.ts:3")).toHaveLength(2);
  });

  it("finds a Python traceback's line", () => {
    expect(places('  File "/workspace/a b.py", line 12, in <module>')).toEqual([
      "/workspace/a b.py|12||/workspace/a b.py",
    ]);
    expect(places('  File "<stdin>", line 1')).toEqual([]);
  });

  it("leaves times, URLs and plain numbers alone", () => {
    expect(places("at 12:30:01 it took 3.5:1")).toEqual([]);
    expect(places("http://127.0.0.1:8080/x.html:3")).toEqual([]);
    expect(places("Running on http://localhost.dev:8080")).toEqual([]);
  });
});
