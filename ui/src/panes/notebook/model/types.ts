/** A notebook in memory: what nbformat 4 says, with multi-line text joined and everything unknown kept. */
import type { Stream } from "../run/text";
import type { JsonObject, JsonStyle } from "./json";

export type CellType = "code" | "markdown" | "raw";

/** A MIME bundle; text as a string, or as the lines that a file holds. JSON types hold JSON. */
export type Bundle = JsonObject;

export interface StreamOutput extends Stream {
  kind: "stream";
  name: "stdout" | "stderr";
}

export interface DisplayOutput {
  kind: "display";
  data: Bundle;
  metadata: JsonObject;
  /** Names it for later updates, while the kernel lives; never saved. */
  displayId?: string;
  /** Set on the value of a cell (`execute_result`), absent on what it displayed. */
  result?: { count: number | null };
}

export interface ErrorOutput {
  kind: "error";
  ename: string;
  evalue: string;
  traceback: string[];
}

/** A kind of output this version does not know. Shown as JSON, saved as it was. */
export interface UnknownOutput {
  kind: "unknown";
}

export type Output = (StreamOutput | DisplayOutput | ErrorOutput | UnknownOutput) & {
  /** As the file has it, while nothing changed it. */
  raw?: JsonObject;
};

export interface Cell {
  /** Stable while the notebook is open; the nbformat cell id where the format has ids. */
  key: string;
  type: CellType;
  source: string;
  outputs: Output[];
  count: number | null;
  /** Every field of the file's cell that the model does not hold. */
  rest: JsonObject;
}

export interface Notebook {
  cells: Cell[];
  metadata: JsonObject;
  /** Top-level fields besides cells, metadata and the version. */
  rest: JsonObject;
  minor: number;
  style: JsonStyle;
}
