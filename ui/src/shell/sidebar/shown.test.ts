import { expect, it } from "vitest";
import type { Sandbox } from "../../api/wire/Sandbox";
import { shown } from "./shown";

const one = (name: string, state: Sandbox["state"]) =>
  ({ id: name, name, state, engine: "embedded", image: "host" }) as Sandbox;
const all = [one("b10", "stopped"), one("b9", "running"), one("a", "paused")];
const names = (list: Sandbox[]) => list.map(({ name }) => name);

it("keeps the order it is given, or orders by name as people count, or by what runs", () => {
  expect(names(shown(all, undefined, "age"))).toEqual(["b10", "b9", "a"]);
  expect(names(shown(all, undefined, "name"))).toEqual(["a", "b9", "b10"]);
  expect(names(shown(all, undefined, "state"))).toEqual(["b9", "a", "b10"]);
});

it("filters by name, engine, image or state", () => {
  expect(names(shown(all, "RUNN", "age"))).toEqual(["b9"]);
});
