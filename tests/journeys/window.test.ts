/** The journey in the real window, and what a person finds after the app ended. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newPlace, type Place } from "../support/place.ts";
import { leaveNothing } from "../support/served.ts";
import { type Journey, journey, walk } from "./steps.ts";
import { on, Person } from "./support/person.ts";
import { openWindow, type Window } from "./support/window.ts";

let place: Place;
let window: Window;
let at: Journey;

beforeAll(async () => {
  place = newPlace();
  window = await openWindow(place);
  at = { person: new Person(window), dataDir: place.dataDir, id: "" };
});

afterAll(async () => {
  await window?.close();
  if (place) await leaveNothing(place);
});

describe("in the window", () => {
  for (const step of journey) it(step[0], () => walk(at, step));
});

describe("after the app is killed", () => {
  it("makes a sandbox with a terminal and a kernel that hold something", async () => {
    const { person } = at;
    await window.click(on("new-sandbox"));
    await person.reads("$");
    at.id = await person.sandboxId();
    await person.enters("for i in 1 2 3; do echo number $i; done; held=in-the-shell");
    await person.reads("number 3");
    await person.commands("New Python notebook");
    await window.see(on("cell-editor"));
    const cell = await person.runs("held = 'in the kernel'; held");
    await person.outputs(cell, "in the kernel", 40_000);
  });

  it("the sandbox runs, the terminal is replayed and goes on, the kernel holds its variables", async () => {
    await window.kill();
    window = await openWindow(place);
    at.person = new Person(window);
    const { person } = at;
    await person.stateIs(at.id, "running", 30_000);
    await window.click(on(`sandbox-${at.id}`));
    await window.see(on("cells"), 30_000);
    const cell = await person.runs("held.upper()");
    await person.outputs(cell, "IN THE KERNEL", 40_000);
    await person.lastTerminal();
    await person.reads(/number 1\nnumber 2\nnumber 3/);
    await person.enters("echo still $held");
    await person.reads("still in-the-shell");
    await window.picture("f3-after-a-restart");
    expect(await window.count(on("tab-terminal"))).toBe(1);
  });
});
