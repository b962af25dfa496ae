/**
 * One viewer of one terminal: the state machine between `/ws/terminal` and the screen.
 * It counts bytes (the cursor), resumes from where it was, gives credit for what has been drawn,
 * and holds input while there is no socket. It knows neither xterm nor React.
 */
import type { FailureCode } from "../../api/failure";
import type { Link, LinkState, LinkUse } from "../../api/socket";
import type { Terminal } from "../../api/wire/Terminal";
import type { TerminalControl } from "../../api/wire/TerminalControl";
import type { TerminalFrame } from "../../api/wire/TerminalFrame";

/** Bytes drawn since the last acknowledgement before another one is sent; the agent allows 512 KiB. */
export const ACK_EVERY = 64 * 1024;
/** Input kept while disconnected; what is typed beyond it is refused and said. */
export const HELD_INPUT_LIMIT = 64 * 1024;
/** After this long a resize that was never confirmed is forgotten, in milliseconds. */
const RESIZE_ECHO = 2000;

type Bytes = Uint8Array<ArrayBuffer>;

export type Phase =
  | { name: "connecting" }
  | { name: "live" }
  /** No socket; the next attempt is at `retryAt` (epoch ms). */
  | { name: "waiting"; retryAt: number }
  /** The other side said why, and trying again by itself would not help. */
  | { name: "failed"; code: FailureCode; message: string }
  | { name: "closed" };

export interface Exit {
  code: number;
  signal?: string;
}

export interface TerminalQuery {
  since?: number;
  cols: number;
  rows: number;
}

/** The part of a `Link` that is used. */
export type TerminalLink = Pick<Link, "send" | "retry" | "close">;

/** What the machine needs from the world. */
export interface TerminalPorts {
  /** Opens a connection that comes back by itself and asks `query` for each try. */
  link(query: () => TerminalQuery, use: Omit<LinkUse, "path">): TerminalLink;
  /** PTY output, in order. `drawn` must be called once it has been parsed by the screen. */
  write(data: Uint8Array, drawn: () => void): void;
  /** Bytes are missing before what comes next; `fresh` when nothing had been drawn yet. */
  truncated(fresh: boolean): void;
  /** The replay starts (`true`) or has been drawn (`false`): queries in it were answered long ago. */
  replaying(on: boolean): void;
  /** Another viewer gave the PTY this size. */
  resized(cols: number, rows: number): void;
  restarted(): void;
  /** Phase, exit or terminal changed. */
  changed(): void;
}

export class TerminalConnection {
  phase: Phase = { name: "connecting" };
  exit: Exit | undefined;
  terminal: Terminal | undefined;
  /** Where the next byte from the agent stands; `undefined` until the first `ready`. */
  received: number | undefined;
  private drawn = 0;
  private acked = 0;
  private held: Bytes[] = [];
  private heldBytes = 0;
  private link: TerminalLink | undefined;
  private ready = false;
  private attached = false;
  /** Grows with each socket: what was drawn of an older one is no credit on this one. */
  private epoch = 0;
  /** The PTY has another viewer's size now. */
  foreignSize = false;
  private sentSizes: { cols: number; rows: number; at: number }[] = [];

  /**
   * @param fresh this window has just made the terminal, so queries in its first output are still open.
   */
  constructor(
    private readonly ports: TerminalPorts,
    /** The size last told, or to be told, to the PTY. */
    public size: { cols: number; rows: number },
    private fresh = false,
  ) {}

  /** Opens the connection. Again after a failure: goes on at the cursor. */
  connect(): void {
    this.phase = { name: "connecting" };
    this.link?.close();
    this.link = this.ports.link(() => ({ since: this.received, ...this.size }), {
      onText: (data) => this.onFrame(JSON.parse(data) as TerminalFrame),
      onBytes: (data) => this.onBytes(data),
      onState: (state) => this.onState(state),
    });
  }

  /** Connects to a terminal that was made anew under the same id: its bytes count from zero. */
  startOver(): void {
    this.moveTo(0);
    this.received = undefined;
    this.attached = false;
    this.fresh = true;
    this.exit = undefined;
    this.connect();
  }

  /** Tries at once instead of waiting. */
  retry(): void {
    if (this.phase.name === "failed") this.connect();
    else this.link?.retry();
  }

  /** Ends it for good; nothing is called afterwards. */
  dispose(): void {
    this.phase = { name: "closed" };
    this.epoch++;
    this.ready = false;
    this.link?.close();
    this.link = undefined;
  }

