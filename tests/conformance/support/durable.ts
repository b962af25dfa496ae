/**
 * Enough of a Worker's platform for the client's `Sandbox` class to run in Node: storage in memory, and a container
 * that is a sandbox of ours. Its port 3000, where the reference's server listens, is the sandbox's own address; every
 * other port is reached by the agent's tunnel.
 */
import { timingSafeEqual } from "node:crypto";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { Readable } from "node:stream";
import { getSandbox, Sandbox, type SandboxOptions } from "@cloudflare/sandbox";
import type { Gateway, Made } from "./gateway.ts";
import { type End, end, installSockets } from "./sockets.ts";

installSockets();
Object.assign(globalThis, { IdentityTransformStream: TransformStream });
Object.assign(crypto.subtle, { timingSafeEqual });

class Storage {
  private readonly kept = new Map<string, unknown>();
  readonly kv = {
    get: (key: string) => this.kept.get(key),
    put: (key: string, value: unknown) => void this.kept.set(key, value),
  };
  /** Nothing is scheduled here. */
  readonly sql = { exec: () => [] };
  get = async (key: string) => structuredClone(this.kept.get(key));
  put = async (key: string, value: unknown) => void this.kept.set(key, structuredClone(value));
  delete = async (key: string) => this.kept.delete(key);
  transaction = async <T>(run: (storage: Storage) => Promise<T>) => run(this);
  setAlarm = async () => undefined;
  deleteAlarm = async () => undefined;
  sync = async () => undefined;
}

type Answer = Response & { webSocket: End | null };

/** `Container` copies a body and leaves it to nobody to hear that its reader went away. */
function plain(response: Response): Answer {
  const body = response.body;
  const pipeTo = body?.pipeTo.bind(body);
  if (body && pipeTo) body.pipeTo = (...to) => pipeTo(...to).catch(() => undefined);
  return Object.assign(response, { webSocket: null });
}

class Container {
  running = false;
  private over: () => void = () => undefined;

  constructor(
    private readonly gateway: Gateway,
    private readonly sandbox: Made,
  ) {}

  start(): void {
    this.running = true;
  }

  monitor(): Promise<void> {
    return new Promise((done) => {
      this.over = done;
    });
  }

  signal(): void {
    this.running = false;
    this.over();
  }

  async destroy(): Promise<void> {
    await this.gateway.ask("DELETE", `/v1/sandboxes/${this.sandbox.id}`);
    this.signal();
  }

  getTcpPort(port: number) {
    return {
      fetch: (url: string, init?: Request | RequestInit) => this.fetch(port, new Request(new Request(url), init)),
    };
  }

  private async fetch(port: number, request: Request): Promise<Answer> {
    const { pathname, search } = new URL(request.url);
    const upgrade = request.headers.get("upgrade")?.toLowerCase() === "websocket";
    if (upgrade && port === 3000) return this.socket(`${pathname}${search}`);
    if (upgrade) return this.socketOf(port, request, `${pathname}${search}`);
    if (port !== 3000) return plain(await throughTunnel(await this.tunnel(port), request, `${pathname}${search}`));
    const headers = new Headers(request.headers);
    headers.set("Authorization", this.gateway.headers.Authorization ?? "");
    const { method, body, signal } = request;
    const path = pathname === "/" ? "/api/ping" : `${pathname}${search}`;
    return plain(
      await fetch(`${this.sandbox.url}${path}`, { method, body, signal, headers, duplex: "half" } as RequestInit),
    );
  }

  private async socket(path: string): Promise<Answer> {
    const socket = new WebSocket(`${this.sandbox.url.replace("http", "ws")}${path}`, this.gateway.protocols);
    const webSocket = await end(socket).catch(() => null);
    if (webSocket) return Object.assign(new Response(null, { status: 101 }), { webSocket });
    // A socket does not tell why it was refused.
    return plain(await fetch(`${this.sandbox.url}${path}`, { headers: this.gateway.headers }));
  }

  /** A WebSocket of a server in the sandbox, or what it answered instead. */
  private async socketOf(port: number, request: Request, path: string): Promise<Answer> {
    // Opened here, so that a port where nobody listens fails as such.
    const tunnel = await this.tunnel(port);
    const near = createServer((socket) => socket.pipe(tunnel).pipe(socket));
    await new Promise<void>((done) => near.listen(0, "127.0.0.1", done));
    const { port: at } = near.address() as AddressInfo;
    const options = { protocols: [], headers: ownHeaders(request) } as unknown as string[];
    const webSocket = await end(new WebSocket(`ws://127.0.0.1:${at}${path}`, options)).catch(() => null);
    near.close();
    if (webSocket) return Object.assign(new Response(null, { status: 101 }), { webSocket });
    return plain(await throughTunnel(await this.tunnel(port), request, path));
  }

  /** A connection to a port in the sandbox. */
  private tunnel(port: number): Promise<IncomingMessage["socket"]> {
    const headers = { ...this.gateway.headers, Connection: "Upgrade", Upgrade: "tcp" };
    return new Promise((done, failed) => {
      const asked = httpRequest(`${this.sandbox.url}/api/tunnel/${port}`, { headers });
      asked.once("upgrade", (_, socket, first) => {
        socket.unshift(first);
        done(socket as IncomingMessage["socket"]);
      });
      asked.once("response", (response) => failed(new Error(`no tunnel: ${response.statusCode}`)));
      asked.once("error", failed);
      asked.end();
    });
  }
}

/** The headers of an upgrade that are not the upgrade's own, which a WebSocket makes by itself. */
function ownHeaders(request: Request): Record<string, string> {
  const ofUpgrade = /^(connection|upgrade|host|sec-websocket-.*)$/;
  return Object.fromEntries([...request.headers].filter(([name]) => !ofUpgrade.test(name)));
}

function throughTunnel(socket: IncomingMessage["socket"], request: Request, path: string): Promise<Response> {
  const headers = Object.fromEntries(request.headers);
  return new Promise((done, failed) => {
    const asked = httpRequest({
      createConnection: () => socket,
      path,
      method: request.method,
      headers,
      host: "localhost",
    });
    asked.once("response", (response) => {
      const body = Readable.toWeb(response) as ReadableStream<Uint8Array>;
      done(new Response(body, { status: response.statusCode, headers: response.headers as Record<string, string> }));
    });
    asked.once("error", failed);
    asked.end();
  });
}

export type Namespace = Parameters<typeof getSandbox>[0];

/** What a Worker is bound to: one `Sandbox` object, whose container is `sandbox`. */
export function namespace(gateway: Gateway, sandbox: Made): Namespace {
  const context = {
    id: { toString: () => sandbox.id },
    storage: new Storage(),
    container: new Container(gateway, sandbox),
    blockConcurrencyWhile: <T>(run: () => Promise<T>) => run(),
    abort: () => undefined,
  };
  const made = Reflect.construct(Sandbox, [context, { SANDBOX_LOG_LEVEL: "error" }]) as Sandbox;
  return { idFromName: (name: string) => name, get: () => made } as unknown as Namespace;
}

export function sandboxOf(gateway: Gateway, sandbox: Made, options: SandboxOptions = {}): Sandbox {
  return getSandbox(namespace(gateway, sandbox), sandbox.id, options) as unknown as Sandbox;
}
