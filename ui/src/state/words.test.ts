import { expect, it } from "vitest";
import type { Engine } from "../api/wire/Engine";
import type { Failure } from "../api/wire/Failure";
import { death, stateWords } from "./words";

const dead = (reason: Failure) => ({ name: "demo", state: "failed" as const, reason });

it("says in a word why a sandbox is dead", () => {
  expect(stateWords(dead({ kind: "out-of-memory", message: "" }))).toBe("out of memory");
  expect(stateWords(dead({ kind: "exited", message: "", exitCode: 3 }))).toBe("exit 3");
  expect(stateWords({ state: "paused" })).toBe("paused");
});

it("offers the limits where memory was the cause, and the engine's own help where it is away", () => {
  expect(death(dead({ kind: "out-of-memory", message: "" })).limits).toBe(true);
  const engine = { state: "unavailable", fixIt: "Start Docker Desktop." } as Engine;
  expect(death(dead({ kind: "engine-gone", message: "" }), engine).advice).toBe("Start Docker Desktop.");
});
