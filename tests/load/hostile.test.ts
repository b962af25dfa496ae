/** Commands and clients that take all they can get: they are limited, are told so, and their neighbours go on. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../support/child.ts";
import { last } from "./support/events.ts";
import { Gateway, type Inside, type Refusal } from "./support/gateway.ts";
import { agentOf, descriptors, nothingIsLeft, resident, watchMemory } from "./support/machine.ts";
import { head, sent, UPGRADE } from "./support/socket.ts";

const FILES = Number(process.env.SANDPIT_LOAD_FILES ?? 100_000);
/** What a hostile client or command may cost the agent or the gateway, MiB. */
const FLAT = 96;

let gateway: Gateway;
let neighbour: Inside;
const ids: string[] = [];

beforeAll(async () => {
  gateway = await Gateway.open();
  neighbour = await make();
});

afterAll(async () => {
  await gateway.close();
});

async function make(request: object = {}): Promise<Inside> {
  const { id } = await gateway.create(request);
  ids.push(id);
  return gateway.in(id);
}

/** Its neighbour answers while `work` is done, again and again. */
async function neighboursGoOn<T>(work: Promise<T>): Promise<T> {
  let on = true;
  const asking = (async () => {
    for (let count = 0; on; count++) expect(await neighbour.says(`echo ${count}`)).toBe(`${count}\n`);
  })();
  try {
    return await work;
  } finally {
    on = false;
    await asking;
  }
}

test("a fork bomb fills its own sandbox only, is told as a limit, and a restart clears it", async () => {
  const inside = await make({ limits: { pids: 100 } });
  const bomb = inside.ask<Refusal>("POST", "/api/execute", {
    command: "b() { b | b & }; b; sleep 3",
    sessionId: "bomb",
    timeoutMs: 20_000,
  });
  const { body } = await neighboursGoOn(bomb);
  expect(JSON.stringify(body)).toContain("Resource temporarily unavailable");
  // The agent itself answers, whatever runs beside it.
  expect(await inside.get("GET", "/api/ping")).toMatchObject({ status: "healthy" });
  const tried = await inside.ask<Refusal>("POST", "/api/execute", {
    command: "true",
    sessionId: "__DISABLE_SESSION__",
    timeoutMs: 5000,
  });
  if (tried.status !== 200) expect(tried.body.code).toBe("COMMAND_EXECUTION_ERROR");
  expect(await gateway.get("POST", inside.path("/restart"))).toMatchObject({ state: "running" });
  expect(await inside.says("echo after")).toBe("after\n");
});

test("a process that runs out of memory is ended and told, and its sandbox goes on", async () => {
  if (!(await gateway.canLimitMemory())) {
    const refused = await gateway.ask("POST", "/sandboxes", { limits: { memoryMiB: 128 } });
    expect(refused, "a limit that cannot hold is refused").toMatchObject({
      status: 501,
      body: { code: "NOT_SUPPORTED" },
    });
    return;
  }
  const inside = await make({ limits: { memoryMiB: 128 } });
  const hog = inside.exec("python3 -c 'x = bytearray(1 << 30)'; echo it ended with $?", { sessionId: "hog" });
  const { stdout, exitCode } = await neighboursGoOn(hog);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/it ended with (137|1)\n/);
  expect(await inside.says("echo after")).toBe("after\n");
  // What lies in memory as a file is limited too.
  const { stderr } = await inside.exec("head -c 1G /dev/zero > /tmp/large");
  expect(stderr).toContain("No space left");
  expect(await inside.says("rm /tmp/large; echo after")).toBe("after\n");
  expect((await gateway.inspect(inside.id)).state).toBe("running");
});

test("a folder of very many files is made, listed and removed", async () => {
  const inside = await make();
  const agent = agentOf(gateway, inside.id);
  const most = watchMemory(agent, gateway.pid);
  const work = async () => {
    await inside.says(`mkdir many && cd many && seq ${FILES} | xargs touch && cd ..`);
    const { files, count } = await inside.get<{ files: { name: string }[]; count: number }>("POST", "/api/list-files", {
      path: "/workspace/many",
    });
    expect(count).toBe(FILES);
    expect(new Set(files.map(({ name }) => name)).size).toBe(FILES);
    await inside.get("POST", "/api/delete", { path: "/workspace/many", recursive: true });
    expect(await inside.says("ls -A")).toBe("");
  };
  await neighboursGoOn(work());
  console.info(
    `listing ${FILES} files: agent ${most()
      .map((mib) => mib.toFixed(0))
      .join(" MiB, gateway ")} MiB`,
  );
});

test("a flood on both streams at once is counted to the byte, and its end is its own", async () => {
  const inside = await make();
  const size = 16 << 20;
  const one = (text: string) => `yes ${text} | head -c ${size}`;
  const stream = inside.execStream(`${one("out")} & ${one("err")} >&2 & wait; exit 7`, { sessionId: "flood" });
  const seen = { stdout: 0, stderr: 0 };
  let foreign = false;
  const read = async () => {
    for await (const { type, data, ...rest } of stream) {
      if (type !== "stdout" && type !== "stderr") {
        if (type !== "start") return { type, data, ...rest };
        continue;
      }
      seen[type] += data?.length ?? 0;
      foreign ||= /[^outer\n]/.test(data ?? "") || (data ?? "").includes(type === "stdout" ? "err" : "out");
    }
    return undefined;
  };
  const end = await neighboursGoOn(read());
  expect(seen).toEqual({ stdout: size, stderr: size });
  expect(foreign).toBe(false);
  expect(end).toMatchObject({ type: "error", code: "SESSION_TERMINATED" });
});

