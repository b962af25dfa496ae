/** How fast a large file is drawn: from the sandbox, and the same pieces fed to the same screen by the page itself. */
import type { LiveTerminal } from "../../../ui/src/panes/terminal/live";
import { liveTerminal } from "./live";

type Terminal = LiveTerminal["screen"]["term"];

export interface Throughput {
  bytes: number;
  /** Milliseconds until all of it was drawn. */
  fromSandbox: number;
  inPage: number;
  /** In how many pieces it came. */
  pieces: number;
}

/** `command` prints `lines` lines: a number of eight digits, then `line`. */
export async function throughput(command: string, lines: number, line: string): Promise<Throughput> {
  const live = liveTerminal();
  const { term } = live.screen;
  const { pieces, stop } = tap(term);
  // The last run's is still on the screen, so each has a mark of its own.
  const mark = crypto.randomUUID();
  const start = performance.now();
  // What is typed is echoed too, so it must not look like the mark.
  live.connection.send(new TextEncoder().encode(`clear; ${command}; echo all-''${mark}\r`));
  await shown(term, `all-${mark}`);
  const fromSandbox = performance.now() - start;
  stop();
  const bytes = verify(pieces, lines, line);
  await rest();
  const again = performance.now();
  for (const piece of pieces.slice(0, -1)) term.write(piece);
  await new Promise<void>((done) => term.write(pieces.at(-1) ?? "", done));
  await frame();
  return { bytes, fromSandbox, inPage: performance.now() - again, pieces: pieces.length };
}

/** Keeps what the connection gives the screen. */
function tap(term: Terminal) {
  const pieces: Uint8Array[] = [];
  const write = term.write;
  term.write = (data, done) => {
    pieces.push(data as Uint8Array);
    write.call(term, data, done);
  };
  const stop = () => {
    term.write = write;
  };
  return { pieces, stop };
}

function shown(term: Terminal, mark: string): Promise<void> {
  return new Promise((done) => {
    const parsed = term.onWriteParsed(() => {
      const { baseY, cursorY } = term.buffer.active;
      const near = [0, 1, 2].map((up) => term.buffer.active.getLine(baseY + cursorY - up)?.translateToString(true));
      if (!near.includes(mark)) return;
      parsed.dispose();
      void frame().then(() => done());
    });
  });
}

/** Every byte of every line must be there, in order. Gives how many bytes came. */
function verify(pieces: Uint8Array[], lines: number, line: string): number {
  const decoder = new TextDecoder();
  const all = pieces.map((piece) => decoder.decode(piece, { stream: true })).join("");
  let at = all.indexOf(`00000001 ${line}\r\n`);
  for (let number = 1; number <= lines; number++) {
    const wanted = `${String(number).padStart(8, "0")} ${line}\r\n`;
    if (!all.startsWith(wanted, at))
      throw new Error(`line ${number} did not come whole: ${JSON.stringify(all.slice(at, at + 100))}`);
    at += wanted.length;
  }
  return all.length;
}

const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
const rest = () => new Promise((done) => setTimeout(done, 300));
