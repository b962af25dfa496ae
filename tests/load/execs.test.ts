/** A thousand commands at once: each has its own answer, and nothing of them stays. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../support/child.ts";
import { last } from "./support/events.ts";
import { Gateway, type Inside } from "./support/gateway.ts";
import { agentOf, descriptors, nothingIsLeft, treeOf } from "./support/machine.ts";

const COUNT = Number(process.env.SANDPIT_LOAD_EXECS ?? 1000);
const numbers = Array.from({ length: COUNT }, (_, number) => number);

let gateway: Gateway;
let inside: Inside;

beforeAll(async () => {
  gateway = await Gateway.open();
  inside = gateway.in((await gateway.create()).id);
});

afterAll(async () => {
  await gateway.close();
});

/** What there is of the sandbox when nothing happens in it. */
async function things() {
  const agent = agentOf(gateway, inside.id);
  // One at a time, as the connection that asks is a descriptor too.
  const files = await inside.says("ls -A /dev/shm/* /tmp | grep -v '^$' | wc -l", { sessionId: "__DISABLE_SESSION__" });
  return {
    processes: treeOf(agent).length,
    files: Number(files),
    agent: descriptors(agent),
    gateway: descriptors(gateway.pid),
  };
}

/** Runs `load` and waits until there is no more than there was before it. */
async function leavesNothing(load: () => Promise<void>) {
  await inside.exec("true");
  const before = await things();
  await load();
  const most = { ...before, agent: before.agent + 16, gateway: before.gateway + 32 };
  let now = before;
  const asBefore = async () => {
    now = await things();
    return (
      now.processes <= most.processes &&
      now.files <= most.files &&
      now.agent <= most.agent &&
      now.gateway <= most.gateway
    );
  };
  await until("all to be as it was before", asBefore, 60_000).catch((error) => {
    throw new Error(`${error}: ${JSON.stringify(before)} became ${JSON.stringify(now)}`);
  });
}

test("a thousand commands in one session run one after another, and each has its own answer", async () => {
  await inside.says("count=0");
  await leavesNothing(async () => {
    const all = numbers.map((number) =>
      inside.exec(`count=$((count + 1)); echo ${number} $count; echo to-${number} >&2`),
    );
    const answers = await Promise.all(all);
    expect(answers.map(({ stdout }) => Number(stdout.split(" ")[0]))).toEqual(numbers);
    expect(answers.map(({ stderr }) => stderr)).toEqual(numbers.map((number) => `to-${number}\n`));
    // No two ran at once, and none ran twice.
    expect(answers.map(({ stdout }) => Number(stdout.split(" ")[1])).sort((a, b) => a - b)).toEqual(
      numbers.map((n) => n + 1),
    );
  });
});

test("a thousand commands without a session run beside each other, and each has its own answer", async () => {
  await leavesNothing(async () => {
    const all = numbers.map((number) =>
      inside.exec(`cat; echo ${number}; exit ${number % 7}`, {
        sessionId: "__DISABLE_SESSION__",
        stdin: btoa(`in ${number} `),
      }),
    );
    const answers = await Promise.all(all);
    expect(answers.map(({ stdout }) => stdout)).toEqual(numbers.map((number) => `in ${number} ${number}\n`));
    expect(answers.map(({ exitCode }) => exitCode)).toEqual(numbers.map((number) => number % 7));
  });
});

test("commands, streams and sessions beside each other are not mixed up", async () => {
  const count = Math.ceil(COUNT / 5);
  const sessions = Array.from({ length: 10 }, (_, number) => `mixed-${number}`);
  await leavesNothing(async () => {
    const whole = (number: number) => inside.exec(`mine=${number}; echo $mine`, { sessionId: sessions[number % 10] });
    const streamed = async (number: number) => {
      const { events } = await last(
        inside.execStream(`for part in 1 2 3; do echo ${number}-$part; done`, { sessionId: sessions[number % 10] }),
      );
      expect(events.at(-1)).toMatchObject({ type: "complete", exitCode: 0 });
      return events
        .filter(({ type }) => type === "stdout")
        .map(({ data }) => data)
        .join("");
    };
    const [answers, streams] = await Promise.all([
      Promise.all(numbers.slice(0, count).map(whole)),
      Promise.all(numbers.slice(0, count).map(streamed)),
    ]);
    expect(answers.map(({ stdout }) => stdout)).toEqual(numbers.slice(0, count).map((number) => `${number}\n`));
    expect(streams).toEqual(numbers.slice(0, count).map((number) => `${number}-1\n${number}-2\n${number}-3\n`));
    for (const sessionId of sessions) await inside.get("POST", "/api/session/delete", { sessionId });
  });
});

test("more sessions than there may be processes are refused with a reason, and the rest go on", async () => {
  const count = 300;
  const own = await gateway.create({ limits: { pids: 200 } });
  const small = gateway.in(own.id);
  const ask = (number: number) =>
    small.ask<{ stdout?: string; code?: string }>("POST", "/api/execute", {
      command: `echo ${number}`,
      sessionId: `s-${number}`,
    });
  const answers = await Promise.all(numbers.slice(0, count).map(ask));
  const served = answers.filter(({ status }) => status === 200);
  expect(served.length).toBeGreaterThan(50);
  answers.forEach(({ status, body }, number) => {
    if (status === 200) expect(body.stdout).toBe(`${number}\n`);
    else expect(body.code).toMatch(/^[A-Z_]+$/);
  });
  const { data } = await small.get<{ data: string[] }>("GET", "/api/session/list");
  for (const sessionId of data) await small.ask("POST", "/api/session/delete", { sessionId });
  expect(await small.says("echo again")).toBe("again\n");
  await gateway.destroy(own.id);
});

test("nothing is left of the sandbox", async () => {
  await gateway.destroy(inside.id);
  await nothingIsLeft(gateway, [inside.id]);
});