test("clients that connect and say nothing, or half of it, hold up nobody", async () => {
  const before = descriptors(gateway.pid);
  const path = neighbour.path("/api/execute");
  const silent = Array.from({ length: 500 }, () => sent(gateway, ""));
  const halves = Array.from({ length: 100 }, () => sent(gateway, head(gateway, "POST", path)));
  const bodies = Array.from({ length: 100 }, () =>
    sent(gateway, `${head(gateway, "POST", path, ["content-length: 1000"])}\r\n{"command"`),
  );
  const made = Array.from({ length: 50 }, () =>
    sent(gateway, `${head(gateway, "POST", "/sandboxes", ["content-length: 1000"])}\r\n{`),
  );
  const sockets = await Promise.all([...silent, ...halves, ...bodies, ...made]);
  await until("all to be connected", async () => descriptors(gateway.pid) > before + 700);
  const { id } = await gateway.create();
  ids.push(id);
  expect(await gateway.in(id).says("echo hello")).toBe("hello\n");
  expect(await neighbour.says("echo hello")).toBe("hello\n");
  for (const socket of sockets) socket.destroy();
  await until("the connections to be let go", async () => descriptors(gateway.pid) < before + 50);
  await until("the agent to let them go", async () => descriptors(agentOf(gateway, neighbour.id)) < 100);
});

test("sockets that are never read wait by themselves", async () => {
  const inside = await make();
  const { terminal } = await inside.get<{ terminal: { id: string } }>("POST", "/api/terminals", {
    command: ["yes", "a flood of a terminal"],
  });
  const agent = agentOf(gateway, inside.id);
  const before = resident(agent) + resident(gateway.pid);
  const most = watchMemory(agent, gateway.pid);
  const upgrade = (path: string) => sent(gateway, `${head(gateway, "GET", inside.path(path), UPGRADE)}\r\n`);
  const terminals = Array.from({ length: 20 }, () => upgrade(`/ws/terminal?id=${terminal.id}`));
  const flood = JSON.stringify({ command: "yes a flood of a command", sessionId: "unread" });
  const request = `${head(gateway, "POST", inside.path("/api/execute/stream"), [`content-length: ${flood.length}`])}\r\n${flood}`;
  const sockets = await Promise.all([...terminals, sent(gateway, request)]);
  for (let count = 0; count < 200; count++) expect(await inside.says(`echo ${count}`)).toBe(`${count}\n`);
  const now = most().reduce((sum, mib) => sum + mib, 0);
  console.info(`21 sockets that are not read: +${(now - before).toFixed(0)} MiB`);
  expect(now - before).toBeLessThan(FLAT);
  for (const socket of sockets) socket.destroy();
  // The command's only reader is gone, so it is stopped.
  await until(
    "the unread command to end",
    async () => (await inside.says("pgrep -fc '^yes a flood of a command' || true")) === "0\n",
  );
});

test("a body that never ends, or is larger than a route reads, is refused", async () => {
  const large = JSON.stringify({ name: "x".repeat(2 << 20) });
  const response = await gateway.fetch("/sandboxes", { method: "POST", body: large });
  expect(response.status).toBe(413);
  const { status, body } = await neighbour.ask<Refusal>("POST", "/api/execute", {
    command: `: ${"x".repeat(80 << 20)}`,
  });
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(body.code).toMatch(/^[A-Z_]+$/);
  expect(await neighbour.says("echo after")).toBe("after\n");
});

test("a gateway that has no descriptor left takes no sandbox for dead, and goes on once it has", async () => {
  const small = await Gateway.open(["/bin/sh", "-c", 'ulimit -n 128; exec "$@"', "sh"]);
  try {
    const [kept, killed] = [await small.create(), await small.create()];
    const agent = agentOf(small, kept.id);
    const watch = `${head(small, "GET", small.in(kept.id).path("/ws/watch"), UPGRADE)}\r\n`;
    const sockets = await Promise.all(Array.from({ length: 120 }, () => sent(small, watch)));
    await until("the descriptors to be used up", async () => descriptors(small.pid) >= 126);
    // Who asks now waits, or is told; nobody is told what is not so.
    const asked = Promise.allSettled(Array.from({ length: 20 }, () => small.inspect(kept.id)));
    process.kill(agentOf(small, killed.id), "SIGKILL");
    await new Promise((done) => setTimeout(done, 1000));
    for (const socket of sockets) socket.destroy();
    for (const answer of await asked) if (answer.status === "fulfilled") expect(answer.value.state).toBe("running");
    await until("the killed one to be told as such", async () => (await small.inspect(killed.id)).state === "failed");
    expect(await small.inspect(kept.id)).toMatchObject({ state: "running" });
    expect(agentOf(small, kept.id)).toBe(agent);
    expect(await small.in(kept.id).says("echo after")).toBe("after\n");
    for (const { id } of await small.list()) await small.destroy(id);
    await nothingIsLeft(small);
  } finally {
    await small.close();
  }
});

test("nothing is left of any of them", async () => {
  const { events } = await last(neighbour.execStream("echo the-end"));
  expect(events.at(-1)).toMatchObject({ type: "complete" });
  for (const { id } of await gateway.list()) await gateway.destroy(id);
  await nothingIsLeft(gateway, ids);
});
