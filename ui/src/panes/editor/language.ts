/** The language of a file by its name. Each is loaded when a file of it is opened. */
import type { LanguageSupport, StreamParser } from "@codemirror/language";
import { StreamLanguage, LanguageSupport as Support } from "@codemirror/language";

export interface Language {
  name: string;
  /** What a new line is indented by where the file itself does not show it. */
  indent: string;
  load(): Promise<LanguageSupport>;
}

const language = (name: string, load: Language["load"], indent = "  "): Language => ({ name, load, indent });

const legacy = (name: string, parser: () => Promise<StreamParser<unknown>>, indent = "  ") =>
  language(name, async () => new Support(StreamLanguage.define(await parser())), indent);

const script = (name: string, options: { jsx?: boolean; typescript?: boolean }) =>
  language(name, async () => (await import("@codemirror/lang-javascript")).javascript(options));
const clike = (name: string, pick: "java" | "csharp" | "kotlin" | "scala" | "dart") =>
  legacy(name, async () => (await import("@codemirror/legacy-modes/mode/clike"))[pick], "    ");

const python = language("Python", async () => (await import("@codemirror/lang-python")).python(), "    ");
const cpp = language("C++", async () => (await import("@codemirror/lang-cpp")).cpp());
const html = language("HTML", async () => (await import("@codemirror/lang-html")).html());
const css = language("CSS", async () => (await import("@codemirror/lang-css")).css());
const json = language("JSON", async () => (await import("@codemirror/lang-json")).json());
const xml = language("XML", async () => (await import("@codemirror/lang-xml")).xml());
const yaml = language("YAML", async () => (await import("@codemirror/lang-yaml")).yaml());
const shell = legacy("Shell", async () => (await import("@codemirror/legacy-modes/mode/shell")).shell);
const properties = legacy(
  "Properties",
  async () => (await import("@codemirror/legacy-modes/mode/properties")).properties,
);
const docker = legacy(
  "Dockerfile",
  async () => (await import("@codemirror/legacy-modes/mode/dockerfile")).dockerFile,
  "    ",
);
const cmake = legacy("CMake", async () => (await import("@codemirror/legacy-modes/mode/cmake")).cmake);
const ruby = legacy("Ruby", async () => (await import("@codemirror/legacy-modes/mode/ruby")).ruby);
const typescript = script("TypeScript", { typescript: true });
const javascript = script("JavaScript", { jsx: true });

/** Markdown, with the usual languages inside its fences. */
const markdown = language("Markdown", async () => {
  const { markdown } = await import("@codemirror/lang-markdown");
  const { LanguageDescription } = await import("@codemirror/language");
  const fences = [python, javascript, typescript, json, html, css, shell, yaml];
  const codeLanguages = fences.map(({ name, load }) =>
    LanguageDescription.of({ name, alias: FENCES[name] ?? [], load }),
  );
  return markdown({ codeLanguages });
});
const FENCES: Record<string, string[]> = {
  Python: ["py"],
  JavaScript: ["js", "jsx"],
  TypeScript: ["ts", "tsx"],
  Shell: ["sh", "bash", "console"],
};

const byExtension: Record<string, Language> = {
  py: python,
  pyi: python,
  pyw: python,
  js: javascript,
  jsx: javascript,
  mjs: javascript,
  cjs: javascript,
  ts: typescript,
  mts: typescript,
  cts: typescript,
  tsx: script("TypeScript", { typescript: true, jsx: true }),
  json,
  jsonc: json,
  ipynb: json,
  webmanifest: json,
  html,
  htm: html,
  vue: html,
  css,
  scss: css,
  less: css,
  md: markdown,
  markdown,
  rs: language("Rust", async () => (await import("@codemirror/lang-rust")).rust(), "    "),
  go: language("Go", async () => (await import("@codemirror/lang-go")).go(), "\t"),
  c: language("C", cpp.load, "    "),
  h: cpp,
  cc: cpp,
  cpp,
  cxx: cpp,
  hpp: cpp,
  sql: language("SQL", async () => (await import("@codemirror/lang-sql")).sql()),
  xml,
  svg: xml,
  yml: yaml,
  yaml,
  sh: shell,
  bash: shell,
  zsh: shell,
  env: properties,
  ini: properties,
  cfg: properties,
  conf: properties,
  properties,
  toml: legacy("TOML", async () => (await import("@codemirror/legacy-modes/mode/toml")).toml),
  java: clike("Java", "java"),
  cs: clike("C#", "csharp"),
  kt: clike("Kotlin", "kotlin"),
  scala: clike("Scala", "scala"),
  dart: clike("Dart", "dart"),
  rb: ruby,
  lua: legacy("Lua", async () => (await import("@codemirror/legacy-modes/mode/lua")).lua),
  pl: legacy("Perl", async () => (await import("@codemirror/legacy-modes/mode/perl")).perl),
  r: legacy("R", async () => (await import("@codemirror/legacy-modes/mode/r")).r),
  jl: legacy("Julia", async () => (await import("@codemirror/legacy-modes/mode/julia")).julia, "    "),
  swift: legacy("Swift", async () => (await import("@codemirror/legacy-modes/mode/swift")).swift, "    "),
  hs: legacy("Haskell", async () => (await import("@codemirror/legacy-modes/mode/haskell")).haskell),
  ps1: legacy(
    "PowerShell",
    async () => (await import("@codemirror/legacy-modes/mode/powershell")).powerShell,
  ),
  proto: legacy(
    "Protocol Buffers",
    async () => (await import("@codemirror/legacy-modes/mode/protobuf")).protobuf,
  ),
  diff: legacy("Diff", async () => (await import("@codemirror/legacy-modes/mode/diff")).diff),
  patch: legacy("Diff", async () => (await import("@codemirror/legacy-modes/mode/diff")).diff),
  tex: legacy("LaTeX", async () => (await import("@codemirror/legacy-modes/mode/stex")).stex),
  cmake,
  dockerfile: docker,
};

const byName: Record<string, Language> = {
  dockerfile: docker,
  containerfile: docker,
  "cmakelists.txt": cmake,
  gemfile: ruby,
  rakefile: ruby,
  ".bashrc": shell,
  ".bash_profile": shell,
  ".profile": shell,
  ".zshrc": shell,
  ".gitconfig": properties,
  ".editorconfig": properties,
  ".env": properties,
};

/** Nothing for plain text. */
export function languageOf(path: string): Language | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  const dot = name.lastIndexOf(".");
  return byName[name] ?? (dot >= 0 ? byExtension[name.slice(dot + 1)] : undefined);
}
