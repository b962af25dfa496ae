/** WebSockets of servers in the sandbox, by the client's `Sandbox` class: `wsConnect`, and previews. */
import { getSandbox, proxyToSandbox, type Sandbox } from "@cloudflare/sandbox";
import { expect } from "vitest";
import { namespace } from "../support/durable.ts";
import { failure } from "../support/read.ts";
import { type SandboxTrial, sandboxCases } from "../support/sandboxCases.ts";
import type { End } from "../support/sockets.ts";

let last = 23_000;

/** Says back what it hears, tells how it was asked, and closes when it is told to. */
const SERVER = `Deno.serve({ port: PORT, hostname: "127.0.0.1" }, (request) => {
  const { pathname, search } = new URL(request.url);
  if (pathname === "/none") return new Response("no socket here", { status: 403 });
  const asked = "asked " + pathname + search + " by " + request.headers.get("x-mine");
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onopen = () => socket.send(asked);
  socket.onmessage = ({ data }) => data === "close" ? socket.close(4001, "as told") : socket.send(data);
  socket.onclose = ({ code, reason }) => console.log("closed " + code + " " + reason);
  return response;
});`;

/** Starts it on a port of its own, and waits until it listens. */
async function serveSocket({ box, session, folder }: SandboxTrial) {
  const port = ++last;
  await box.writeFile(`${folder}/server.ts`, SERVER.replace("PORT", `${port}`));
  const process = await session.startProcess(`exec deno run --quiet --allow-net ${folder}/server.ts`);
  await process.waitForPort(port, { mode: "tcp", timeout: 30_000 });
  return { port, process };
}

const UPGRADE = { Upgrade: "websocket", Connection: "Upgrade" };
const asking = (url: string) => new Request(url, { headers: { ...UPGRADE, "X-Mine": "me" } });

/** What comes on a socket, in order; how it ended is the last of it. */
class Heard {
  private readonly come: unknown[] = [];
  private look: () => void = () => undefined;

  constructor(readonly socket: End) {
    const keep = (what: unknown) => {
      this.come.push(what);
      this.look();
    };
    socket.addEventListener("message", (event) => keep((event as MessageEvent).data));
    socket.addEventListener("close", (event) =>
      keep({ code: (event as CloseEvent).code, reason: (event as CloseEvent).reason }),
    );
    socket.accept();
  }

  next(): Promise<unknown> {
    return new Promise((done, failed) => {
      const late = setTimeout(() => failed(new Error("nothing came for 10 s")), 10_000);
      this.look = () => {
        if (this.come.length === 0) return;
        clearTimeout(late);
        this.look = () => undefined;
        done(this.come.shift());
      };
      this.look();
    });
  }
}

function heard(answer: Response | null): Heard {
  expect(answer?.status).toBe(101);
  return new Heard((answer as Response & { webSocket: End }).webSocket);
}

/** Text, bytes, and the end by either side: a socket that does all of it is one. */
async function isASocket(open: () => Promise<Response | null>, { process }: Awaited<ReturnType<typeof serveSocket>>) {
  const first = heard(await open());
  expect(await first.next()).toBe("asked /a/path?and=query by me");
  first.socket.send("text é世界");
  expect(await first.next()).toBe("text é世界");
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
  first.socket.send(bytes.buffer);
  expect(new Uint8Array((await first.next()) as ArrayBuffer)).toEqual(bytes);
  const large = "x".repeat(1 << 20);
  first.socket.send(large);
  expect(await first.next()).toBe(large);
  first.socket.send("close");
  expect(await first.next()).toEqual({ code: 4001, reason: "as told" });

  const second = heard(await open());
  await second.next();
  second.socket.close(4002, "by the client");
  await process.waitForLog("closed 4002 by the client", 10_000);
}

sandboxCases("wsConnect", {
  "is a WebSocket of a server in the sandbox": async (trial) => {
    const serving = await serveSocket(trial);
    const open = () => trial.box.wsConnect(asking("http://localhost/a/path?and=query"), serving.port);
    await isASocket(open, serving);
    await serving.process.kill();
  },
  "gives what the server answered when it wants no socket": async (trial) => {
    const { port, process } = await serveSocket(trial);
    const answer = await trial.box.wsConnect(asking("http://localhost/none"), port);
    expect([answer.status, await answer.text()]).toEqual([403, "no socket here"]);
    await process.kill();
  },
  "fails where nobody listens": async ({ box }) => {
    const answer = await box.wsConnect(asking("http://localhost/"), ++last);
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining("no tunnel: 502")]);
  },
  "the client refuses its own port, and those below 1024": async ({ box }) => {
    for (const port of [3000, 80, 70_000])
      expect(await failure(box.wsConnect(asking("http://localhost/"), port))).toMatchObject({
        name: "SandboxSecurityError",
      });
  },
});

sandboxCases("exposePort", {
  "makes a URL whose WebSockets proxyToSandbox passes on": async (trial) => {
    const { gateway, sandbox, transport } = trial;
    const bound = namespace(gateway, sandbox);
    const box = getSandbox(bound, sandbox.id, { transport }) as unknown as Sandbox;
    // One runtime, whose start activates its previews.
    await box.exec("true");
    const serving = await serveSocket(trial);
    const { url } = await box.exposePort(serving.port, { hostname: "localhost:8787", token: "sockets" });
    const open = () => proxyToSandbox(asking(`${url}a/path?and=query`), { Sandbox: bound });
    await isASocket(open, serving);
    await box.unexposePort(serving.port);
    expect((await open())?.status).toBe(404);
    await serving.process.kill();
  },
});
