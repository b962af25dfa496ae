import { describe, expect, it } from "vitest";
import { decode, encode, hexLines, indentOf, sizeText } from "./text";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("text", () => {
  it("comes out of a file and goes back byte for byte", () => {
    for (const text of ["", "a\nb", "a\r\nb\r\n", "a\r\nb\nc\r", "\ufeffx", "日本語 🦀\n"]) {
      const decoded = decode(bytes(text));
      expect(decoded && encode(decoded.text, decoded.shape)).toBe(text);
    }
  });

  it("leaves mixed line endings alone", () => {
    expect(decode(bytes("a\r\nb\n"))?.shape).toEqual({ bom: false, ending: "\n", mixed: true });
  });

  it("is not made of what is no UTF-8", () => {
    expect(decode(new Uint8Array([0xff, 0xfe, 0x41]))).toBeUndefined();
    expect(decode(new Uint8Array([0x41, 0, 0x41]))).toBeUndefined();
  });

  it("tells what it is indented by", () => {
    expect(indentOf("a:\n  b", "    ")).toBe("  ");
    expect(indentOf("def f():\n    pass", "  ")).toBe("    ");
    expect(indentOf("a:\n\tb", "  ")).toBe("\t");
    expect(indentOf("nothing", "  ")).toBe("  ");
  });
});

describe("bytes", () => {
  it("are shown sixteen to a line", () => {
    const lines = hexLines(bytes("0123456789abcdef\n"));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain("30 31 32");
    expect(lines[0]?.endsWith("0123456789abcdef")).toBe(true);
    expect(lines[1]?.startsWith("00000010  0a")).toBe(true);
  });

  it("are counted as people do", () => {
    expect([0, 999, 1500, 25_000, 5_000_000].map(sizeText)).toEqual([
      "0 B",
      "999 B",
      "1.5 kB",
      "25 kB",
      "5.0 MB",
    ]);
  });
});
