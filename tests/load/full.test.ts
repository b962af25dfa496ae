/** A full disk: what cannot be written is refused, nothing old is lost, and all works again once there is space. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../support/child.ts";
import { newPlace, type Place } from "../support/place.ts";
import { type Disk, smallDisk } from "./support/disk.ts";
import { last } from "./support/events.ts";
import { Gateway, type Inside, type Refusal } from "./support/gateway.ts";
import { leftOf, nothingIsLeft } from "./support/machine.ts";
import { shows } from "./support/socket.ts";

const MIB = 24;
const OLD = randomBytes(64 << 10).toString("hex");
const MORE = randomBytes(128 << 10).toString("hex");

let place: Place;
let disk: Disk;
let gateway: Gateway;
let inside: Inside;
let other: Inside;

beforeAll(async () => {
  place = newPlace();
  disk = await smallDisk(place, MIB);
  gateway = await Gateway.open(disk.prefix, place);
  inside = gateway.in((await gateway.create({ id: "inside" })).id);
  other = gateway.in((await gateway.create({ id: "other" })).id);
});

afterAll(async () => {
  await gateway.close();
  disk.remove();
});

const put = async (path: string, body: string) => {
  const response = await gateway.fetch(inside.path(`/api/files/raw?path=${path}`), { method: "PUT", body });
  return { status: response.status, body: (await response.json()) as Refusal };
};

/** Writes until not one more byte fits. */
const fill = () =>
  inside.exec("for size in 1M 4k 1; do dd if=/dev/zero of=/home/sandpit/fill.$size bs=$size status=none; done");
const free = () => inside.says("rm -f /home/sandpit/fill.*");

test("on a full disk writes are refused as such, old content stays whole, and nothing half is left", async () => {
  expect((await inside.write("/workspace/old", OLD)).status).toBe(200);
  await inside.get("POST", "/ports", { port: 8080, name: "web" });
  await fill();

  for (const path of ["/workspace/new", "/workspace/old", "/workspace/deep/new"]) {
    expect((await inside.write(path, MORE)).body).toMatchObject({ code: "NO_SPACE" });
    expect((await put(path, MORE)).body).toMatchObject({ code: "NO_SPACE" });
  }
  expect(
    (
      await inside.ask<Refusal>("POST", "/api/copy", {
        sourcePath: "/workspace/old",
        destinationPath: "/workspace/copy",
      })
    ).body,
  ).toMatchObject({ code: "NO_SPACE" });
  expect(await inside.read("/workspace/old")).toBe(OLD);
  expect((await inside.says("find /workspace -type f")).trim()).toBe("/workspace/old");
});

test("on a full disk commands, streams, processes and terminals go on", async () => {
  expect(await inside.says("cat /workspace/old | wc -c")).toBe(`${OLD.length}\n`);
  expect(await inside.says("echo fresh", { sessionId: "made-on-a-full-disk" })).toBe("fresh\n");
  const { events } = await last(inside.execStream("echo one; echo two > /workspace/two || echo refused"));
  expect(
    events
      .filter(({ type }) => type === "stdout")
      .map(({ data }) => data)
      .join(""),
  ).toBe("one\nrefused\n");
  expect(events.at(-1)).toMatchObject({ type: "complete", exitCode: 0 });
  await inside.says("rm -f /workspace/two");
  await fill();
  const id = await inside.startProcess("echo logged");
  await until(
    "its log",
    async () => (await inside.get<{ stdout: string }>("GET", `/api/process/${id}/logs`)).stdout === "logged\n",
  );
  const { terminal } = await inside.get<{ terminal: { id: string } }>("POST", "/api/terminals", {
    command: ["sh", "-c", "echo in-a-terminal; exec sleep 1000"],
  });
  await shows(inside, terminal.id, "in-a-terminal");
  await inside.get("DELETE", `/api/terminals/${terminal.id}`);
});

test("on a full disk no sandbox is made or changed by half, and what happens is told as it is", async () => {
  const refused = await gateway.ask<Refusal>("POST", "/sandboxes", { id: "new" });
  expect(refused.body).toMatchObject({ code: "NO_SPACE" });
  expect(leftOf(gateway).folders.sort()).toEqual(["inside", "other"]);
  const named = await gateway.ask<Refusal>("PATCH", "/sandboxes/inside", {
    name: "x".repeat(60),
    env: { LONG: "x".repeat(8000) },
  });
  expect(named.body).toMatchObject({ code: "NO_SPACE" });
  expect((await gateway.inspect("inside")).state).toBe("running");
  expect((await inside.ask<Refusal>("POST", "/ports", { port: 9090 })).body).toMatchObject({ code: "NO_SPACE" });
  expect(await inside.get("GET", "/ports")).toMatchObject({ exposed: [{ port: 8080 }] });
  // Nothing needs to be written for it to be so.
  expect(await gateway.get("POST", "/sandboxes/other/stop")).toMatchObject({ state: "stopped" });
  expect((await gateway.list()).map(({ id, state }) => `${id} ${state}`)).toEqual(["inside running", "other stopped"]);
  await fill();
  const { body } = await gateway.ask<Refusal>("POST", "/sandboxes/other/start");
  expect(["NO_SPACE", "SANDBOX_START_FAILED"]).toContain(body.code);
});

test("once there is space all works, and a gateway that starts again finds everything", async () => {
  await free();
  expect((await inside.write("/workspace/new", MORE)).status).toBe(200);
  expect(await gateway.start("other")).toMatchObject({ state: "running" });
  expect(await other.says("echo back")).toBe("back\n");
  await gateway.get("PATCH", "/sandboxes/inside", { name: "renamed" });
  await gateway.end();
  await gateway.begin();
  expect(await gateway.list()).toMatchObject([
    { id: "inside", name: "renamed", state: "running" },
    { id: "other", state: "running" },
  ]);
  expect(await inside.get("GET", "/ports")).toMatchObject({ exposed: [{ port: 8080, name: "web" }] });
  expect(await inside.read("/workspace/old")).toBe(OLD);
  expect(await inside.read("/workspace/new")).toBe(MORE);
});

test("sandboxes are destroyed on a full disk too, and nothing is left", async () => {
  await fill();
  await gateway.destroy("inside");
  await gateway.destroy("other");
  await nothingIsLeft(gateway, ["inside", "other"]);
});
