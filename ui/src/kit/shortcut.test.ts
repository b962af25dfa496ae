import { expect, it } from "vitest";
import { matches, shortcutText } from "./shortcut";

const key = (code: string, key: string, held: KeyboardEventInit = {}) =>
  new KeyboardEvent("keydown", { code, key, ...held });

it("matches by the cap of the key, so that Shift changes nothing", () => {
  expect(matches("mod+shift+`", key("Backquote", "~", { ctrlKey: true, shiftKey: true }))).toBe(true);
  expect(matches("mod+1", key("Digit1", "1", { ctrlKey: true }))).toBe(true);
  expect(matches("mod+b", key("KeyB", "b", { ctrlKey: true, shiftKey: true }))).toBe(false);
});

it("finds letters where the layout puts them, and by their place on a keyboard of another script", () => {
  expect(matches("mod+z", key("KeyY", "z", { ctrlKey: true }))).toBe(true);
  expect(matches("mod+p", key("KeyP", "з", { ctrlKey: true }))).toBe(true);
});

it("is written as people write it", () => {
  expect(shortcutText("mod+shift+p")).toBe("Ctrl+Shift+P");
  expect(shortcutText("f2")).toBe("F2");
});
