/** Cases: what a method of the official client must do, tried over each of its transports. */
import { CodeInterpreter, SandboxClient } from "@cloudflare/sandbox";
import { describe, it } from "vitest";
import type { Gateway, Made } from "./gateway.ts";
import { called, counted, type Transport } from "./methods.ts";

export const TRANSPORTS: readonly Transport[] = ["http", "websocket"];

/** What a case has at hand. */
export interface Trial {
  client: SandboxClient;
  interpreter: CodeInterpreter;
  transport: Transport;
  gateway: Gateway;
  sandbox: Made;
  /** A name nothing else has; a session of this name is this case's own. */
  name: string;
  /** A folder of this case's own, which exists. */
  folder: string;
}

type Run = (trial: Trial) => Promise<void>;

export type Result = "passed" | "failed";
export interface Row {
  method: string;
  /** `plain` where the client has no part in it. */
  transport: Transport | "plain";
  says: string;
  result: Result;
  refusedByClient: boolean;
}

interface Options {
  /** The client has no part in it: what is tried crosses the wire by other means, once. */
  plain?: boolean;
  /** What is tried is that the client itself refuses, before it asks the server. */
  refusedByClient?: boolean;
}

export const rows: Row[] = [];
export const declared = new Set<string>();

let home: { gateway: Gateway; sandbox: Made } | undefined;

/** Where every case runs from now on. */
export function settle(gateway: Gateway, sandbox: Made): void {
  home = { gateway, sandbox };
}

/**
 * A client over `transport`. It opens its WebSocket without a word of its own, so the class of it says the token, by the
 * subprotocols that a browser would use.
 */
export function connect(gateway: Gateway, sandbox: Made, transport: Transport): SandboxClient {
  const asked = { baseUrl: sandbox.url, defaultHeaders: gateway.headers };
  if (transport === "http") return new SandboxClient(asked);
  globalThis.WebSocket = authorized(gateway);
  return new SandboxClient({ ...asked, transportMode: "websocket", wsUrl: `${sandbox.url.replace("http", "ws")}/ws` });
}

const Plain = globalThis.WebSocket;

function authorized(gateway: Gateway): typeof WebSocket {
  return class extends Plain {
    constructor(url: string | URL, protocols: string | string[] = gateway.protocols) {
      super(url, protocols);
    }
  };
}

/** Declares the cases of `method`, named as `SandboxClient` reaches it, for example `files.readFile`. */
export function cases(method: string, sentences: Record<string, Run>, options: Options = {}): void {
  declared.add(method);
  const refusedByClient = options.refusedByClient ?? false;
  describe(method, () => {
    for (const [says, run] of Object.entries(sentences))
      for (const transport of options.plain ? (["plain"] as const) : TRANSPORTS)
        it(`${says} (${transport})`, () => tried({ method, says, transport, result: "failed", refusedByClient }, run));
  });
}

let count = 0;

async function tried(row: Row, run: Run): Promise<void> {
  if (!home) throw new Error("no sandbox yet");
  const transport = row.transport === "plain" ? "http" : row.transport;
  const client = connect(home.gateway, home.sandbox, transport);
  const name = `case-${++count}`;
  const folder = `/workspace/${name}`;
  rows.push(row);
  const before = called(row.method);
  try {
    await client.files.mkdir(folder, name);
    await run({ client, interpreter: new CodeInterpreter(client.interpreter), transport, ...home, name, folder });
    if (counted(row.method) && called(row.method) === before)
      throw new Error(`this case of ${row.method} never calls it`);
    row.result = "passed";
  } finally {
    client.disconnect();
  }
}
