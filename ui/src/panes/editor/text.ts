/** Between the bytes of a file and the text of an editor, so that saving changes nothing that was not edited. */

/** What a text file is beside its characters. */
export interface Shape {
  /** A byte order mark at its beginning. */
  bom: boolean;
  /** What ends its lines. `\n` also where they are mixed: then `\r` stays a character of its line. */
  ending: "\n" | "\r\n";
  mixed: boolean;
}

export interface Decoded {
  /** Without the mark, with the file's own line endings. */
  text: string;
  shape: Shape;
}

const BOM = "\ufeff";

/** UTF-8 text, or nothing when the bytes are something else. */
export function decode(bytes: Uint8Array): Decoded | undefined {
  if (bytes.subarray(0, 8192).includes(0)) return undefined;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
  if (text.includes("\0")) return undefined;
  const bom = text.startsWith(BOM);
  if (bom) text = text.slice(1);
  return { text, shape: { bom, ...endings(text) } };
}

function endings(text: string): Pick<Shape, "ending" | "mixed"> {
  const all = text.split("\n").length - 1;
  const windows = text.split("\r\n").length - 1;
  const mixed = windows > 0 && windows < all;
  return { ending: windows > 0 && !mixed ? "\r\n" : "\n", mixed };
}

/** What goes into the file; `text` has the shape's line endings. */
export const encode = (text: string, shape: Shape): string => (shape.bom ? BOM + text : text);

/** The unit that a file is indented by, from its first indented line; `fallback` without one. */
export function indentOf(text: string, fallback: string): string {
  const first = /^(\t+|( {2,8}))\S/m.exec(text.slice(0, 20_000));
  if (!first) return fallback;
  if (first[1]?.startsWith("\t")) return "\t";
  const width = first[2]?.length ?? 4;
  return " ".repeat(width === 3 || width === 5 || width > 6 ? fallback.length : Math.min(width, 4));
}

/** Sixteen bytes a line: place, hexadecimal, characters. */
export function hexLines(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${hex.padEnd(47)}  ${text}`);
  }
  return lines;
}

/** `1.5 MB`, as people read it. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = "";
  while (value >= 1000 && units.length > 0) {
    value /= 1000;
    unit = units.shift() ?? unit;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}
