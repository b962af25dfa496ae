import { describe, expect, it } from "vitest";
import { Kind, packFrames, packHead, text, unpackFrames, unpackHead } from "./frames";

describe("frames", () => {
  it("keep their order, their kind and their bytes", () => {
    const packed = packFrames(7, ["hé", new Uint8Array([0, 255]), ""]);
    expect(new DataView(packed.buffer).getUint32(0, true)).toBe(7);
    const frames = [...unpackFrames(packed.subarray(4))];
    expect(frames.map(({ kind }) => kind)).toEqual([Kind.text, Kind.binary, Kind.text]);
    expect(frames.map(({ data }) => text(data))).toEqual(["hé", "\u0000\ufffd", ""]);
  });

  it("carry a head and the bytes behind it", () => {
    const { head, body } = unpackHead(packHead({ path: "/ü" }, new Uint8Array([1, 2])));
    expect(head).toEqual({ path: "/ü" });
    expect([...body]).toEqual([1, 2]);
  });
});
