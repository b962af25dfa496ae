/**
 * One viewer of one terminal: the state machine between `/ws/terminal` and the screen.
 * It counts bytes (the cursor), resumes from where it was, gives credit for what has been drawn,
 * and holds input while there is no socket. It knows neither xterm nor React.
 */
import type { ErrorCode } from "../../api/wire/ErrorCode";
import type { Terminal } from "../../api/wire/Terminal";
import type { TerminalControl } from "../../api/wire/TerminalControl";
import type { TerminalFrame } from "../../api/wire/TerminalFrame";

/** Bytes drawn since the last acknowledgement before another one is sent; the agent allows 512 KiB. */
export const ACK_EVERY = 64 * 1024;
/** Input kept while disconnected; what is typed beyond it is refused and said. */
export const HELD_INPUT_LIMIT = 64 * 1024;
const RETRY_MS = [250, 500, 1000, 2000, 4000, 8000];
/** After this long a resize that was never confirmed is forgotten. */
const RESIZE_ECHO_MS = 2000;

export type Phase =
	| { name: "connecting" }
	| { name: "live" }
	/** No socket; the next attempt is at `retryAt` (epoch ms). */
	| { name: "waiting"; retryAt: number; attempt: number }
	/** The other side said why, and trying again by itself would not help. */
	| { name: "failed"; code: ErrorCode; message: string }
	| { name: "closed" };

export interface Exit {
	code: number;
	signal?: string;
}

export interface TerminalSocket {
	send(data: string | Uint8Array): void;
	close(): void;
}

export interface TerminalSocketEvents {
	text(data: string): void;
	bytes(data: Uint8Array): void;
	/** The socket ended or never opened; called once. */
	closed(): void;
}

export interface TerminalQuery {
	since?: number;
	cols: number;
	rows: number;
}

/** What the machine needs from the world. */
export interface TerminalPorts {
	open(query: TerminalQuery, events: TerminalSocketEvents): TerminalSocket;
	/** Why a socket closed before it was ready: resolves with the reason, or nothing when a retry may help. */
	diagnose(): Promise<{ code: ErrorCode; message: string } | undefined>;
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

export interface Clock {
	now(): number;
	after(ms: number, run: () => void): () => void;
}

const systemClock: Clock = {
	now: () => Date.now(),
	after: (ms, run) => {
		const timer = setTimeout(run, ms);
		return () => clearTimeout(timer);
	},
};

export class TerminalConnection {
	phase: Phase = { name: "connecting" };
	exit: Exit | undefined;
	terminal: Terminal | undefined;
	/** Where the next byte from the agent stands; `undefined` until the first `ready`. */
	received: number | undefined;
	private drawn = 0;
	private acked = 0;
	private held: Uint8Array[] = [];
	private heldBytes = 0;
	private socket: TerminalSocket | undefined;
	private ready = false;
	private attached = false;
	private attempt = 0;
	private epoch = 0;
	private cancelRetry: (() => void) | undefined;
	private sentSizes: { cols: number; rows: number; at: number }[] = [];

	/**
	 * @param fresh this window has just made the terminal, so queries in its first output are still open.
	 */
	constructor(
		private readonly ports: TerminalPorts,
		private size: { cols: number; rows: number },
		private fresh = false,
		private readonly clock: Clock = systemClock,
	) {}

	/** Opens the socket, from the cursor when there is one. */
	connect(): void {
		this.cancelRetry?.();
		this.socket?.close();
		const epoch = ++this.epoch;
		this.ready = false;
		this.setPhase({ name: "connecting" });
		const { cols, rows } = this.size;
		const current = () => epoch === this.epoch;
		this.socket = this.ports.open(
			{ since: this.received, cols, rows },
			{
				text: (data) => current() && this.onFrame(JSON.parse(data) as TerminalFrame),
				bytes: (data) => current() && this.onBytes(data),
				closed: () => current() && this.onClosed(),
			},
		);
	}

