/** The agent, a kernel and the gateway end at a bad moment: nobody is told that all is well, and all goes on after it. */
import { createHash, randomBytes, randomInt } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../support/child.ts";
import { last } from "./support/events.ts";
import { Gateway, type Inside, type Refusal, type Sandbox } from "./support/gateway.ts";
import { agentOf, nothingIsLeft, processesOf } from "./support/machine.ts";

/** How often the gateway is killed at a random point. */
const KILLS = Number(process.env.SANDPIT_LOAD_KILLS ?? 30);

let gateway: Gateway;
const ids: string[] = [];

beforeAll(async () => {
  gateway = await Gateway.open();
});

afterAll(async () => {
  await gateway.close();
});

async function make(request: object = {}): Promise<Inside> {
  const { id } = await gateway.create(request);
  ids.push(id);
  return gateway.in(id);
}

/** Destroys everything and looks whether all of it is gone. */
async function allGoes() {
  for (const { id } of await gateway.list()) await gateway.destroy(id);
  expect(await gateway.list()).toEqual([]);
  await nothingIsLeft(gateway, ids.splice(0));
}

const state = (id: string, wanted: string) =>
  until(`${id} to be ${wanted}`, async () => {
    const found = await gateway.inspect(id);
    return found.state === wanted && found;
  });

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** As many bytes as are asked for, a bit at a time, and a hook on the way. */
function trickle(content: Buffer, onPart: (sent: number) => void): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      if (sent === content.length) return controller.close();
      await pause(1);
      const part = content.subarray(sent, sent + (64 << 10));
      controller.enqueue(new Uint8Array(part));
      sent += part.length;
      onPart(sent);
    },
  });
}

test("a killed agent ends streams without a false end, is told as failed, and starts again with its files", async () => {
  const inside = await make();
  await inside.write("/workspace/kept", "before");
  const agent = agentOf(gateway, inside.id);

  const exec = last(inside.execStream("echo begun; sleep 1000"));
  const watch = last(inside.stream("POST", "/api/watch", { path: "/workspace" }));
  const id = await inside.startProcess("sleep 1000");
  const logs = last(inside.stream("GET", `/api/process/${id}/stream`));
  const whole = inside.ask<Refusal>("POST", "/api/execute", { command: "sleep 1000", sessionId: "other" });
  const content = randomBytes(16 << 20);
  let upload = Promise.resolve(0);
  const half = new Promise<void>((done) => {
    const body = trickle(content, (sent) => sent >= content.length / 2 && done());
    const path = inside.path("/api/files/raw?path=/workspace/half");
    upload = gateway.fetch(path, { method: "PUT", body, duplex: "half" } as RequestInit).then(
      ({ status }) => status,
      () => 0,
    );
  });
  await half;
  process.kill(agent, "SIGKILL");

  for (const { events, broken } of await Promise.all([exec, watch, logs])) {
    const types = events.map(({ type }) => type);
    expect(types).not.toContain("complete");
    expect(types).not.toContain("exit");
    expect(broken || types.at(-1) === "error").toBe(true);
  }
  expect((await exec).events.some(({ data }) => data === "begun\n")).toBe(true);
  const answered = await whole;
  expect(answered.status).toBeGreaterThanOrEqual(400);
  expect(["SANDBOX_NOT_RUNNING", "AGENT_UNREACHABLE"]).toContain(answered.body.code);
  expect(await upload).not.toBe(200);

  const failed = await state(inside.id, "failed");
  expect(failed.reason).toMatchObject({ kind: "killed" });
  const refused = await inside.ask<Refusal>("POST", "/api/execute", { command: "true" });
  expect(refused.body).toMatchObject({ code: "SANDBOX_NOT_RUNNING", context: { state: "failed" } });

  expect(await gateway.start(inside.id)).toMatchObject({ state: "running" });
  expect(await inside.read("/workspace/kept")).toBe("before");
  // Whole or absent: the half that had arrived is in no file.
  expect(await inside.says("ls -A /workspace")).toBe("kept\n");
  await allGoes();
});

test("a killed kernel fails its run, says so, and the next run works", async () => {
  const inside = await make();
  const context = await inside.get<{ contextId: string }>("POST", "/api/contexts", { language: "python" });
  const run = (code: string) =>
    last(inside.stream("POST", "/api/execute/code", { context_id: context.contextId, code }));
  const { events: told } = await run("import os; print(os.getpid())");
  const pid = told
    .filter(({ type }) => type === "stdout")
    .map(({ text }) => text)
    .join("")
    .trim();
  const running = run("import time\nprint('begun', flush=True)\ntime.sleep(1000)");
  await inside.says(`sleep 0.5; kill -9 ${pid}`);
  const { events, broken } = await running;
  expect(broken).toBe(false);
  expect(events.at(-1)).toMatchObject({ type: "error", ename: "KernelDied" });
  expect(events.some(({ type }) => type === "execution_complete")).toBe(false);
  const { events: next } = await run("print(6 * 7)");
  expect(next.some(({ text }) => text === "42\n")).toBe(true);
  expect(next.at(-1)).toMatchObject({ type: "execution_complete" });
  await allGoes();
});

