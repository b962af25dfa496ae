import { describe, expect, it } from "vitest";
import type { Terminal } from "../../api/wire/Terminal";
import {
	ACK_EVERY,
	type Clock,
	HELD_INPUT_LIMIT,
	TerminalConnection,
	type TerminalPorts,
	type TerminalQuery,
	type TerminalSocketEvents,
} from "./connection";

const terminal: Terminal = {
	id: "t1",
	name: "Terminal 1",
	sessionId: "default",
	cols: 80,
	rows: 24,
	running: true,
	createdAt: "2026-01-01T00:00:00Z",
};

class FakeClock implements Clock {
	time = 0;
	timers: { at: number; run: () => void }[] = [];
	now = () => this.time;
	after = (ms: number, run: () => void) => {
		const timer = { at: this.time + ms, run };
		this.timers.push(timer);
		return () => {
			this.timers = this.timers.filter((t) => t !== timer);
		};
	};
	tick(ms: number) {
		this.time += ms;
		const due = this.timers.filter((t) => t.at <= this.time);
		this.timers = this.timers.filter((t) => t.at > this.time);
		for (const t of due) t.run();
	}
}

function world(fresh = false) {
	const sockets: { query: TerminalQuery; events: TerminalSocketEvents; sent: unknown[]; closed: boolean }[] = [];
	const log: string[] = [];
	const drawn: (() => void)[] = [];
	const clock = new FakeClock();
	const ports: TerminalPorts = {
		open(query, events) {
			const socket = { query, events, sent: [] as unknown[], closed: false };
			sockets.push(socket);
			return {
				send: (data) =>
					socket.sent.push(typeof data === "string" ? JSON.parse(data) : new TextDecoder().decode(data)),
				close: () => {
					socket.closed = true;
				},
			};
		},
		diagnose: () => Promise.resolve(undefined),
		write: (data, done) => {
			log.push(`write ${data.length}`);
			drawn.push(done);
		},
		truncated: (first) => log.push(`truncated ${first}`),
		replaying: (on) => log.push(`replaying ${on}`),
		resized: (cols, rows) => log.push(`resized ${cols}x${rows}`),
		restarted: () => log.push("restarted"),
		changed: () => undefined,
	};
	const connection = new TerminalConnection(ports, { cols: 80, rows: 24 }, fresh, clock);
	connection.connect();
	const last = () => {
		const socket = sockets.at(-1);
		if (!socket) throw new Error("no socket was opened");
		return socket;
	};
	const frame = (value: object) => last().events.text(JSON.stringify(value));
	const ready = (cursor: number, more: Partial<Terminal> = {}) =>
		frame({ type: "ready", cursor, terminal: { ...terminal, ...more } });
	const bytes = (n: number) => last().events.bytes(new Uint8Array(n));
	const drawAll = () => {
		for (const done of drawn.splice(0)) done();
	};
	return { connection, sockets, log, clock, ports, last, frame, ready, bytes, drawAll };
}

const key = (text: string) => new TextEncoder().encode(text);

