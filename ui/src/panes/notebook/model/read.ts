/** Reads `.ipynb` text. Never guesses at a damaged file: a notebook that is not understood is not overwritten. */
import { isObject, type Json, type JsonObject, type JsonStyle, keysAreSorted, parseJson } from "./json";
import { emptyNotebook } from "./new";
import type { Bundle, Cell, CellType, Notebook, Output } from "./types";

export type UnreadableReason = "not_json" | "not_notebook" | "too_old" | "too_new" | "damaged" | "too_large";

/** Why a file cannot be opened as a notebook. `message` is for people. */
export class UnreadableNotebook extends Error {
  constructor(
    readonly reason: UnreadableReason,
    message: string,
  ) {
    super(message);
  }
}

/** Characters. Above this the window would stall while it parses. */
export const LARGEST = 100 * 1024 * 1024;
const ID = /^[a-zA-Z0-9-_]{1,64}$/;

/** @throws UnreadableNotebook */
export function readNotebook(text: string): Notebook {
  if (text.length > LARGEST)
    throw new UnreadableNotebook("too_large", "This notebook is larger than 100 MiB.");
  // `touch new.ipynb` is a way to begin one.
  if (text.trim() === "") return emptyNotebook();
  const file = parse(text.replace(/^\uFEFF/, ""));
  if (!isObject(file) || !("nbformat" in file)) {
    throw new UnreadableNotebook("not_notebook", "This file is JSON, but not a Jupyter notebook.");
  }
  checkVersion(file.nbformat as Json);
  const { cells, metadata, nbformat: _, nbformat_minor, ...rest } = file;
  if (!Array.isArray(cells)) throw damaged("it has no list of cells");
  const minor = typeof nbformat_minor === "number" ? nbformat_minor : 0;
  return {
    cells: readCells(cells, minor),
    metadata: isObject(metadata) ? metadata : {},
    rest,
    minor,
    style: styleOf(text, file),
  };
}

function parse(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    // A RangeError is nesting deeper than the parser goes; no real notebook does that.
    const cut = error instanceof SyntaxError && /end|unterminated|EOF/i.test(error.message);
    throw new UnreadableNotebook(
      "not_json",
      cut ? "This notebook is cut off: the file ends in the middle." : "This notebook is not valid JSON.",
    );
  }
}

function checkVersion(version: Json): void {
  if (version === 4) return;
  if (typeof version === "number" && version > 4) {
    throw new UnreadableNotebook(
      "too_new",
      `This notebook has format ${version}, which is newer than this version of Sandpit.`,
    );
  }
  if (typeof version === "number") {
    throw new UnreadableNotebook(
      "too_old",
      `This notebook has the old format ${version}. In a terminal: jupyter nbconvert --to notebook --nbformat 4`,
    );
  }
  throw damaged("its format is not a number");
}

function damaged(why: string): UnreadableNotebook {
  return new UnreadableNotebook("damaged", `This notebook is damaged: ${why}.`);
}

function readCells(cells: Json[], minor: number): Cell[] {
  const taken = new Set<string>();
  return cells.map((cell, at) => {
    if (!isObject(cell)) throw damaged(`cell ${at + 1} is not an object`);
    const read = readCell(cell, at, minor);
    // An id used twice would make two cells one; the later gets a new one, as Jupyter does.
    if (taken.has(read.key)) read.key = `${read.key.slice(0, 55)}-${at}`;
    taken.add(read.key);
    return read;
  });
}

function readCell(cell: JsonObject, at: number, minor: number): Cell {
  const { id, cell_type, source, outputs, execution_count, ...rest } = cell;
  const type = cellType(cell_type, at);
  const legal = minor >= 5 && typeof id === "string" && ID.test(id);
  // Formats before 4.5 have no ids. The place in the file is one that survives a reload of the window.
  const key = legal ? id : `cell-${at}`;
  if (!isObject(rest.metadata)) rest.metadata = {};
  return {
    key,
    type,
    source: readText(source, `cell ${at + 1}`),
    outputs: type === "code" && Array.isArray(outputs) ? outputs.map(readOutput) : [],
    count: typeof execution_count === "number" ? execution_count : null,
    rest,
  };
}

function cellType(type: Json | undefined, at: number): CellType {
  if (type === "code" || type === "markdown" || type === "raw") return type;
  throw damaged(`cell ${at + 1} has no known type`);
}

function readText(text: Json | undefined, where: string): string {
  if (text === undefined) return "";
  const joined = joinText(text);
  if (joined === undefined) throw damaged(`the text of ${where} is not text`);
  return joined;
}

/** Text as nbformat keeps it: a string, or a list of lines. Undefined when it is neither. */
export function joinText(text: Json | undefined): string | undefined {
  if (typeof text === "string") return text;
  return Array.isArray(text) && text.every((line) => typeof line === "string") ? text.join("") : undefined;
}

function readOutput(raw: Json): Output {
  if (!isObject(raw)) return { kind: "unknown", raw: { output_type: "unknown" } };
  const text = joinText(raw.text);
  if (raw.output_type === "stream" && text !== undefined) {
    return { kind: "stream", name: raw.name === "stderr" ? "stderr" : "stdout", text, raw };
  }
  if (raw.output_type === "error") {
    const traceback = Array.isArray(raw.traceback) ? raw.traceback.map(String) : [];
    return {
      kind: "error",
      ename: String(raw.ename ?? ""),
      evalue: String(raw.evalue ?? ""),
      traceback,
      raw,
    };
  }
  if ((raw.output_type === "display_data" || raw.output_type === "execute_result") && isObject(raw.data)) {
    return readDisplay(raw, raw.data);
  }
  return { kind: "unknown", raw };
}

function readDisplay(raw: JsonObject, data: Bundle): Output {
  const metadata = isObject(raw.metadata) ? raw.metadata : {};
  if (raw.output_type === "display_data") return { kind: "display", data, metadata, raw };
  const count = typeof raw.execution_count === "number" ? raw.execution_count : null;
  return { kind: "display", data, metadata, result: { count }, raw };
}

/** Jupyter indents by one space and sorts; other editors do not. A file keeps the style it came in. */
function styleOf(text: string, file: JsonObject): JsonStyle {
  const indent = /^\s*\{\r?\n([ \t]+)"/.exec(text)?.[1] ?? (text.includes("\n") ? " " : "");
  return { indent, sorted: keysAreSorted(file) };
}
