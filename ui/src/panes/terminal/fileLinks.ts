/** Places in files (`src/app.py:14:3`, `File "x.py", line 14`) in a line of terminal output. */

export interface FilePlace {
  path: string;
  line?: number;
  column?: number;
  /** Index of the first character in the line, and the one after the last. */
  start: number;
  end: number;
}

// The path must hold a slash or an extension, so that `12:30` or `error: 5` is no file.
const COLON =
  /(?<![\w/.:~-])((?:~|\.{0,2})?\/?(?:[\w@.+-]+\/)*[\w@+-][\w@.+-]*\.[A-Za-z]\w*|(?:~|\.{1,2})?\/(?:[\w@.+-]+\/)*[\w@.+-]+):(\d{1,7})(?::(\d{1,5}))?(?!\d)/g;
const PYTHON = /File "([^"<>]+)", line (\d{1,7})/g;

/** Every place named in `text`, in order. URLs are left to the web links. */
export function fileLinks(text: string): FilePlace[] {
  const found: FilePlace[] = [];
  for (const m of text.matchAll(PYTHON)) add(found, m, 'File "'.length);
  for (const m of text.matchAll(COLON)) if (!inUrl(text, m.index)) add(found, m, 0);
  return found.sort((a, b) => a.start - b.start);
}

function add(found: FilePlace[], m: RegExpMatchArray, skip: number): void {
  const at = m.index ?? 0;
  const path = m[1] ?? "";
  found.push({
    path,
    line: Number(m[2]),
    column: m[3] ? Number(m[3]) : undefined,
    start: at + skip,
    end: skip ? at + skip + path.length : at + m[0].length,
  });
}

function inUrl(text: string, index: number): boolean {
  const word = text.slice(0, index).split(/\s/).at(-1) ?? "";
  return /[a-z][a-z0-9+.-]*:\/\//i.test(word);
}
