import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { mix, rgb, terminalTheme } from "./colors";

const css = readFileSync("src/theme/tokens.css", "utf8");

function tokensOf(theme: "dark" | "light") {
  const [dark = "", light = ""] = css.split('[data-theme="light"]');
  const all = new Map<string, string>();
  for (const part of theme === "dark" ? [dark] : [dark, light])
    for (const [, name = "", value = ""] of part.matchAll(/(--[\w-]+):\s*([^;]+);/g)) all.set(name, value);
  return (name: string) => all.get(name) ?? "";
}

function luminance(hex: string) {
  const [r, g, b] = rgb(hex).map((v) => {
    const c = v / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
}

function contrast(a: string, b: string) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
}

// Black on a dark ground is meant to be dark; xterm's own minimum contrast lifts it where text uses it.
const TEXT = [
  "foreground",
  "red",
  "green",
  "yellow",
  "blue",
  "magenta",
  "cyan",
  "white",
  "brightBlack",
  "brightRed",
  "brightGreen",
  "brightYellow",
  "brightBlue",
  "brightMagenta",
  "brightCyan",
  "brightWhite",
] as const;

describe.each(["dark", "light"] as const)("the %s terminal", (name) => {
  const theme = terminalTheme(tokensOf(name));

  it.each(TEXT)("%s can be read (4.5:1)", (color) => {
    expect(contrast(theme[color] ?? "", theme.background ?? "")).toBeGreaterThanOrEqual(4.5);
  });
});

describe("mixing", () => {
  it("goes from one colour to the other", () => {
    expect(mix("#000000", "#ffffff", 0)).toBe("#000000");
    expect(mix("#000000", "#ff8000", 1)).toBe("#ff8000");
    expect(mix("#000000", "#ffffff", 0.5)).toBe("#808080");
    expect(mix("#000", "#fff", 0.5)).toBe("#808080");
  });
});
