/** Paths inside a sandbox: absolute, separated by `/`, without a trailing one. */

export const WORKSPACE = "/workspace";

export function parentOf(path: string): string {
  const cut = path.lastIndexOf("/");
  return cut <= 0 ? "/" : path.slice(0, cut);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function join(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}

/** `path` itself or something beneath it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

/** As a person in `/workspace` would write it. */
export function relativeToWorkspace(path: string): string {
  if (path === WORKSPACE) return ".";
  return isWithin(path, WORKSPACE) ? path.slice(WORKSPACE.length + 1) : path;
}

/** `base` made into an absolute path without `.`, `..` or doubled slashes. */
export function resolvePath(path: string, base: string = WORKSPACE): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${base}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** Paths that are not beneath another path of the same list: what a delete or a move must be told. */
export function topmost(paths: Iterable<string>): string[] {
  const all = new Set(paths);
  return [...all].filter((path) => {
    for (let up = parentOf(path); up !== "/"; up = parentOf(up)) if (all.has(up)) return false;
    return path === "/" || !all.has("/");
  });
}

/** Why a name cannot be a file's, for people; nothing when it can. */
export function nameProblem(name: string, taken: (name: string) => boolean): string | undefined {
  if (name.trim() === "") return "A name is needed.";
  if (name.includes("/")) return "A name cannot hold a slash.";
  if (name.includes("\0")) return "A name cannot hold a NUL character.";
  if (name === "." || name === "..") return `“${name}” means a folder already.`;
  if (new TextEncoder().encode(name).length > 255) return "A name can be at most 255 bytes long.";
  if (taken(name)) return `“${name}” exists here already.`;
  return undefined;
}

/** A free name beside `name`: `a.txt` → `a copy.txt`, `a copy 2.txt`, … */
export function copyName(name: string, taken: (name: string) => boolean): string {
  const dot = name.lastIndexOf(".");
  const [stem, ext] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  const base = stem.replace(/ copy( \d+)?$/, "");
  for (let n = 1; ; n++) {
    const candidate = `${base} copy${n > 1 ? ` ${n}` : ""}${ext}`;
    if (!taken(candidate)) return candidate;
  }
}
