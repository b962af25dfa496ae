import { expect, it } from "vitest";
import { age, bytes, bytesOf, count, millis } from "./format";

it("tells sizes as people read them", () => {
  expect([0, 512, 1536, 84 * 2 ** 20, 3 * 2 ** 30].map(bytes)).toEqual([
    "0 B",
    "512 B",
    "1.5 KiB",
    "84 MiB",
    "3.0 GiB",
  ]);
});

it("tells a part of a whole with one unit where it can", () => {
  expect(bytesOf(84 * 2 ** 20, 512 * 2 ** 20)).toBe("84 of 512 MiB");
  expect(bytesOf(84 * 2 ** 20, 2 ** 31)).toBe("84 MiB of 2.0 GiB");
});

it("tells times and ages in their own unit", () => {
  expect([0.94, 12.3, 1234].map(millis)).toEqual(["0.9 ms", "12 ms", "1.2 s"]);
  const now = Date.parse("2026-01-02T00:00:00Z");
  expect(
    ["2026-01-01T23:59:50Z", "2026-01-01T23:48:00Z", "2026-01-01T20:59:00Z", "2025-12-28T00:00:00Z"].map(
      (at) => age(at, now),
    ),
  ).toEqual(["now", "12 min", "3 h", "5 d"]);
});

it("counts one and many", () => {
  expect([count(1, "process", "processes"), count(5, "process", "processes")]).toEqual([
    "1 process",
    "5 processes",
  ]);
});
