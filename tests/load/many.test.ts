/** Fifty sandboxes at once, and what one of them costs. */
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Gateway } from "./support/gateway.ts";
import { agentOf, nothingIsLeft, processesOf, resident, treeOf } from "./support/machine.ts";

const COUNT = Number(process.env.SANDPIT_LOAD_SANDBOXES ?? 50);

let gateway: Gateway;

beforeAll(async () => {
  gateway = await Gateway.open();
});

afterAll(async () => {
  await gateway.close();
});

test("fifty sandboxes made at once do not see each other, and leave nothing when they are destroyed", async () => {
  const numbers = Array.from({ length: COUNT }, (_, number) => number);
  const made = await Promise.all(numbers.map(() => gateway.create()));
  const ids = made.map(({ id }) => id);
  expect(new Set(ids).size).toBe(COUNT);
  expect((await gateway.list()).map(({ id, state }) => `${id} ${state}`).sort()).toEqual(
    ids.map((id) => `${id} running`).sort(),
  );

  const agents = ids.map((id) => agentOf(gateway, id));
  expect(new Set(agents).size).toBe(COUNT);
  const memory = agents.map((agent) => treeOf(agent).reduce((sum, pid) => sum + resident(pid), 0));
  console.info(`idle sandbox: ${(memory.reduce((sum, mib) => sum + mib, 0) / COUNT).toFixed(1)} MiB of its own`);

  // Each has a server on the same port, a file of the same name, and a process to be seen.
  const used = ids.map(async (id) => {
    const inside = gateway.in(id);
    await inside.write("/workspace/mine", id);
    await inside.startProcess(`exec -a only-${id} sleep 1000`);
    await inside.startProcess(
      `mkdir -p /tmp/www; cd /tmp/www; echo ${id} > id; exec python3 -m http.server 8000 --bind 127.0.0.1`,
    );
    const exposed = await inside.get<{ url: string }>("POST", "/ports", { port: 8000 });
    return { id, inside, url: exposed.url };
  });
  for (const { id, inside, url } of await Promise.all(used)) {
    expect(await inside.read("/workspace/mine")).toBe(id);
    expect(await inside.says("hostname")).toBe(`${id}\n`);
    const seen = await inside.says("cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -a '[o]nly-' || true");
    expect(seen.trim()).toBe(`only-${id}`);
    expect(url).toContain(id);
  }
  const served = "for try in $(seq 200); do curl -sf http://127.0.0.1:8000/id && exit; sleep 0.1; done; exit 1";
  const answers = await Promise.all(ids.map((id) => gateway.in(id).says(served, { sessionId: "__DISABLE_SESSION__" })));
  expect(answers).toEqual(ids.map((id) => `${id}\n`));

  await Promise.all(ids.map((id) => gateway.destroy(id)));
  expect(await gateway.list()).toEqual([]);
  await nothingIsLeft(gateway, ids);
  expect(
    agents.filter(
      (agent) => existsSync(`/proc/${agent}`) && readFileSync(`/proc/${agent}/comm`, "utf8").startsWith("sandpit"),
    ),
  ).toEqual([]);
});

test("sandboxes made and destroyed at the same time do not disturb each other", async () => {
  const limits = (await gateway.canLimitMemory()) ? { memoryMiB: 256 } : {};
  const rounds = Array.from({ length: 8 }, async () => {
    for (let round = 0; round < 3; round++) {
      const { id } = await gateway.create({ limits });
      expect(await gateway.in(id).says("echo $HOSTNAME")).toBe(`${id}\n`);
      await gateway.destroy(id);
    }
  });
  await Promise.all(rounds);
  expect(processesOf(gateway)).toEqual([]);
  await nothingIsLeft(gateway);
});
