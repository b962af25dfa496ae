/** `/ws/pty` by a plain WebSocket (§2.5). */
import { connect } from "node:net";
import { expect } from "vitest";
import { cases, type Trial } from "../support/cases.ts";
import { Pty } from "../support/terminal.ts";

const plain = { plain: true };
const open = (trial: Trial, more: Record<string, string> = {}) => Pty.open(trial, { sessionId: trial.name, ...more });

/** The status of an upgrade that is refused. */
function statusOf({ gateway, sandbox }: Trial, path: string): Promise<number> {
  const { hostname, port, pathname } = new URL(sandbox.url);
  const headers = [
    `GET ${pathname}${path} HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    `Authorization: ${gateway.headers.Authorization}`,
  ];
  return new Promise((done, failed) => {
    const socket = connect(Number(port), hostname, () => socket.write(`${headers.join("\r\n")}\r\n\r\n`));
    socket.once("data", (data) => {
      done(Number(/^HTTP\/1.1 (\d+)/.exec(data.toString())?.[1]));
      socket.destroy();
    });
    socket.once("error", failed);
  });
}

cases(
  "/ws/pty",
  {
    "is ready, then a shell in a terminal": async (trial) => {
      const pty = await open(trial);
      await pty.hears("ready");
      pty.type("tty; echo $TERM; echo é😀-$((40 + 2))\r");
      await pty.reads("/dev/pts/");
      await pty.reads("é😀-42");
      pty.close();
    },
    "has the size that was asked for, and takes another": async (trial) => {
      const pty = await open(trial, { cols: "91", rows: "21" });
      await pty.hears("ready");
      pty.type("stty size\r");
      await pty.reads("21 91");
      pty.tell({ type: "resize", cols: 102, rows: 32 });
      pty.type("stty size\r");
      await pty.reads("32 102");
      pty.close();
    },
    "replays what it showed to who comes later, and is the same shell": async (trial) => {
      const first = await open(trial);
      await first.hears("ready");
      first.type("here=kept; echo mark-$((1 + 1))\r");
      await first.reads("mark-2");
      first.close();
      const second = await open(trial);
      await second.hears("ready");
      expect(second.text).toContain("mark-2");
      second.type("echo $here-still\r");
      await second.reads("kept-still");
      second.close();
    },
    "shows all who look the same": async (trial) => {
      const [one, other] = [await open(trial), await open(trial)];
      await Promise.all([one.hears("ready"), other.hears("ready")]);
      one.type("echo both-$((2 + 2))\r");
      await Promise.all([one.reads("both-4"), other.reads("both-4")]);
      one.close();
      other.close();
    },
    "says when its shell ended, and has a new one for who comes next": async (trial) => {
      const pty = await open(trial);
      await pty.hears("ready");
      pty.type("exit 5\r");
      await pty.hears("exit");
      expect(pty.frames.find(({ type }) => type === "exit")).toMatchObject({ code: 5 });
      pty.close();
      const next = await open(trial);
      await next.hears("ready");
      next.type("echo new-$((3 + 3))\r");
      await next.reads("new-6");
      next.close();
    },
    "runs the shell that was asked for": async (trial) => {
      const pty = await open(trial, { shell: "sh" });
      await pty.hears("ready");
      pty.type("echo ${BASH_VERSION:-none}; echo $0-end\r");
      await pty.reads("sh-end");
      pty.close();
    },
    "says what it does not understand, and goes on": async (trial) => {
      const pty = await open(trial);
      await pty.hears("ready");
      pty.socket.send("{ no json");
      await pty.hears("error");
      pty.tell({ type: "resize", cols: -1, rows: 0 });
      pty.type("echo on-$((4 + 4))\r");
      await pty.reads("on-8");
      pty.close();
    },
    "gives 5 MB whole to who reads": async (trial) => {
      const pty = await open(trial);
      await pty.hears("ready");
      pty.type("stty -onlcr -echo; clear; seq 1 700000; echo the-end\r");
      await pty.reads("\nthe-end");
      expect(pty.text).toContain("\n699999\n700000\nthe-end");
      for (let i = 2; i < 700_000; i += 9973) expect(pty.text).toContain(`\n${i}\n${i + 1}\n`);
      pty.close();
    },
    "shares its session's folder and variables": async (trial) => {
      await trial.client.commands.execute(`cd ${trial.folder}; export FROM=session`, trial.name);
      const pty = await open(trial);
      await pty.hears("ready");
      pty.type("echo [$PWD:$FROM]\r");
      await pty.reads(`[${trial.folder}:session]`);
      pty.type("cd /tmp; export BACK=terminal; echo typed-$((5 + 5))\r");
      await pty.reads("typed-10");
      pty.type("\r");
      await expect
        .poll(async () => (await trial.client.commands.execute("echo $PWD $BACK", trial.name)).stdout, {
          timeout: 10_000,
        })
        .toBe("/tmp terminal\n");
      pty.close();
    },
    "wants to know whose it is": async (trial) => {
      expect(await statusOf(trial, "/ws/pty")).toBe(400);
      expect(await statusOf(trial, "/ws/pty?sessionId=x&cols=abc")).toBe(400);
    },
  },
  plain,
);
