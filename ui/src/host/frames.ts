/**
 * How the page and the Rust side of the window pack things into one binary message.
 * A message to or from Rust costs about a millisecond however small it is, so many frames share one.
 */
type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Text and binary frames are the peer's own; `end` closes and holds `{code, reason}` in JSON. */
export const Kind = { text: 0, binary: 1, end: 2 } as const;
export interface Frame {
  kind: number;
  data: Bytes;
}

export const text = (data: Bytes): string => decoder.decode(data);

/** `[u32 length][JSON][bytes]`: a head and what belongs to it. */
export function packHead(head: unknown, body: Bytes): Bytes {
  const json = encoder.encode(JSON.stringify(head));
  const packed = new Uint8Array(4 + json.length + body.length);
  new DataView(packed.buffer).setUint32(0, json.length, true);
  packed.set(json, 4);
  packed.set(body, 4 + json.length);
  return packed;
}

export function unpackHead<T>(packed: Bytes): { head: T; body: Bytes } {
  const length = new DataView(packed.buffer, packed.byteOffset).getUint32(0, true);
  return { head: JSON.parse(text(packed.subarray(4, 4 + length))) as T, body: packed.subarray(4 + length) };
}

/** `[u8 kind][u32 length][bytes]`, repeated, behind the `u32` id of the socket they are for. */
export function packFrames(id: number, frames: (string | Bytes)[]): Bytes {
  const parts = frames.map((data) =>
    typeof data === "string" ? { kind: Kind.text, data: encoder.encode(data) } : { kind: Kind.binary, data },
  );
  const packed = new Uint8Array(parts.reduce((size, { data }) => size + 5 + data.length, 4));
  const view = new DataView(packed.buffer);
  view.setUint32(0, id, true);
  let at = 4;
  for (const { kind, data } of parts) {
    view.setUint8(at, kind);
    view.setUint32(at + 1, data.length, true);
    packed.set(data, at + 5);
    at += 5 + data.length;
  }
  return packed;
}

export function* unpackFrames(packed: Bytes): Generator<Frame> {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  for (let at = 0; at < packed.length; ) {
    const length = view.getUint32(at + 1, true);
    yield { kind: view.getUint8(at), data: packed.subarray(at + 5, at + 5 + length) };
    at += 5 + length;
  }
}
