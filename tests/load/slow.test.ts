/** A reader that is slow: it gets every byte, or is told what it missed; it costs no memory and holds up nobody. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../support/child.ts";
import { Gateway, type Inside } from "./support/gateway.ts";
import { agentOf, nothingIsLeft, watchMemory } from "./support/machine.ts";

/** MiB of output. An hour of it is `SANDPIT_LOAD_MIB=1000000`. */
const MIB = Number(process.env.SANDPIT_LOAD_MIB ?? 1024);
/** What neither the agent nor the gateway may grow by, MiB: a small part of the output. */
const FLAT = 96;

/** MiB that are read whole here, byte by byte. */
const READ = MIB / 4;

/** Bytes that tell one place in the output from another. */
const flood = (mib: number) => `head -c ${mib * 2 ** 20} /dev/zero | openssl enc -aes-128-ctr -K 0 -iv 0 2>/dev/null`;
const FLOOD = flood(MIB);

let gateway: Gateway;
let inside: Inside;

beforeAll(async () => {
  gateway = await Gateway.open();
  inside = gateway.in((await gateway.create()).id);
});

afterAll(async () => {
  await gateway.close();
});

/** Runs `work` and expects the memory of agent and gateway to stay flat. */
async function inFlatMemory(work: () => Promise<void>) {
  const pids = [agentOf(gateway, inside.id), gateway.pid];
  const idle = watchMemory(...pids);
  await inside.exec("true");
  const before = idle();
  const most = watchMemory(...pids);
  await work();
  const grown = most().map((mib, at) => mib - (before[at] ?? 0));
  console.info(`agent +${grown[0]?.toFixed(0)} MiB, gateway +${grown[1]?.toFixed(0)} MiB`);
  expect(Math.max(...grown)).toBeLessThan(FLAT);
}

/** A command in another session, over and over until it is told to stop: others go on. */
function neighbour() {
  let on = true;
  const run = async () => {
    let count = 0;
    for (; on; count++) {
      expect(await inside.says(`echo ${count}`, { sessionId: "neighbour" })).toBe(`${count}\n`);
      await pause(20);
    }
    return count;
  };
  const running = run();
  return async () => {
    on = false;
    return await running;
  };
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

test("a large stream loses no byte and is held in no memory", async () => {
  const expected = await inside.says(`${flood(READ)} | sha256sum`);
  const others = neighbour();
  await inFlatMemory(async () => {
    const hash = createHash("sha256");
    let [size, end] = [0, undefined as unknown];
    for await (const event of inside.execStream(flood(READ), { sessionId: "flood", encoding: "base64" })) {
      if (event.type === "stdout") {
        const bytes = Buffer.from(event.data ?? "", "base64");
        hash.update(bytes);
        size += bytes.length;
      } else end = event;
    }
    expect(end).toMatchObject({ type: "complete", exitCode: 0 });
    expect(size).toBe(READ * 2 ** 20);
    expect(`${hash.digest("hex")}  -\n`).toBe(expected);
  });
  expect(await others()).toBeGreaterThan(0);
});

test("a stream that is read at a trickle makes its command wait, and nobody else", async () => {
  await inFlatMemory(async () => {
    const path = inside.path("/api/execute/stream");
    const body = JSON.stringify({ command: FLOOD, sessionId: "trickle", encoding: "base64" });
    const stop = new AbortController();
    const response = await gateway.fetch(path, {
      method: "POST",
      body,
      signal: stop.signal,
      headers: { "content-type": "application/json" },
    });
    const reader = response.body?.getReader();
    for (let part = 0; part < 40; part++) {
      await reader?.read();
      expect(await inside.says(`echo ${part}`, { sessionId: "neighbour" })).toBe(`${part}\n`);
    }
    // It waits for its reader: it has not written all of it, and it runs.
    expect(await inside.says("pgrep -c openssl")).toBe("1\n");
    stop.abort();
  });
  // The request is closed, so the command is stopped; its session is free again.
  expect(await inside.says("echo free", { sessionId: "trickle" })).toBe("free\n");
  // What was killed is a zombie until the agent, which inherits it from the shell, has reaped it.
  await until("the flood to be gone", async () => (await inside.says("pgrep -c openssl || true")) === "0\n");
});

test("the log of a process that wrote a gigabyte is its last part, and says that it is cut off", async () => {
  const others = neighbour();
  await inFlatMemory(async () => {
    const id = await inside.startProcess(`${FLOOD} | base64 -w 100; echo the-end; echo problems >&2`);
    const seen: string[] = [];
    let last = "";
    for await (const event of inside.stream("GET", `/api/process/${id}/stream`)) {
      if (seen.at(-1) !== event.type) seen.push(event.type);
      if (event.type === "stdout") last = (last + (event.data ?? "")).slice(-100);
      // Slower than the process, which does not wait for who reads its log.
      if (event.type === "stdout") await pause(20);
    }
    expect(seen[0]).toBe("process_info");
    expect(seen).toContain("truncated");
    expect(seen.at(-1)).toBe("exit");
    expect(last).toMatch(/the-end\n$/);
    const logs = await inside.get<{ stdout: string; stderr: string; truncated: boolean }>(
      "GET",
      `/api/process/${id}/logs`,
    );
    expect(logs.truncated).toBe(true);
    expect(logs.stdout.endsWith("the-end\n")).toBe(true);
    expect(logs.stdout.length).toBeLessThanOrEqual(2 << 20);
    expect(logs.stderr).toBe("problems\n");
  });
  expect(await others()).toBeGreaterThan(0);
});

test("an answer that would be larger than 64 MiB is refused, and the command is stopped", async () => {
  const { status, body } = await inside.ask<{ code: string; context: Record<string, unknown> }>(
    "POST",
    "/api/execute",
    { command: FLOOD, sessionId: "whole" },
  );
  expect(body).toMatchObject({ code: "COMMAND_EXECUTION_ERROR", context: { maxBytes: 64 << 20 } });
  expect(status).toBe(500);
  expect(await inside.says("echo free", { sessionId: "whole" })).toBe("free\n");
});

test("nothing is left of the sandbox", async () => {
  await gateway.destroy(inside.id);
  await nothingIsLeft(gateway, [inside.id]);
});
