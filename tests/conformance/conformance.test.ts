/** The official client, unmodified, over a real `sandpitd serve` with a real sandbox: every method, every transport. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import "./cases/commands.ts";
import "./cases/commandStreams.ts";
import "./cases/files.ts";
import "./cases/fileStreams.ts";
import "./cases/folders.ts";
import "./cases/codeInterpreter.ts";
import "./cases/git.ts";
import "./cases/interpreter.ts";
import "./cases/life.ts";
import "./cases/options.ts";
import "./cases/ports.ts";
import "./cases/previews.ts";
import "./cases/processes.ts";
import "./cases/processLogs.ts";
import "./cases/rest.ts";
import "./cases/sandbox.ts";
import "./cases/sandboxRest.ts";
import "./cases/sandboxSockets.ts";
import "./cases/terminal.ts";
import "./cases/watch.ts";
import "./cases/xterm.ts";
import { declared, settle } from "./support/cases.ts";
import { Gateway } from "./support/gateway.ts";
import { addonMethods, called, helpers, INTERNAL, methods, SANDBOX, STUB } from "./support/methods.ts";
import { report } from "./support/table.ts";

let gateway: Gateway;

beforeAll(async () => {
  gateway = await Gateway.open();
  settle(gateway, await gateway.make({ id: "conformance", env: { LEVEL: "sandbox", SANDBOX_ONLY: "1" } }));
});

afterAll(async () => {
  await gateway?.close();
  report();
});

describe("no method is missing", () => {
  it("every method of every client class has cases", () => {
    const needed = [...methods, ...helpers, ...addonMethods].filter((method) => !INTERNAL.includes(method));
    expect(needed.filter((method) => !declared.has(method))).toEqual([]);
  });

  it("no case is of a method that does not exist", () => {
    const there = [...methods, ...helpers, ...addonMethods];
    const domains = new Set(there.map((method) => method.split(".")[0]));
    const ours = [...declared].filter((method) => domains.has(method.split(".")[0]));
    expect(ours.filter((method) => !there.includes(method))).toEqual([]);
  });

  it("everything the client's Sandbox is documented to do was tried", () => {
    expect(SANDBOX.filter((method) => called(method) === 0)).toEqual([]);
    expect(STUB.filter((method) => !declared.has(method))).toEqual([]);
  });

  it("what is internal to the client was at work", () => {
    expect(INTERNAL.filter((method) => called(method) === 0)).toEqual([]);
  });
});