test("a killed gateway takes its sandboxes over again: streams break, processes run on, logs and files are whole", async () => {
  const inside = await make();
  const paused = await make();
  await gateway.get("POST", `/sandboxes/${paused.id}/pause`);
  const agent = agentOf(gateway, inside.id);
  const id = await inside.startProcess("for n in $(seq 1 100000); do echo line $n; sleep 0.01; done");
  const exec = last(inside.execStream("echo begun; sleep 1000"));
  const logs = last(inside.stream("GET", `/api/process/${id}/stream`));
  const exposed = await inside.get<{ url: string; port: number }>("POST", "/ports", { port: 8123, name: "web" });
  await until(
    "the process to write",
    async () => (await inside.get<{ stdout: string }>("GET", `/api/process/${id}/logs`)).stdout.length > 100,
  );

  await gateway.crash();
  for (const { events, broken } of await Promise.all([exec, logs])) {
    expect(broken).toBe(true);
    expect(events.some(({ type }) => type === "complete" || type === "exit")).toBe(false);
  }
  await gateway.begin();

  expect((await gateway.list()).map(({ id, state }) => [id, state])).toEqual([
    [inside.id, "running"],
    [paused.id, "paused"],
  ]);
  expect(agentOf(gateway, inside.id)).toBe(agent);
  expect(await inside.get("GET", "/ports")).toMatchObject({ exposed: [{ port: 8123, name: "web", url: exposed.url }] });
  // The request that was cut off took its command with it.
  await until(
    "the command to be stopped",
    async () => (await inside.says("pgrep -fc '^sleep 1000' || true")) === "0\n",
  );
  // Who followed the log goes on after the last event that arrived: no byte is lost or repeated.
  const { events: seen } = await logs;
  const { events: rest } = await last(
    inside.stream("GET", `/api/process/${id}/stream?since=${seen.at(-1)?.cursor}&follow=0`),
  );
  const lines = [...seen, ...rest]
    .filter(({ type }) => type === "stdout")
    .map(({ data }) => data)
    .join("")
    .trim()
    .split("\n");
  expect(rest.some(({ type }) => type === "stdout")).toBe(true);
  expect(lines).toEqual(lines.map((_, at) => `line ${at + 1}`));
  expect(await gateway.get("POST", `/sandboxes/${paused.id}/resume`)).toMatchObject({ state: "running" });
  expect(await paused.says("echo back")).toBe("back\n");
  await allGoes();
});

/** What one client does over and over, and what it knows to be true of it. */
interface Known {
  /** Sandboxes whose making was answered and whose end was not asked for, with what was written into each. */
  sure: Map<string, string | undefined>;
  /** Sandboxes whose making or end was asked for, with no answer. */
  unsure: Set<string>;
}

async function client(known: Known, name: string, on: () => boolean, networked: boolean, limits: object) {
  for (let round = 0; on(); round++) {
    const id = `${name}-${round}`;
    known.unsure.add(id);
    await gateway.create({ id, ...(networked && { network: { mode: "on" } }), limits: round % 2 ? limits : {} });
    known.sure.set(id, undefined);
    known.unsure.delete(id);
    const content = createHash("sha256").update(id).digest("hex");
    await gateway.in(id).says(`echo ${content} > /workspace/mine; sync /workspace/mine; echo ${id}`);
    known.sure.set(id, content);
    if (round % 2 === 0) continue;
    known.unsure.add(id);
    known.sure.delete(id);
    await gateway.destroy(id);
    known.unsure.delete(id);
  }
}

test(
  `a gateway that is killed ${KILLS} times at random points loses no sandbox and leaves no process`,
  async () => {
    const known: Known = { sure: new Map(), unsure: new Set() };
    const limits = (await gateway.canLimitMemory()) ? { memoryMiB: 256 } : {};
    for (let kill = 0; kill < KILLS; kill++) {
      let on = true;
      // What fails before the gateway is killed is a fault; what fails with it is to be expected.
      const once = async (number: number) => {
        try {
          await client(known, `k${kill}-c${number}`, () => on, number === 3, limits);
        } catch (error) {
          if (on) throw error;
        }
      };
      const clients = Promise.allSettled([1, 2, 3].map(once));
      await pause(randomInt(10, 250));
      on = false;
      await gateway.crash();
      const faults = (await clients).filter(({ status }) => status === "rejected");
      expect(faults).toEqual([]);
      await gateway.begin();

      const list = await gateway.list();
      expect(gateway.log()).not.toContain("panicked");
      const listed = new Map(list.map((sandbox: Sandbox) => [sandbox.id, sandbox]));
      for (const [id, content] of known.sure) {
        expect(listed.get(id), `${id} after kill ${kill}`).toMatchObject({ state: "running" });
        if (content) expect(await gateway.in(id).read("/workspace/mine")).toBe(`${content}\n`);
      }
      for (const { id, state, reason } of list.filter(({ id }) => !known.sure.has(id))) {
        expect(known.unsure.has(id), `${id} was never asked for`).toBe(true);
        // Finished, or told as what it is.
        if (state !== "running")
          expect(reason, `${id} is ${state}`).toMatchObject({ message: expect.stringMatching(/./) });
      }
      for (const { id } of list) await gateway.destroy(id);
      expect(await gateway.list()).toEqual([]);
      ids.push(...listed.keys());
      await until(`no process to be left after kill ${kill}`, async () => processesOf(gateway).length === 0);
      known.sure.clear();
      known.unsure.clear();
    }
    await allGoes();
  },
  60_000 + KILLS * 5_000,
);
