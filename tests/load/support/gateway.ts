/** A real `sandpitd` over a data folder of its own: to ask, to kill, and to start again over the same folder. */
import { randomBytes, randomInt } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Child, start } from "../../support/child.ts";
import { newPlace, type Place, programs } from "../../support/place.ts";
import { ready } from "../../support/served.ts";
import { type Event, events } from "./events.ts";

export interface Sandbox {
  id: string;
  state: string;
  reason?: { kind: string; message: string };
}

/** The one error body. */
export interface Refusal {
  code: string;
  message: string;
  httpStatus: number;
  context: Record<string, unknown>;
}

export interface Answer<T> {
  status: number;
  body: T;
}

export class Gateway {
  readonly place: Place;
  /** Its data folder. */
  readonly data: string;
  readonly token = randomBytes(24).toString("hex");
  /** A limit that Linux has no use for. All that it starts has the same, whatever becomes of its parent or its files. */
  readonly mark = randomInt(1, 2 ** 31);
  url = "";
  private server: Child | undefined;
  /** Words in front of the program. */
  private readonly prefix: string[];

  private constructor(place: Place, prefix: string[]) {
    this.place = place;
    this.prefix = prefix;
    this.data = join(place.dataDir, "data");
    mkdirSync(this.data, { recursive: true });
    writeFileSync(join(place.dataDir, "token"), this.token, { mode: 0o600 });
  }

  /** One that answers. `prefix` is a program, with arguments, that executes the rest of its arguments. */
  static async open(prefix: string[] = [], place = newPlace()): Promise<Gateway> {
    const gateway = new Gateway(place, prefix);
    await gateway.begin();
    return gateway;
  }

  /** Starts `sandpitd` over the folder, which may hold sandboxes already. */
  async begin(): Promise<void> {
    const token = join(this.place.dataDir, "token");
    const own = ["serve", "--listen", "127.0.0.1:0", "--data-dir", this.data, "--token-file", token];
    // As many descriptors as a login gives, however many this test has.
    const limits = ["prlimit", "--nofile=1024:", `--locks=${this.mark}`];
    const [program = "", ...args] = [...limits, ...this.prefix, join(programs, "sandpitd"), ...own];
    const server = start(program, args, this.place.env);
    this.server = server;
    this.url = (await ready(server, 30_000)).url;
  }

  /** What nothing else on this machine is called. */
  get name(): string {
    return basename(this.place.dataDir);
  }

  get pid(): number {
    const pid = this.server?.process.pid;
    if (!pid) throw new Error("sandpitd does not run");
    return pid;
  }

  /** What it has logged. */
  log = () => this.server?.output() ?? "";

  /** Ends it; the sandboxes stay. */
  end = async () => this.server?.end();

  /** Ends it as a crash would; the sandboxes stay. */
  crash = async () => this.server?.end("SIGKILL");

  /** Destroys every sandbox, ends, and removes the folder: also after a test that failed and left it anyhow. */
  async close(): Promise<void> {
    await this.end();
    await this.begin();
    for (const { id } of await this.list()) await this.destroy(id);
    await this.end();
    this.place.remove();
  }

  headers = () => ({ authorization: `Bearer ${this.token}` });

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}/v1${path}`, { ...init, headers: { ...this.headers(), ...init.headers } });
  }

  async ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer<T>> {
    const sent =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await this.fetch(path, { method, signal: signal ?? null, ...sent });
    const text = await response.text();
    return { status: response.status, body: (text ? JSON.parse(text) : undefined) as T };
  }

  /** The same, for when it must succeed. */
  async get<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.ask<T>(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Whether memory can be limited here. Root must be able to; an ordinary user only where the host grants control groups. */
  async canLimitMemory(): Promise<boolean> {
    if (process.getuid?.() === 0) return true;
    const { engines } = await this.get<{ engines: { capabilities: { memoryLimit: { available: boolean } } }[] }>(
      "GET",
      "/engines",
    );
    return engines.some(({ capabilities }) => capabilities.memoryLimit.available);
  }

  list = async () => (await this.get<{ sandboxes: Sandbox[] }>("GET", "/sandboxes")).sandboxes;
  create = (request: object = {}) => this.get<Sandbox>("POST", "/sandboxes", request);
  inspect = (id: string) => this.get<Sandbox>("GET", `/sandboxes/${id}`);
  start = (id: string) => this.get<Sandbox>("POST", `/sandboxes/${id}/start`);
  destroy = (id: string) => this.get<void>("DELETE", `/sandboxes/${id}`);

  /** A sandbox that is being used. */
  in = (id: string) => new Inside(this, id);
}

export interface Executed {
  success: boolean;
  exitCode: number;
  stdout: string;
  stderr: string;
  sessionId: string;
}

/** The routes of one sandbox's agent. */
export class Inside {
  readonly gateway: Gateway;
  readonly id: string;

  constructor(gateway: Gateway, id: string) {
    this.gateway = gateway;
    this.id = id;
  }

  path = (route: string) => `/sandboxes/${this.id}${route}`;
  ask = <T>(method: string, route: string, body?: unknown) => this.gateway.ask<T>(method, this.path(route), body);
  get = <T>(method: string, route: string, body?: unknown) => this.gateway.get<T>(method, this.path(route), body);

  /** Runs a command, which must have an answer, and gives it. */
  exec = (command: string, options: object = {}) => this.get<Executed>("POST", "/api/execute", { command, ...options });

  /** What a command prints; it must succeed. */
  async says(command: string, options: object = {}): Promise<string> {
    const { exitCode, stdout, stderr } = await this.exec(command, options);
    if (exitCode !== 0) throw new Error(`${command}: exit code ${exitCode}: ${stdout}${stderr}`);
    return stdout;
  }

  write = (path: string, content: string) => this.ask<Refusal>("POST", "/api/write", { path, content });
  read = async (path: string) => (await this.get<{ content: string }>("POST", "/api/read", { path })).content;
  startProcess = async (command: string, options: object = {}) =>
    (await this.get<{ processId: string }>("POST", "/api/process/start", { command, ...options })).processId;

  /** The events of a stream, in order. Leaving the loop closes the request. */
  async *stream(method: string, route: string, body?: unknown): AsyncGenerator<Event> {
    const given =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await this.gateway.fetch(this.path(route), { method, ...given });
    if (!response.ok || !response.body)
      throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
    yield* events(response.body);
  }

  execStream = (command: string, options: object = {}) =>
    this.stream("POST", "/api/execute/stream", { command, ...options });
}
