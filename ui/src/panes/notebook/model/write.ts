/** Writes `.ipynb` text as Jupyter's own `nbformat.write` would. */
import { textOf } from "../run/text";
import { type Json, type JsonObject, writeJson } from "./json";
import type { Bundle, Cell, Notebook, Output } from "./types";

/** Python's `str.splitlines(True)`, which nbformat splits by. */
const ENDS = `\n\r\v\f${String.fromCharCode(0x1c)}-${String.fromCharCode(0x1e)}\x85\u2028\u2029`;
const LINE = new RegExp(`[^${ENDS}]*(?:\r\n|[${ENDS}])|[^${ENDS}]+$`, "g");
const SPLIT_TOO = new Set(["application/javascript", "image/svg+xml"]);

export function writeNotebook(notebook: Notebook): string {
  const { cells, metadata, rest, minor, style } = notebook;
  const file: JsonObject = {
    cells: cells.map((cell) => writeCell(cell, minor)),
    metadata,
    nbformat: 4,
    nbformat_minor: minor,
    ...rest,
  };
  return `${writeJson(file, style)}\n`;
}

function writeCell({ key, type, source, outputs, count, rest }: Cell, minor: number): JsonObject {
  const cell: JsonObject = { cell_type: type };
  if (type === "code") cell.execution_count = count;
  if (minor >= 5) cell.id = key;
  Object.assign(cell, rest);
  if (type === "code") cell.outputs = outputs.map(writeOutput);
  cell.source = splitLines(source);
  return cell;
}

export function writeOutput(output: Output): JsonObject {
  if (output.raw) return output.raw;
  switch (output.kind) {
    case "stream":
      return { name: output.name, output_type: "stream", text: splitLines(textOf(output)) };
    case "error": {
      const { ename, evalue, traceback } = output;
      return { ename, evalue, output_type: "error", traceback };
    }
    case "display": {
      const { metadata, result } = output;
      const data = splitBundle(output.data);
      if (!result) return { data, metadata, output_type: "display_data" };
      return { data, execution_count: result.count, metadata, output_type: "execute_result" };
    }
    case "unknown":
      return { name: "stdout", output_type: "stream", text: [] };
  }
}

function splitBundle(bundle: Bundle): Bundle {
  return Object.fromEntries(Object.entries(bundle).map(([mime, value]) => [mime, splitValue(mime, value)]));
}

function splitValue(mime: string, value: Json): Json {
  const lines = mime.startsWith("text/") || SPLIT_TOO.has(mime);
  return lines && typeof value === "string" ? splitLines(value) : value;
}

export function splitLines(text: string): string[] {
  return text.match(LINE) ?? [];
}