  /** Keys and answers for the PTY. Held while disconnected; `false` when there is no more room to hold them. */
  send(data: Bytes): boolean {
    if (this.ready && this.link?.send(data)) return true;
    if (this.heldBytes + data.length > HELD_INPUT_LIMIT) return false;
    this.held.push(data);
    this.heldBytes += data.length;
    return true;
  }

  /** The screen has this many cells now; told to the PTY at once. */
  resize(cols: number, rows: number): void {
    this.size = { cols, rows };
    this.foreignSize = false;
    if (!this.ready) return;
    this.sentSizes.push({ cols, rows, at: Date.now() });
    this.control({ type: "resize", cols, rows });
  }

  private onFrame(frame: TerminalFrame): void {
    switch (frame.type) {
      case "ready":
        this.onReady(frame.cursor, frame.terminal);
        break;
      case "replayed":
        this.onReplayed();
        break;
      case "truncated":
        this.onTruncated(frame.cursor);
        break;
      case "resized":
        this.onResized(frame.cols, frame.rows);
        break;
      case "exit":
        this.exit = { code: frame.exitCode, signal: frame.signal };
        this.ports.changed();
        break;
      case "restarted":
        this.exit = undefined;
        this.ports.restarted();
        this.ports.changed();
        break;
      case "error":
        this.fail(frame.code, frame.message);
    }
  }

  private onReady(cursor: number, terminal: Terminal): void {
    const first = !this.attached;
    this.attached = true;
    this.ready = true;
    this.terminal = terminal;
    this.exit = terminal.running ? undefined : { code: terminal.exitCode ?? 0 };
    if (cursor !== this.received) this.moveTo(cursor);
    if (first && !this.fresh) this.ports.replaying(true);
    this.fresh = false;
    const { cols, rows } = this.size;
    if (terminal.cols !== cols || terminal.rows !== rows) this.resize(cols, rows);
    for (const data of this.held.splice(0)) this.link?.send(data);
    this.heldBytes = 0;
    this.setPhase({ name: "live" });
  }

  /** The end of the replay takes its place in the queue of the screen, behind the bytes it ends. */
  private onReplayed(): void {
    this.ports.write(new Uint8Array(0), () => this.ports.replaying(false));
  }

  private onTruncated(cursor: number): void {
    this.ports.truncated(!this.received);
    this.moveTo(cursor);
  }

  private moveTo(cursor: number): void {
    this.received = cursor;
    this.drawn = cursor;
    this.acked = cursor;
  }

  private onBytes(data: Uint8Array): void {
    const end = (this.received ?? 0) + data.length;
    this.received = end;
    const epoch = this.epoch;
    this.ports.write(data, () => this.onDrawn(end, epoch));
  }

  private onDrawn(end: number, epoch: number): void {
    if (end > this.drawn) this.drawn = end;
    if (epoch !== this.epoch || !this.ready) return;
    if (this.drawn - this.acked < ACK_EVERY) return;
    this.acked = this.drawn;
    this.control({ type: "ack", cursor: this.drawn });
  }

  /** Our own resizes come back as well, perhaps after a newer one: those are no news. */
  private onResized(cols: number, rows: number): void {
    const now = Date.now();
    this.sentSizes = this.sentSizes.filter((sent) => now - sent.at < RESIZE_ECHO);
    const mine = this.sentSizes.findIndex((sent) => sent.cols === cols && sent.rows === rows);
    if (mine >= 0) {
      this.sentSizes.splice(0, mine + 1);
      return;
    }
    this.foreignSize = cols !== this.size.cols || rows !== this.size.rows;
    if (this.foreignSize) this.ports.resized(cols, rows);
  }

  private onState(state: LinkState): void {
    if (state.at !== "open") {
      this.ready = false;
      this.epoch++;
    }
    if (this.phase.name === "closed" || this.phase.name === "failed") return;
    if (state.at === "connecting") this.setPhase({ name: "connecting" });
    else if (state.at === "waiting") this.setPhase({ name: "waiting", retryAt: state.retryAt });
    else if (state.at === "refused") this.fail(state.failure.code, state.failure.message);
  }

  private fail(code: FailureCode, message: string): void {
    this.setPhase({ name: "failed", code, message });
    this.link?.close();
  }

  private control(frame: TerminalControl): void {
    this.link?.send(JSON.stringify(frame));
  }

  private setPhase(phase: Phase): void {
    this.phase = phase;
    this.ports.changed();
  }
}