	/** Ends it for good; nothing is called afterwards. */
	dispose(): void {
		this.epoch++;
		this.cancelRetry?.();
		this.socket?.close();
		this.socket = undefined;
		this.phase = { name: "closed" };
	}

	/** Keys and answers for the PTY. Held while disconnected; `false` when there is no more room to hold them. */
	send(data: Uint8Array): boolean {
		if (this.ready && this.socket) {
			this.socket.send(data);
			return true;
		}
		if (this.heldBytes + data.length > HELD_INPUT_LIMIT) return false;
		this.held.push(data);
		this.heldBytes += data.length;
		return true;
	}

	/** The screen has this many cells now; told to the PTY at once. */
	resize(cols: number, rows: number): void {
		this.size = { cols, rows };
		if (!this.ready) return;
		this.sentSizes.push({ cols, rows, at: this.clock.now() });
		this.control({ type: "resize", cols, rows });
	}

	private onFrame(frame: TerminalFrame): void {
		switch (frame.type) {
			case "ready":
				return this.onReady(frame.cursor, frame.terminal);
			case "replayed":
				return this.onReplayed();
			case "truncated":
				return this.onTruncated(frame.cursor);
			case "resized":
				return this.onResized(frame.cols, frame.rows);
			case "exit":
				this.exit = { code: frame.exitCode, signal: frame.signal };
				return this.ports.changed();
			case "restarted":
				this.exit = undefined;
				this.ports.restarted();
				return this.ports.changed();
			case "error":
				return this.fail(frame.code, frame.message);
		}
	}

	private onReady(cursor: number, terminal: Terminal): void {
		const first = !this.attached;
		this.attached = true;
		this.ready = true;
		this.attempt = 0;
		this.terminal = terminal;
		this.exit = terminal.running ? undefined : { code: terminal.exitCode ?? 0 };
		if (cursor !== this.received) this.moveTo(cursor);
		if (first && !this.fresh) this.ports.replaying(true);
		this.fresh = false;
		const { cols, rows } = this.size;
		if (terminal.cols !== cols || terminal.rows !== rows) this.resize(cols, rows);
		for (const data of this.held.splice(0)) this.socket?.send(data);
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
		const now = this.clock.now();
		this.sentSizes = this.sentSizes.filter((sent) => now - sent.at < RESIZE_ECHO_MS);
		const mine = this.sentSizes.findIndex((sent) => sent.cols === cols && sent.rows === rows);
		if (mine >= 0) {
			this.sentSizes.splice(0, mine + 1);
			return;
		}
		if (cols !== this.size.cols || rows !== this.size.rows) this.ports.resized(cols, rows);
	}

	private onClosed(): void {
		const wasReady = this.ready;
		this.ready = false;
		this.socket = undefined;
		if (this.phase.name === "failed") return;
		if (wasReady) return this.retryLater();
		const epoch = this.epoch;
		this.ports.diagnose().then(
			(why) => {
				if (epoch !== this.epoch) return;
				if (why) this.fail(why.code, why.message);
				else this.retryLater();
			},
			() => epoch === this.epoch && this.retryLater(),
		);
	}

	private retryLater(): void {
		const wait = RETRY_MS[Math.min(this.attempt, RETRY_MS.length - 1)] ?? 8000;
		this.attempt++;
		this.setPhase({ name: "waiting", retryAt: this.clock.now() + wait, attempt: this.attempt });
		this.cancelRetry = this.clock.after(wait, () => this.connect());
	}

	private fail(code: ErrorCode, message: string): void {
		this.ready = false;
		this.setPhase({ name: "failed", code, message });
		this.socket?.close();
	}

	private control(frame: TerminalControl): void {
		this.socket?.send(JSON.stringify(frame));
	}

	private setPhase(phase: Phase): void {
		this.phase = phase;
		this.ports.changed();
	}
}
