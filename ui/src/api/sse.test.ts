import { expect, it } from "vitest";
import { EventCutter } from "./sse";

it("cuts events out of text that arrives in pieces, and leaves comments out", () => {
  const cutter = new EventCutter();
  expect(cutter.push(": alive\n\nid: 7\ndata: {")).toEqual([]);
  expect(cutter.push('"a":1}\n\ndata: x\ndata: y\n\n')).toEqual([
    { id: "7", data: '{"a":1}' },
    { id: undefined, data: "x\ny" },
  ]);
});

it("reads lines that end in carriage return and line feed", () => {
  expect(new EventCutter().push("data: a\r\n\r\n")).toEqual([{ id: undefined, data: "a" }]);
});
