/** The client's xterm add-on, `@cloudflare/sandbox/xterm`, in Chromium with the real xterm.js, on a real terminal (§2.5). */
import { afterAll, expect } from "vitest";
import { until } from "../../support/child.ts";
import { cases, type Trial } from "../support/cases.ts";
import { AddonPage, oneChromium } from "../support/page.ts";

const chromium = oneChromium();
afterAll(chromium.close);

/** The add-on's first wait before it tries again, and its jitter (§1.2), with time to spare. */
const RECONNECT = 1_100 + 400;

interface PageTrial extends Trial {
  page: AddonPage;
  /** Has the add-on connect to a session of the sandbox, this case's own unless another is named. */
  connect(sessionId?: string): Promise<void>;
}

type Use = (trial: PageTrial) => Promise<void>;

/** Cases of a page with a terminal and an add-on of these `options`. */
function pageCases(method: string, sentences: Record<string, Use>, options: object = {}): void {
  const run = (use: Use) => async (trial: Trial) => {
    const page = await AddonPage.open(chromium.launch(), trial.gateway, options);
    const connect = (sessionId = trial.name) =>
      page.run<void>(`addon.connect(${JSON.stringify({ sandboxId: trial.sandbox.id, sessionId })})`);
    try {
      if (method !== "activate") await page.run("terminal.loadAddon(addon)");
      await use({ ...trial, page, connect });
    } finally {
      await page.close();
    }
  };
  const each = Object.entries(sentences).map(([says, use]) => [says, run(use)] as const);
  cases(`SandboxAddon.${method}`, Object.fromEntries(each), { plain: true });
}

pageCases("activate", {
  "is what xterm.js calls: before it the add-on connects to nothing": async ({ page, connect }) => {
    await connect();
    expect(await page.run("addon.state")).toBe("disconnected");
    await page.run("terminal.loadAddon(addon)");
    await connect();
    await page.states("connecting", "connected");
  },
});

pageCases("connect", {
  "is connected once the shell is there; what is typed is echoed, run and drawn": async ({ page, connect }) => {
    await connect();
    await page.states("connecting", "connected");
    await page.type("tty; echo é世界-$((40 + 2))");
    await page.reads("echo é世界-$((40 + 2))");
    await page.reads("/dev/pts/");
    await page.reads("é世界-42");
  },
  "gives the shell the size of the terminal, and every size it takes": async ({ page, connect }) => {
    await connect();
    await page.states("connecting", "connected");
    await page.type("stty size");
    await page.reads("\n21 91\n");
    await page.run("terminal.resize(102, 32)");
    await page.type("stty size");
    await page.reads("\n32 102\n");
  },
  "draws a flood to its end, with no line lost": async ({ page, connect }) => {
    await connect();
    await page.states("connecting", "connected");
    await page.type("seq 1 20000; echo the-$((1 + 1))-end");
    const lines = Array.from({ length: 20_000 }, (_, at) => at + 1).join("\n");
    expect(await page.reads("the-2-end")).toContain(`\n${lines}\nthe-2-end`);
  },
  "comes back by itself when it is cut off, to the same shell and what it showed": async (trial) => {
    const { page, connect } = trial;
    await connect();
    await page.states("connecting", "connected");
    await page.type("kept=held; echo mark-$((1 + 1))");
    await page.reads("\nmark-2");
    page.cut();
    await page.states("connecting", "connected", "disconnected");
    // It goes on while nobody looks.
    await trial.client.commands.execute("export TOLD=meanwhile", trial.name);
    await page.states("connecting", "connected", "disconnected", "connecting", "connected");
    expect((await page.reads("\nmark-2")).split("\nmark-2").length).toBe(2);
    await page.type("echo $kept-$TOLD");
    await page.reads("held-meanwhile");
  },
  "shows another session when it is told to, and the first one as it was": async ({ page, connect, name }) => {
    await connect();
    await page.states("connecting", "connected");
    await page.type("kept=first; echo mark-$((2 + 2))");
    await page.reads("\nmark-4");
    await connect(`${name}-other`);
    await until("the other to be there", async () => (await page.told()).length === 4);
    await page.type("echo other-${kept-none}");
    expect(await page.reads("other-none")).not.toContain("mark-4");
    await connect();
    await page.reads("\nmark-4");
    await page.type("echo again-$kept");
    await page.reads("again-first");
  },
  "tells with which code the shell ended, and has a new one for who connects next": async ({ page, connect }) => {
    await connect();
    await page.states("connecting", "connected");
    await page.type("exit 5");
    const ended = async () => (await page.told()).find(({ error }) => error);
    expect(await until("the end to be told", ended)).toEqual({
      state: "connected",
      error: "Session exited with code 5",
    });
    await page.run("addon.disconnect()");
    await connect();
    await until("it to be connected", async () => (await page.told()).at(-1)?.state === "connected");
    await page.type("echo new-$((3 + 3))");
    await page.reads("new-6");
  },
});

pageCases(
  "connect",
  {
    "stays cut off when it was asked not to come back": async ({ page, connect }) => {
      await connect();
      await page.states("connecting", "connected");
      page.cut();
      await page.states("connecting", "connected", "disconnected");
      await new Promise((done) => setTimeout(done, RECONNECT));
      await page.states("connecting", "connected", "disconnected");
    },
    "is told that it was refused": async ({ page, connect }) => {
      await connect("");
      await page.states("connecting", "connecting", "disconnected");
      expect((await page.told()).map(({ error }) => error)).toEqual([undefined, "WebSocket error", undefined]);
    },
  },
  { reconnect: false },
);

pageCases("disconnect", {
  "closes its socket for good, and leaves the shell as it is": async ({ page, connect }) => {
    await connect();
    await page.states("connecting", "connected");
    await page.type("kept=held; echo mark-$((1 + 1))");
    await page.reads("\nmark-2");
    await page.run("addon.disconnect()");
    await until("the socket to be closed", async () => page.sockets === 0);
    await new Promise((done) => setTimeout(done, RECONNECT));
    await page.states("connecting", "connected", "disconnected");
    await connect();
    await page.states("connecting", "connected", "disconnected", "connecting", "connected");
    await page.type("echo still-$kept");
    await page.reads("still-held");
  },
});

pageCases("dispose", {
  "comes with the end of the terminal, and closes the socket": async ({ page, connect }) => {
    await connect();
    await page.states("connecting", "connected");
    expect(page.sockets).toBe(1);
    await page.run("terminal.dispose()");
    await until("the socket to be closed", async () => page.sockets === 0);
  },
});
