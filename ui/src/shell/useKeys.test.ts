import { afterEach, beforeEach, expect, it } from "vitest";
import { type Command, register } from "../state/commands";
import { defaultSettings, set } from "../state/settings";
import { commandFor } from "./useKeys";

const command = (id: string, shortcut: string, rest: Partial<Command> = {}): Command => ({
  id,
  title: id,
  shortcut,
  run: () => {},
  ...rest,
});

let drop = () => {};
beforeEach(() => {
  set(defaultSettings);
  document.body.innerHTML = `<div class="xterm"><textarea id="term"></textarea></div><input id="field"><p id="else"></p>`;
});
afterEach(() => drop());

function press(at: string, key: string, code: string, held: KeyboardEventInit = {}) {
  const event = new KeyboardEvent("keydown", { key, code, bubbles: true, ...held });
  document.getElementById(at)?.dispatchEvent(event);
  return commandFor(event)?.id;
}

it("runs its own chords in a terminal too, and leaves it the plain keys", () => {
  drop = register([command("sidebar", "mod+b"), command("rename", "f2")]);
  expect(press("term", "b", "KeyB", { ctrlKey: true })).toBe("sidebar");
  expect(press("term", "F2", "F2")).toBeUndefined();
  expect(press("else", "F2", "F2")).toBe("rename");
  expect(press("field", "F2", "F2")).toBeUndefined();
});

it("leaves a terminal the chords that were given to it", () => {
  drop = register([command("sidebar", "mod+b")]);
  set({ terminalKeeps: ["sidebar"] });
  expect(press("term", "b", "KeyB", { ctrlKey: true })).toBeUndefined();
  expect(press("else", "b", "KeyB", { ctrlKey: true })).toBe("sidebar");
});

it("prefers the command registered last among those that can run now", () => {
  drop = register([
    command("find everywhere", "mod+f"),
    command("find here", "mod+f"),
    command("find nowhere", "mod+f", { when: () => false }),
  ]);
  expect(press("else", "f", "KeyF", { ctrlKey: true })).toBe("find here");
});
