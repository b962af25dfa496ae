/** Server-sent events as they arrive, one JSON each. */
export interface Event {
  type: string;
  data?: string;
  exitCode?: number;
  code?: string;
  [field: string]: unknown;
}

export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<Event> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) {
    const text = decoder.decode(bytes, { stream: true });
    parts.push(text);
    if (!text.includes("\n")) continue;
    const lines = parts.join("").split("\n");
    parts = [lines.pop() ?? ""];
    for (const line of lines) if (line.startsWith("data: ")) yield JSON.parse(line.slice(6)) as Event;
  }
}

/** How a stream ended: its last event, or that the connection broke before one. */
export async function last(stream: AsyncIterable<Event>): Promise<{ events: Event[]; broken: boolean }> {
  const seen: Event[] = [];
  try {
    for await (const event of stream) seen.push(event);
    return { events: seen, broken: false };
  } catch {
    return { events: seen, broken: true };
  }
}
