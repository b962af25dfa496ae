/**
 * The text of a stream as a person would have seen it on a terminal: `\r` writes over the line, `\b` goes
 * back, erase-line erases. Only the last line can still change, so a stream is folded as it comes.
 */

/** Characters kept of one stream: the beginning, and the latest. */
export const KEEP_FIRST = 256 * 1024;
export const KEEP_LAST = 512 * 1024;

const ESC = String.fromCharCode(27);
const ESCAPE = new RegExp(`${ESC}\\[[0-9;?]*[ -/]*[@-~]|${ESC}\\][^\\x07${ESC}]*(?:\\x07|${ESC}\\\\)`, "y");
const CONTROL = new RegExp(`[\\r\\b]|${ESC}\\[[0-2]?K`);
const ERASE_BEFORE = new RegExp(`^.*${ESC}\\[[12]K`);
const ERASE_AFTER = new RegExp(`${ESC}\\[0?K`, "g");

/**
 * `text` with `more` written after it. Whole lines are folded; the last keeps what is being written over
 * behind its `\r`, since the next piece may go on in the middle of it.
 */
export function fold(text: string, more: string): string {
  const start = text.lastIndexOf("\n") + 1;
  if (!CONTROL.test(more) && !text.includes("\r", start)) return text + more;
  const lines = (text.slice(start) + more).split("\n");
  const last = lines.length - 1;
  // The `\r` of `\r\n` ends a line and overwrites nothing.
  const folded = lines.map((line, at) => (at < last ? settled(line.replace(/\r+$/, "")) : open(line)));
  return text.slice(0, start) + folded.join("\n");
}

/** A line as it is seen. */
function settled(line: string): string {
  return CONTROL.test(line) ? line.split("\r").map(backspaced).reduce(overwrite, "") : line;
}

/** A line that is still being written: what shows through behind a `\r`, then what is written over it. */
function open(line: string): string {
  const parts = line.split("\r").map(backspaced);
  const after = parts.pop() ?? "";
  const before = parts.reduce(overwrite, "");
  return before && overwrite(before, after) !== after ? `${before}\r${after}` : after;
}

function backspaced(part: string): string {
  if (!part.includes("\b")) return part;
  const kept: string[] = [];
  for (const character of part) {
    if (character === "\b") kept.pop();
    else kept.push(character);
  }
  return kept.join("");
}

/** What is seen when `after` is written from the start of the line that shows `before`. */
function overwrite(before: string, after: string): string {
  const shown = after.replace(ERASE_BEFORE, "").replace(ERASE_AFTER, "");
  if (shown !== after) return shown;
  const width = visible(after);
  return visible(before) <= width ? after : after + skip(before, width);
}

/** Characters and escape sequences, one by one. */
function* pieces(text: string): Generator<{ piece: string; isEscape: boolean }> {
  let at = 0;
  while (at < text.length) {
    ESCAPE.lastIndex = at;
    const found = ESCAPE.exec(text)?.[0];
    const piece = found ?? String.fromCodePoint(text.codePointAt(at) ?? 0);
    yield { piece, isEscape: found !== undefined };
    at += piece.length;
  }
}

function visible(text: string): number {
  let width = 0;
  for (const { isEscape } of pieces(text)) if (!isEscape) width++;
  return width;
}

/** `text` without its first `count` visible characters, with the colours that they had set. */
function skip(text: string, count: number): string {
  let left = count;
  let kept = "";
  for (const { piece, isEscape } of pieces(text)) {
    if (isEscape || left <= 0) kept += piece;
    else left--;
  }
  return kept;
}

/** A stream of which the middle may have been left out. */
export interface Stream {
  /** The beginning, set aside once there was too much. */
  head?: string;
  /** Characters left out between `head` and `text`. */
  omitted?: number;
  text: string;
}

/** `stream` with `more` written after it, and no more of it kept than the two bounds. */
export function append<S extends Stream>(stream: S, more: string): S {
  const text = fold(stream.text, more);
  if (stream.head === undefined) {
    if (text.length <= KEEP_FIRST + KEEP_LAST) return { ...stream, text };
    const cut = endOfLine(text, KEEP_FIRST);
    return bound({ ...stream, head: text.slice(0, cut), omitted: 0, text: text.slice(cut) });
  }
  return bound({ ...stream, text });
}

function bound<S extends Stream>(stream: S): S {
  // Some slack, so that a flood does not cut and copy at every frame.
  if (stream.text.length <= KEEP_LAST * 1.25) return stream;
  const cut = endOfLine(stream.text, stream.text.length - KEEP_LAST);
  return { ...stream, omitted: (stream.omitted ?? 0) + cut, text: stream.text.slice(cut) };
}

function endOfLine(text: string, near: number): number {
  const end = text.indexOf("\n", near);
  return end < 0 || end - near > 4096 ? near : end + 1;
}

/** The whole of it as it is seen, saying where something was left out. */
export function textOf({ head, omitted, text }: Stream): string {
  const start = text.lastIndexOf("\n") + 1;
  const tail = text.slice(0, start) + settled(text.slice(start));
  if (!omitted) return (head ?? "") + tail;
  return `${head}\n… ${omitted.toLocaleString("en-US")} characters left out …\n${tail}`;
}
