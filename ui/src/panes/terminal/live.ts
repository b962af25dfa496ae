/**
 * A terminal on this window: a screen joined to a connection, with what React shows of it.
 * Bytes never pass through React.
 */
import { terminalLink } from "../../api/terminals";
import { TerminalConnection } from "./connection";
import { safePaste } from "./paste";
import { takeFresh } from "./registry";
import { Screen, type ScreenSettings, type ScreenUse } from "./screen";

/**
 * Undoes what a dead program may have left on: the alternate screen (1047, which leaves the cursor alone where 1049
 * would move it), mouse and focus reports, bracketed paste, a hidden cursor, colours; then a line of its own.
 */
const RESET = `${["1047", "9", "1000", "1002", "1003", "1004", "1005", "1006", "2004"].map((mode) => `\x1b[?${mode}l`).join("")}\x1b[?25h\x1b[!p\x1b[0m\r\n\x1b[J`;
const NOTE = (text: string) => `\x1b[0m\r\n\x1b[2m${text}\x1b[0m\r\n`;
/** The PTY is told of a new size once it has been the same for this long, in milliseconds. */
const RESIZE_REST = 60;

export class LiveTerminal {
  readonly screen: Screen;
  readonly connection: TerminalConnection;
  /** Grows with each change of what React shows. */
  version = 0;
  /** Input was refused because too much is held already. */
  overfull = false;
  private listeners = new Set<() => void>();
  private resizing: ReturnType<typeof setTimeout> | undefined;
  private started = false;
  /** The connection has been lost at least once since it was last live. */
  wasLost = false;
  /** The find bar is open. */
  finding = false;

  constructor(
    readonly sandboxId: string,
    readonly id: string,
    element: HTMLElement,
    settings: ScreenSettings,
    openFile: ScreenUse["openFile"],
  ) {
    this.screen = new Screen(element, settings, {
      input: (data) => this.input(data),
      openFile,
    });
    const { term } = this.screen;
    const size = this.screen.fit() ?? { cols: term.cols, rows: term.rows };
    this.connection = new TerminalConnection(
      {
        link: (query, use) => terminalLink(sandboxId, id, query, use),
        write: (data, drawn) => term.write(data, drawn),
        truncated: (first) => {
          if (!first) term.write(NOTE("… older output is gone …"));
        },
        replaying: (on) => this.screen.gate.setReplaying(on),
        resized: (cols, rows) => term.resize(cols, rows),
        restarted: () => term.write(RESET),
        changed: () => this.changed(),
      },
      size,
      takeFresh(id),
    );
    term.textarea?.addEventListener("focus", this.onFocus);
  }

  /** Focus takes the PTY's size back from another viewer. */
  private readonly onFocus = () => this.claimSize();

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  /** Connects once there is a size to connect with. */
  start(): void {
    if (this.started || !this.screen.fit()) return;
    this.started = true;
    const { cols, rows } = this.screen.term;
    this.connection.resize(cols, rows);
    this.connection.connect();
  }

  /** Follows the element's size; the PTY hears of it when it rests. */
  resize(): void {
    if (!this.started) {
      this.start();
      return;
    }
    const size = this.screen.fit();
    clearTimeout(this.resizing);
    if (!size) return;
    this.resizing = setTimeout(() => this.claimSize(), RESIZE_REST);
  }

  /** Gives the PTY the size of this window, also after another viewer gave it theirs. */
  claimSize(): void {
    const size = this.screen.fit();
    const told = this.connection.size;
    if (!size || !this.started) return;
    if (size.cols === told.cols && size.rows === told.rows && !this.connection.foreignSize) return;
    this.connection.resize(size.cols, size.rows);
  }

  paste(text: string): void {
    this.screen.term.paste(safePaste(text));
  }

  clear(): void {
    this.screen.term.clear();
  }

  note(text: string): void {
    this.screen.term.write(NOTE(text));
  }

  focus(): void {
    this.screen.term.focus();
  }

  dispose(): void {
    clearTimeout(this.resizing);
    this.listeners.clear();
    this.connection.dispose();
    this.screen.dispose();
  }

  private input(data: Uint8Array<ArrayBuffer>): void {
    if (this.connection.exit) return;
    // Who types here wants the program to fit here.
    if (this.connection.foreignSize) this.claimSize();
    const overfull = !this.connection.send(data);
    if (overfull === this.overfull) return;
    this.overfull = overfull;
    this.changed();
  }

  /** There is no connection and none is under way. */
  get lost(): boolean {
    const { name } = this.connection.phase;
    return name === "failed" || name === "waiting";
  }

  /** The sandbox knows this terminal no more. */
  get gone(): boolean {
    const { phase } = this.connection;
    return phase.name === "failed" && phase.code === "TERMINAL_NOT_FOUND";
  }

  /** A program in it follows the mouse. */
  get mouseTaken(): boolean {
    return this.screen.term.modes.mouseTrackingMode !== "none";
  }

  setFinding(on: boolean): void {
    this.finding = on;
    this.changed();
  }

  /** The terminal was made anew under the same id. */
  startOver(): void {
    this.screen.term.write(RESET);
    this.note("The sandbox was started again; this is a new shell.");
    this.connection.startOver();
  }

  private changed(): void {
    const { name } = this.connection.phase;
    if (name === "waiting") this.wasLost = true;
    if (name === "live") {
      this.wasLost = false;
      this.overfull = false;
    }
    this.version++;
    for (const listener of this.listeners) listener();
  }
}
