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
  transport: Transport;
  says: string;
  result: Result;
  refusedByClient: boolean;
}

interface Options {
  transports?: readonly Transport[];
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

export function connect(gateway: Gateway, sandbox: Made, transport: Transport): SandboxClient {
  const asked = { baseUrl: sandbox.url, defaultHeaders: gateway.headers };
  if (transport === "http") return new SandboxClient(asked);
  return new SandboxClient({ ...asked, transportMode: "websocket", wsUrl: `${sandbox.url.replace("http", "ws")}/ws` });
}

/** Declares the cases of `method`, named as `SandboxClient` reaches it, for example `files.readFile`. */
export function cases(method: string, sentences: Record<string, Run>, options: Options = {}): void {
  declared.add(method);
  describe(method, () => {
    for (const [says, run] of Object.entries(sentences))
      for (const transport of options.transports ?? TRANSPORTS)
        it(`${says} (${transport})`, () => tried(method, says, transport, run, options.refusedByClient ?? false));
  });
}

let count = 0;

async function tried(method: string, says: string, transport: Transport, run: Run, refusedByClient: boolean) {
  if (!home) throw new Error("no sandbox yet");
  const client = connect(home.gateway, home.sandbox, transport);
  const name = `case-${++count}`;
  const folder = `/workspace/${name}`;
  const row: Row = { method, transport, says, result: "failed", refusedByClient };
  rows.push(row);
  const before = called(method);
  try {
    await client.files.mkdir(folder, name);
    await run({ client, interpreter: new CodeInterpreter(client.interpreter), transport, ...home, name, folder });
    if (counted(method) && called(method) === before) throw new Error(`this case of ${method} never calls it`);
    row.result = "passed";
  } finally {
    client.disconnect();
  }
}
