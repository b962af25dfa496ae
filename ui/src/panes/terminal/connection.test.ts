import { describe, expect, it } from "vitest";
import { ApiFailure } from "../../api/failure";
import type { LinkUse } from "../../api/socket";
import type { Terminal } from "../../api/wire/Terminal";
import {
  ACK_EVERY,
  HELD_INPUT_LIMIT,
  TerminalConnection,
  type TerminalPorts,
  type TerminalQuery,
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

/** A connection with a link that the test opens, breaks and reads. */
function world(fresh = false) {
  const log: string[] = [];
  const drawn: (() => void)[] = [];
  const link = {
    query: (): TerminalQuery => ({ cols: 0, rows: 0 }),
    use: {} as Omit<LinkUse, "path">,
    open: true,
  };
  let sent: unknown[] = [];
  let links = 0;
  const ports: TerminalPorts = {
    link(query, use) {
      links++;
      Object.assign(link, { query, use, open: true });
      sent = [];
      return {
        send: (data) => {
          if (!link.open) return false;
          sent.push(typeof data === "string" ? JSON.parse(data) : new TextDecoder().decode(data));
          return true;
        },
        retry: () => log.push("retry"),
        close: () => {
          link.open = false;
        },
      };
    },
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
  const connection = new TerminalConnection(ports, { cols: 80, rows: 24 }, fresh);
  connection.connect();
  const frame = (value: object) => link.use.onText?.(JSON.stringify(value));
  return {
    connection,
    log,
    frame,
    sent: () => sent,
    links: () => links,
    query: () => link.query(),
    state: (state: Parameters<NonNullable<LinkUse["onState"]>>[0]) => link.use.onState?.(state),
    ready: (cursor: number, more: Partial<Terminal> = {}) =>
      frame({ type: "ready", cursor, terminal: { ...terminal, ...more } }),
    bytes: (n: number) => link.use.onBytes?.(new Uint8Array(n)),
    drawAll: () => {
      for (const done of drawn.splice(0)) done();
    },
    /** The socket breaks, and a new one opens. */
    lose: () => {
      link.open = false;
      link.use.onState?.({ at: "waiting", retryAt: 5 });
    },
    find: () => {
      sent = [];
      link.open = true;
      link.use.onState?.({ at: "connecting" });
      link.use.onState?.({ at: "open" });
    },
  };
}

const key = (text: string) => new TextEncoder().encode(text);

describe("a terminal's connection", () => {
  it("asks for the whole ring at first, and for what follows its cursor after a break", () => {
    const w = world();
    expect(w.query()).toEqual({ since: undefined, cols: 80, rows: 24 });
    w.ready(100);
    w.bytes(50);
    w.lose();
    expect(w.connection.phase).toEqual({ name: "waiting", retryAt: 5 });
    expect(w.query().since).toBe(150);
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

  it("takes what comes after a break for live, since nobody else has answered it", () => {
    const w = world(true);
    w.ready(0);
    w.lose();
    w.find();
    w.ready(0);
    expect(w.log).not.toContain("replaying true");
  });

  it("gives credit in steps, for what is drawn and not for what has come", () => {
    const w = world();
    w.ready(0);
    w.bytes(ACK_EVERY - 1);
    w.drawAll();
    expect(w.sent()).toEqual([]);
    w.bytes(1);
    expect(w.sent()).toEqual([]);
    w.drawAll();
    expect(w.sent()).toEqual([{ type: "ack", cursor: ACK_EVERY }]);
  });

  it("does not give credit on a new socket for bytes of the old one", () => {
    const w = world();
    w.ready(0);
    w.bytes(ACK_EVERY * 2);
    w.lose();
    w.find();
    w.ready(ACK_EVERY * 2);
    w.drawAll();
    expect(w.sent()).toEqual([]);
  });

  it("sends keys at once while it is live", () => {
    const w = world();
    w.ready(0);
    w.connection.send(key("l"));
    expect(w.sent()).toEqual(["l"]);
  });

  it("holds what is typed while disconnected and sends it in order after the resume", () => {
    const w = world();
    w.connection.send(key("a"));
    expect(w.sent()).toEqual([]);
    w.ready(0);
    expect(w.sent()).toEqual(["a"]);
    w.lose();
    w.connection.send(key("b"));
    w.connection.send(key("c"));
    w.find();
    expect(w.sent()).toEqual([]);
    w.ready(0);
    expect(w.sent()).toEqual(["b", "c"]);
  });

  it("refuses input beyond what it can hold", () => {
    const w = world();
    expect(w.connection.send(new Uint8Array(HELD_INPUT_LIMIT))).toBe(true);
    expect(w.connection.send(key("x"))).toBe(false);
  });

  it("stops trying when the other side says that the terminal is gone", () => {
    const w = world();
    w.frame({
      type: "error",
      code: "TERMINAL_NOT_FOUND",
      message: "no such terminal",
    });
    w.state({ at: "closed" });
    expect(w.connection.phase).toMatchObject({
      name: "failed",
      code: "TERMINAL_NOT_FOUND",
    });
  });

  it("says why it was refused, and tries anew when asked to", () => {
    const w = world();
    w.state({
      at: "refused",
      failure: new ApiFailure("SANDBOX_NOT_RUNNING", "stopped"),
    });
    expect(w.connection.phase).toMatchObject({
      name: "failed",
      code: "SANDBOX_NOT_RUNNING",
    });
    w.connection.retry();
    expect(w.links()).toBe(2);
  });

  it("tells the PTY its size when it has another one", () => {
    const w = world();
    w.ready(0, { cols: 100 });
    expect(w.sent()).toEqual([{ type: "resize", cols: 80, rows: 24 }]);
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

  it("is silent after its end", () => {
    const w = world();
    w.ready(0);
    w.connection.dispose();
    w.state({ at: "waiting", retryAt: 1 });
    expect(w.connection.phase).toEqual({ name: "closed" });
  });
});
