/** The notebook as a script in the percent format, which Jupytext, VS Code and Spyder read as cells. */
import type { Cell, Notebook } from "./types";

const COMMENTS: Record<string, string> = {
  python: "#",
  typescript: "//",
  javascript: "//",
  r: "#",
  julia: "#",
};

export function writeScript(notebook: Notebook, language: string): string {
  const comment = COMMENTS[language.toLowerCase()] ?? "#";
  return `${notebook.cells.map((cell) => section(cell, comment)).join("\n\n")}\n`;
}

/** What the file is named after: `.py` and so on, by language. */
export function scriptExtension(language: string): string {
  return (
    { python: ".py", typescript: ".ts", javascript: ".js", r: ".R", julia: ".jl" }[language.toLowerCase()] ??
    ".txt"
  );
}

function section({ type, source }: Cell, comment: string): string {
  if (type === "code") return `${comment} %%\n${guardMagics(source, comment)}`.trimEnd();
  const lines = source.split("\n").map((line) => `${comment} ${line}`.trimEnd());
  return [`${comment} %% [${type}]`, ...lines].join("\n");
}

/** Lines that only IPython understands are comments in a plain script, as Jupytext writes them. */
function guardMagics(source: string, comment: string): string {
  if (comment !== "#") return source;
  return source.replace(/^(?=\s*(?:[%!]|\?\w))/gm, "# ");
}
