/** What one frame of a run does to the outputs of its cell. */
import type { ContextFrame } from "../../../api/wire/ContextFrame";
import { isObject, type Json, type JsonObject } from "../model/json";
import type { DisplayOutput, Output, StreamOutput } from "../model/types";
import { append } from "./text";

export interface Printed {
  outputs: Output[];
  /** `clear_output(wait=True)` was called: the next output replaces what is there. */
  clearing: boolean;
}

/** More than this many outputs of one cell are merged away: the first and the latest stay. */
export const MOST_OUTPUTS = 2000;

/** `before` itself when the frame prints nothing. */
export function print(before: Printed, frame: ContextFrame): Printed {
  switch (frame.type) {
    case "stream":
      return { outputs: stream(started(before), frame.name, frame.text), clearing: false };
    case "display":
      return add(before, display(frame));
    case "result":
      return add(before, { ...display(frame), result: { count: frame.executionCount } });
    case "error": {
      const { ename, evalue, traceback } = frame;
      return add(before, { kind: "error", ename, evalue, traceback });
    }
    case "clear_output":
      return frame.wait ? { ...before, clearing: true } : { outputs: [], clearing: false };
    default:
      return before;
  }
}

/** The display with this id, wherever it is shown, has new content. The same list when none has the id. */
export function update(
  outputs: Output[],
  frame: Extract<ContextFrame, { type: "update_display" }>,
): Output[] {
  const named = (output: Output) => output.kind === "display" && output.displayId === frame.displayId;
  if (!outputs.some(named)) return outputs;
  const { data, metadata } = display(frame);
  return outputs.map((output) =>
    named(output) ? { ...(output as DisplayOutput), data, metadata, raw: undefined } : output,
  );
}

function started({ outputs, clearing }: Printed): Output[] {
  return clearing ? [] : outputs;
}

function add(before: Printed, output: Output): Printed {
  const outputs = [...started(before), output];
  if (outputs.length > MOST_OUTPUTS) outputs.splice(MOST_OUTPUTS / 2, 1);
  return { outputs, clearing: false };
}

function stream(outputs: Output[], name: "stdout" | "stderr", text: string): Output[] {
  const last = outputs.at(-1);
  if (last?.kind !== "stream" || last.name !== name) {
    return add({ outputs, clearing: false }, append<StreamOutput>({ kind: "stream", name, text: "" }, text))
      .outputs;
  }
  return outputs.with(-1, { ...append(last, text), raw: undefined });
}

type Shown = { data: Record<string, unknown>; metadata: Record<string, unknown>; displayId?: string };

function display({ data, metadata, displayId }: Shown): DisplayOutput {
  const clean = Object.fromEntries(
    Object.entries(data).map(([mime, value]) => [mime, asBundled(mime, value as Json)]),
  );
  return {
    kind: "display",
    data: clean,
    metadata: isObject(metadata) ? (metadata as JsonObject) : {},
    displayId,
  };
}

/** nbformat allows only text under a type that is not JSON; a kernel may send anything. */
function asBundled(mime: string, value: Json): Json {
  const isJson = /^application\/(.*\+)?json$/.test(mime);
  const isText =
    typeof value === "string" || (Array.isArray(value) && value.every((line) => typeof line === "string"));
  return isJson || isText ? value : JSON.stringify(value);
}