describe("a terminal's connection", () => {
	it("asks for the whole ring at first, and for what follows its cursor after a break", () => {
		const w = world();
		expect(w.last().query).toEqual({ since: undefined, cols: 80, rows: 24 });
		w.ready(100);
		w.bytes(50);
		w.last().events.closed();
		w.clock.tick(250);
		expect(w.last().query.since).toBe(150);
	});

	it("resumes from what it received even when that is not drawn yet", () => {
		const w = world();
		w.ready(0);
		w.bytes(10);
		w.last().events.closed();
		w.clock.tick(250);
		expect(w.last().query.since).toBe(10);
	});

	it("marks the replay until its last byte is drawn", () => {
		const w = world();
		w.ready(0);
		w.bytes(5);
		w.frame({ type: "replayed", cursor: 5 });
		expect(w.log).toEqual(["replaying true", "write 5", "write 0"]);
		w.drawAll();
		expect(w.log.at(-1)).toBe("replaying false");
	});

	it("lets a terminal that this window has just made be answered from its first byte", () => {
		const w = world(true);
		w.ready(0);
		expect(w.log).not.toContain("replaying true");
	});

	it("gives credit in steps, for what is drawn and not for what has come", () => {
		const w = world();
		w.ready(0);
		w.bytes(ACK_EVERY - 1);
		w.drawAll();
		expect(w.last().sent).toEqual([]);
		w.bytes(1);
		expect(w.last().sent).toEqual([]);
		w.drawAll();
		expect(w.last().sent).toEqual([{ type: "ack", cursor: ACK_EVERY }]);
	});

	it("does not give credit on a new socket for bytes of the old one", () => {
		const w = world();
		w.ready(0);
		w.bytes(ACK_EVERY * 2);
		w.last().events.closed();
		w.clock.tick(250);
		w.drawAll();
		expect(w.last().sent).toEqual([]);
	});

	it("sends keys at once while it is live", () => {
		const w = world();
		w.ready(0);
		w.connection.send(key("l"));
		expect(w.last().sent).toEqual(["l"]);
	});

	it("holds what is typed while disconnected and sends it in order after the resume", () => {
		const w = world();
		w.connection.send(key("a"));
		w.ready(0);
		expect(w.last().sent).toEqual(["a"]);
		w.last().events.closed();
		w.connection.send(key("b"));
		w.connection.send(key("c"));
		w.clock.tick(250);
		expect(w.last().sent).toEqual([]);
		w.ready(0);
		expect(w.last().sent).toEqual(["b", "c"]);
	});

	it("refuses input beyond what it can hold", () => {
		const w = world();
		expect(w.connection.send(new Uint8Array(HELD_INPUT_LIMIT))).toBe(true);
		expect(w.connection.send(key("x"))).toBe(false);
	});

	it("waits longer after each failure, and starts anew after a success", async () => {
		const w = world();
		for (const wait of [250, 500, 1000]) {
			w.last().events.closed();
			await Promise.resolve();
			await Promise.resolve();
			expect(w.connection.phase).toMatchObject({ name: "waiting", retryAt: w.clock.time + wait });
			w.clock.tick(wait);
		}
		w.ready(0);
		w.last().events.closed();
		expect(w.connection.phase).toMatchObject({ name: "waiting", retryAt: w.clock.time + 250 });
	});

	it("stops trying when the other side says that the terminal is gone", () => {
		const w = world();
		w.frame({ type: "error", code: "TERMINAL_NOT_FOUND", message: "no such terminal" });
		w.last().events.closed();
		w.clock.tick(60_000);
		expect(w.sockets).toHaveLength(1);
		expect(w.connection.phase).toMatchObject({ name: "failed", code: "TERMINAL_NOT_FOUND" });
	});

	it("asks why when a socket closes before it was ready", async () => {
		const w = world();
		w.ports.diagnose = () => Promise.resolve({ code: "SANDBOX_NOT_RUNNING", message: "stopped" });
		w.last().events.closed();
		await Promise.resolve();
		await Promise.resolve();
		expect(w.connection.phase).toMatchObject({ name: "failed", code: "SANDBOX_NOT_RUNNING" });
	});

	it("tells the PTY its size when it has another one", () => {
		const w = world();
		w.ready(0, { cols: 100 });
		expect(w.last().sent).toEqual([{ type: "resize", cols: 80, rows: 24 }]);
	});

	it("does not take its own resizes for another viewer's, however late they come back", () => {
		const w = world();
		w.ready(0);
		w.connection.resize(90, 24);
		w.connection.resize(100, 24);
		w.frame({ type: "resized", cols: 90, rows: 24 });
		w.frame({ type: "resized", cols: 100, rows: 24 });
		expect(w.log.filter((l) => l.startsWith("resized"))).toEqual([]);
		w.frame({ type: "resized", cols: 60, rows: 20 });
		expect(w.log.at(-1)).toBe("resized 60x20");
	});

	it("knows an exit from the frame, and from `ready` when it comes late", () => {
		const w = world();
		w.ready(0, { running: false, exitCode: 3 });
		expect(w.connection.exit).toEqual({ code: 3 });
		w.frame({ type: "restarted", cursor: 0 });
		expect(w.connection.exit).toBeUndefined();
		w.frame({ type: "exit", cursor: 0, exitCode: 137, signal: "SIGKILL" });
		expect(w.connection.exit).toEqual({ code: 137, signal: "SIGKILL" });
	});

	it("goes on at the told cursor when bytes are gone", () => {
		const w = world();
		w.ready(0);
		w.bytes(10);
		w.frame({ type: "truncated", cursor: 5000 });
		w.bytes(1);
		expect(w.connection.received).toBe(5001);
		expect(w.log).toContain("truncated false");
	});

	it("hears nothing from a socket that it has left", () => {
		const w = world();
		w.ready(0);
		const old = w.last();
		w.connection.connect();
		old.events.bytes(new Uint8Array(3));
		old.events.closed();
		expect(w.connection.received).toBe(0);
		expect(w.sockets).toHaveLength(2);
	});
});
