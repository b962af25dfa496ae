/** The sixteen colours of a terminal, taken from the window's tokens so that both themes are one place's work. */
import type { ITheme } from "@xterm/xterm";

/** Reads a token such as `--term`; `#rrggbb` or `#rrggbbaa`. */
export type Token = (name: string) => string;

/** The values in force on the document now. */
export const documentTokens = (): Token => {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(name).trim();
};

type Rgb = [number, number, number];

/** Also of the short form `#fff`, to which a build shortens what it can. */
export function rgb(hex: string): Rgb {
  const short = hex.length < 7;
  const digits = (at: number) => (short ? hex.charAt(at + 1).repeat(2) : hex.slice(at * 2 + 1, at * 2 + 3));
  return [0, 1, 2].map((at) => Number.parseInt(digits(at), 16)) as Rgb;
}

/** `part` of `b` in `a`. */
export function mix(a: string, b: string, part: number): string {
  const [from, to] = [rgb(a), rgb(b)];
  const channel = (at: 0 | 1 | 2) => Math.round(from[at] + (to[at] - from[at]) * part);
  return `#${([0, 1, 2] as const).map((at) => channel(at).toString(16).padStart(2, "0")).join("")}`;
}

/** Bright colours lean towards the text: lighter on dark, darker on light. */
const BRIGHT = 0.25;

export function terminalTheme(token: Token): ITheme {
  const strong = token("--term-bright-white");
  const bright = (name: string) => mix(token(name), strong, BRIGHT);
  return {
    background: token("--term"),
    foreground: token("--text"),
    cursor: token("--accent"),
    cursorAccent: token("--term"),
    selectionBackground: token("--selection"),
    scrollbarSliderBackground: `${token("--text-3")}55`,
    scrollbarSliderHoverBackground: `${token("--text-3")}88`,
    scrollbarSliderActiveBackground: `${token("--text-3")}aa`,
    overviewRulerBorder: token("--term"),
    black: token("--term-black"),
    red: token("--bad"),
    green: token("--ok"),
    yellow: token("--warn"),
    blue: token("--info"),
    magenta: token("--paused"),
    cyan: token("--term-cyan"),
    white: token("--term-white"),
    brightBlack: token("--term-bright-black"),
    brightRed: bright("--bad"),
    brightGreen: bright("--ok"),
    brightYellow: bright("--warn"),
    brightBlue: bright("--info"),
    brightMagenta: bright("--paused"),
    brightCyan: bright("--term-cyan"),
    brightWhite: strong,
  };
}

/** How matches of a search are shown. Opaque, as the search addon wants them. */
export const searchColors = (token: Token) => ({
  matchBackground: mix(token("--term"), token("--accent"), 0.25),
  matchOverviewRuler: mix(token("--term"), token("--accent"), 0.6),
  activeMatchBackground: mix(token("--term"), token("--accent"), 0.55),
  activeMatchColorOverviewRuler: token("--accent"),
});
