/**
 * A page in Chromium with xterm.js and the client's add-on for it, both as they are published. The page knows no token:
 * as with the SDK, a server of its user's passes the add-on's WebSocket on. Here that server can cut it, too.
 */
import { readFileSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { Browser, Page } from "playwright-core";
import { until } from "../../support/child.ts";
import { launchChromium } from "../../support/chromium.ts";
import { root } from "../../support/place.ts";
import type { Gateway } from "./gateway.ts";

const addon = createRequire(import.meta.url).resolve("@cloudflare/sandbox/xterm");
// The window's own xterm.js, so that there is one version of it.
const xterm = join(root, "ui/node_modules/@xterm/xterm");

const FILES: Record<string, [type: string, read: () => string | Buffer]> = {
  "/": ["text/html", () => HTML],
  "/addon.mjs": ["text/javascript", () => readFileSync(addon)],
  "/xterm.mjs": ["text/javascript", () => readFileSync(join(xterm, "lib/xterm.mjs"))],
  "/xterm.css": ["text/css", () => readFileSync(join(xterm, "css/xterm.css"))],
};

const HTML = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:"><link rel="stylesheet" href="/xterm.css">
<div id="terminal"></div>
<script type="module">
  import { SandboxAddon } from "/addon.mjs";
  import { Terminal } from "/xterm.mjs";
  const told = [];
  const open = (options) => {
    const terminal = new Terminal({ cols: 91, rows: 21, scrollback: 25000 });
    terminal.open(document.getElementById("terminal"));
    const getWebSocketUrl = ({ sandboxId, sessionId, origin }) =>
      origin + "/" + sandboxId + "/ws/pty?" + new URLSearchParams({ sessionId, cols: terminal.cols, rows: terminal.rows });
    const onStateChange = (state, error) => told.push({ state, error: error?.message });
    Object.assign(globalThis, { terminal, addon: new SandboxAddon({ getWebSocketUrl, onStateChange, ...options }) });
  };
  Object.assign(globalThis, { told, open });
</script>`;

/** What the add-on told by `onStateChange`. */
export interface Told {
  state: "disconnected" | "connecting" | "connected";
  error?: string;
}

/** Serves the page, and passes its WebSockets on to the gateway. */
class Passing {
  private readonly sockets = new Set<Duplex>();

  private constructor(
    private readonly gateway: Gateway,
    private readonly server: Server,
  ) {}

  static async open(gateway: Gateway): Promise<Passing> {
    const server = createServer((asked, answer) => {
      const [type, read] = FILES[asked.url ?? ""] ?? [];
      answer.writeHead(read ? 200 : 404, { "content-type": type ?? "text/plain" }).end(read?.());
    });
    const passing = new Passing(gateway, server);
    server.on("upgrade", (asked: IncomingMessage, socket: Duplex) => passing.pass(asked, socket));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return passing;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  /** How many WebSockets of the page there are. */
  get count(): number {
    return this.sockets.size;
  }

  private pass(asked: IncomingMessage, socket: Duplex): void {
    const headers: Record<string, string> = { ...this.gateway.headers, Connection: "Upgrade", Upgrade: "websocket" };
    for (const name of ["sec-websocket-key", "sec-websocket-version"]) headers[name] = String(asked.headers[name]);
    const onward = httpRequest(`${this.gateway.url}/v1/sandboxes${asked.url}`, { headers });
    onward.once("upgrade", ({ rawHeaders }, far, first) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines(rawHeaders)}\r\n`);
      socket.write(first);
      socket.pipe(far).pipe(socket);
      far.once("error", () => socket.destroy());
    });
    onward.once("response", ({ statusCode }) => socket.end(`HTTP/1.1 ${statusCode} Refused\r\n\r\n`));
    onward.once("error", () => socket.destroy());
    this.sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      this.sockets.delete(socket);
      onward.destroy();
    });
    onward.end();
  }

  /** Cuts every WebSocket, as a network that fails does: nobody says good-bye. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.server.closeAllConnections();
    this.server.close();
  }
}

const lines = (raw: string[]) => raw.map((part, at) => (at % 2 ? `${part}\r\n` : `${part}: `)).join("");

/** One page, one terminal. */
export class AddonPage {
  private constructor(
    private readonly page: Page,
    private readonly passing: Passing,
  ) {}

  static async open(browser: Promise<Browser>, gateway: Gateway, options: object = {}): Promise<AddonPage> {
    const passing = await Passing.open(gateway);
    const page = await (await browser).newPage();
    await page.goto(passing.url);
    await page.evaluate(`open(${JSON.stringify(options)})`);
    return new AddonPage(page, passing);
  }

  /** Evaluates JavaScript where `addon` and `terminal` are. */
  run<T>(script: string): Promise<T> {
    return this.page.evaluate<T>(script);
  }

  /** Presses the keys of `text`. Nothing gives the terminal the focus here: that is the add-on's part. */
  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
    await this.page.keyboard.press("Enter");
  }

  told(): Promise<Told[]> {
    return this.run<Told[]>("told");
  }

  /** What the terminal holds, from the top of what it scrolled away. */
  text(): Promise<string> {
    return this.run<string>(
      `Array.from({ length: terminal.buffer.active.length }, (_, row) =>
         terminal.buffer.active.getLine(row).translateToString(true)).join("\\n")`,
    );
  }

  async reads(wanted: string): Promise<string> {
    const look = async () => {
      const text = await this.text();
      return text.includes(wanted) && text;
    };
    return until(`the terminal to show ${wanted}`, look).catch(async (error) => {
      throw new Error(`${error}\n${await this.text()}\n${JSON.stringify(await this.told())}`);
    });
  }

  /** Waits until the add-on has told all of `states`, one after another, and nothing else. */
  async states(...states: Told["state"][]): Promise<void> {
    let seen: unknown[] = [];
    const look = async () => {
      seen = (await this.told()).map(({ state }) => state);
      return JSON.stringify(seen) === JSON.stringify(states);
    };
    await until(`the states ${states}`, look).catch((error) => {
      throw new Error(`${error}: they are ${seen}`);
    });
  }

  get sockets(): number {
    return this.passing.count;
  }

  cut(): void {
    this.passing.cut();
  }

  async close(): Promise<void> {
    await this.page.close();
    this.passing.close();
  }
}

/** A Chromium for all pages of a suite, started when the first one is wanted. */
export function oneChromium() {
  let browser: Promise<Browser> | undefined;
  const launch = () => {
    browser ??= launchChromium();
    return browser;
  };
  return { launch, close: async () => (await browser)?.close() };
}
