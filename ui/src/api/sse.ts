// Server-sent events, as they come out of a streamed answer.
import { type Call, send } from "./client";

export interface ServerEvent {
  id?: string;
  data: string;
}

/** Cuts a stream of text into server-sent events. Comments and unknown fields are left out. */
export class EventCutter {
  #rest = "";

  /** The events completed by `text`. */
  push(text: string): ServerEvent[] {
    const blocks = (this.#rest + text).replace(/\r\n?/g, "\n").split("\n\n");
    this.#rest = blocks.pop() ?? "";
    return blocks.map(readBlock).filter((event) => event !== undefined);
  }
}

function readBlock(block: string): ServerEvent | undefined {
  const data: string[] = [];
  let id: string | undefined;
  for (const line of block.split("\n")) {
    const [, field, value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === "data") data.push(value);
    if (field === "id") id = value;
  }
  return data.length ? { id, data: data.join("\n") } : undefined;
}

/** The events of an answer, from the moment the server took the request. Throws `ApiFailure` when it is refused. */
export async function openEvents(path: string, request?: Call): Promise<AsyncGenerator<ServerEvent>> {
  return eventsOf(
    await send(path, { ...request, headers: { accept: "text/event-stream", ...request?.headers } }),
  );
}

async function* eventsOf(answer: Response): AsyncGenerator<ServerEvent> {
  const reader = answer.body?.getReader();
  if (!reader) return;
  const decoder = new TextDecoder();
  const cutter = new EventCutter();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read())
      yield* cutter.push(decoder.decode(part.value, { stream: true }));
  } finally {
    // Not awaited: a cancel of a broken stream may never settle.
    reader.cancel().catch(() => {});
  }
}
