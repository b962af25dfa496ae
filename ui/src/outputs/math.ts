/** TeX inside Markdown, as Jupyter reads it: `$…$`, `$$…$$`, `\(…\)`, `\[…\]` and bare environments. */
import katex from "katex";
import type { MarkdownIt } from "markdown-it";
import "katex/dist/katex.min.css";

const ENVIRONMENT = /^\\begin\{([a-z]+\*?)\}[\s\S]*?\\end\{\1\}/i;
/** Opening, closing, and whether it stands on lines of its own. The longer first. */
const FENCES: [string, string, boolean][] = [
  ["$$", "$$", true],
  ["\\[", "\\]", true],
  ["\\(", "\\)", false],
  ["$", "$", false],
];

/** TeX as HTML. What cannot be read shows in red as it stands, never as an exception. */
export function texToHtml(tex: string, displayMode: boolean): string {
  return katex.renderToString(tex, {
    displayMode,
    throwOnError: false,
    strict: false,
    trust: false,
    maxSize: 40,
    maxExpand: 500,
  });
}

export interface Found {
  tex: string;
  display: boolean;
  length: number;
}

/** The TeX that begins right at `at`. */
export function texAt(source: string, at: number): Found | undefined {
  const environment = source[at] === "\\" ? ENVIRONMENT.exec(source.slice(at))?.[0] : undefined;
  if (environment) return { tex: environment, display: true, length: environment.length };
  for (const [open, close, display] of FENCES) {
    if (!source.startsWith(open, at)) continue;
    const end = closing(source, at + open.length, close);
    if (end < 0) continue;
    const tex = source.slice(at + open.length, end);
    if (open === "$" && !isInline(tex, source[end + 1])) continue;
    return tex.trim() ? { tex, display, length: end + close.length - at } : undefined;
  }
  return undefined;
}

function closing(source: string, from: number, close: string): number {
  let end = source.indexOf(close, from);
  while (end > 0 && close.startsWith("$") && source[end - 1] === "\\") end = source.indexOf(close, end + 1);
  return end;
}

/** "$5 and $6" is money: no space inside the dollars, no digit after them, one paragraph. */
const isInline = (tex: string, after = "") => !/^\s|\s$|\n\s*\n/.test(tex) && !/\d/.test(after);

export function mathPlugin(markdown: MarkdownIt): void {
  markdown.inline.ruler.before("escape", "math", (state, silent) => {
    const character = state.src[state.pos];
    if (character !== "$" && character !== "\\") return false;
    const found = texAt(state.src, state.pos);
    if (!found) return false;
    if (!silent) state.push("math", "", 0).content = texToHtml(found.tex, found.display);
    state.pos += found.length;
    return true;
  });
  markdown.block.ruler.before(
    "fence",
    "math_block",
    (state, startLine, endLine, silent) => {
      const start = (state.bMarks[startLine] ?? 0) + (state.tShift[startLine] ?? 0);
      if (!/^(\$\$|\\\[|\\begin\{)/.test(state.src.slice(start, start + 10))) return false;
      const found = texAt(state.src.slice(0, state.eMarks[endLine - 1]), start);
      const last = found && lineOf(state.bMarks, start + found.length, startLine, endLine);
      if (
        !found ||
        last === undefined ||
        state.src.slice(start + found.length, state.eMarks[last]).trim() !== ""
      )
        return false;
      if (!silent) state.push("math", "", 0).content = texToHtml(found.tex, true);
      state.line = last + 1;
      return true;
    },
    { alt: ["paragraph"] },
  );
  markdown.renderer.rules.math = (tokens, at) => tokens[at]?.content ?? "";
}

/** The line that holds the character before `end`. */
function lineOf(starts: number[], end: number, from: number, to: number): number | undefined {
  for (let line = to - 1; line >= from; line--) if ((starts[line] ?? 0) < end) return line;
  return undefined;
}
