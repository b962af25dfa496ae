import { describe, expect, it } from "vitest";
import { newCell } from "../model/new";
import { ask, type Mark, NO_RUNS } from "../run/runs";
import { countText, durationText, endWords, standing } from "./standing";

const cell = { ...newCell("code", "x"), key: "a", count: 3 };
const mark: Mark = { status: "ok", source: "x", life: 0, durationMs: 5 };
const ran = (change: Partial<Mark>) => standing(cell, { ...NO_RUNS, marks: { a: { ...mark, ...change } } });

describe("a cell", () => {
  it("counts as it stands", () => {
    expect(countText(standing({ ...cell, count: null }, NO_RUNS), null)).toBe("[ ]");
    const asked = ask(NO_RUNS, cell, "r");
    expect(countText(standing(cell, asked), 3)).toBe("[…]");
    const [request] = asked.requests;
    const running = { ...asked, requests: request ? [{ ...request, state: "running" as const }] : [] };
    expect(countText(standing(cell, running), 3)).toBe("[*]");
    expect(countText(ran({}), 3)).toBe("3");
  });

  it("is stale when its text or its kernel is another", () => {
    expect(ran({}).stale).toBeUndefined();
    expect(ran({ source: "y" }).stale).toBe("edited");
    expect(ran({ life: -1 }).stale).toBe("earlier");
    expect(standing(cell, NO_RUNS).stale).toBe("earlier");
  });

  it("that was stopped before its turn says so", () => {
    expect(endWords(ran({ status: "aborted" }))).toContain("Not run");
  });
});

describe("a duration", () => {
  it.each([
    [87, "0.09 s"],
    [4200, "4.20 s"],
    [42_000, "42.0 s"],
    [125_000, "2 min 5 s"],
    [7_260_000, "2 h 1 min"],
  ])("of %i ms reads %s", (ms, text) => expect(durationText(ms)).toBe(text));
});
