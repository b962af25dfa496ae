import { describe, expect, it } from "vitest";
import { createOf, emptyWish, idOf, patchOf, readEnv, wishOf, wrongOf } from "./wish";

const wish = {
  ...emptyWish("embedded"),
  name: "My Demo",
  labels: "team=search",
  env: "A=1\n# no\n\nexport B='two words'",
  cpus: "1.5",
};

describe("the new-sandbox form", () => {
  it("makes a request that names only what was filled in", () => {
    expect(createOf(wish, [])).toEqual({
      id: "my-demo",
      name: "My Demo",
      engine: "embedded",
      env: { A: "1", B: "two words" },
      labels: { team: "search" },
      limits: { cpus: 1.5 },
      network: { mode: "off" },
      keepAlive: false,
    });
  });

  it("leaves the id to the gateway when the name's own is taken or cannot be one", () => {
    expect(createOf(wish, ["my-demo"]).id).toBeUndefined();
    expect(idOf("日本")).toBeUndefined();
  });

  it("says which line of the variables is wrong", () => {
    expect(readEnv("A=1\nnonsense").wrong).toBe("Line 2 is not NAME=value.");
  });

  it("finds what is wrong in each field", () => {
    const found = wrongOf({ ...wish, cpus: "-1", memoryMiB: "1.5", sleepAfter: "soon" });
    expect(Object.keys(found).sort()).toEqual(["cpus", "memoryMiB", "sleepAfter"]);
    expect(wrongOf(wish)).toEqual({});
  });

  it("sends seconds as a number and units as text, and neither when it is kept alive", () => {
    expect(patchOf({ ...wish, sleepAfter: "90" }).sleepAfter).toBe(90);
    expect(patchOf({ ...wish, sleepAfter: "10m" }).sleepAfter).toBe("10m");
    expect(patchOf({ ...wish, sleepAfter: "10m", keepAlive: true })).not.toHaveProperty("sleepAfter");
  });

  it("shows a record as it would be typed", () => {
    const one = {
      id: "x",
      name: "x",
      engine: "embedded",
      image: "host",
      state: "running" as const,
      createdAt: "",
      env: { A: "1" },
      limits: { memoryMiB: 512 },
      network: { mode: "on" as const },
      sleepAfter: 600,
      keepAlive: false,
      labels: {},
      ports: [],
    };
    expect(wishOf(one)).toMatchObject({ env: "A=1", memoryMiB: "512", network: true, sleepAfter: "10m" });
  });
});
