/** `make bench`, the part that needs the window: what QUALITY promises of it, beside its peers, in the same run. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { on, Person } from "../journeys/support/person.ts";
import { openWindow, type Window } from "../journeys/support/window.ts";
import { until } from "../support/child.ts";
import { newPlace, root } from "../support/place.ts";
import { leaveNothing } from "../support/served.ts";
import { call, enter } from "./inPage.ts";
import { began, resident } from "./processes.ts";
import { median, percentile } from "./sample.ts";
import { add, write } from "./table.ts";

const APP = "sandpit";
const EMPTY = "examples/empty-window";
const LAUNCHES = 5;

const place = newPlace();
afterAll(async () => {
  await leaveNothing(place);
  write(join(root, "tests/results/window.json"));
});

const name = (program: string) => program.split("/").at(-1) as string;

async function withWindow<T>(program: string, use: (window: Window) => Promise<T>): Promise<T> {
  const window = await openWindow(place, program);
  try {
    return await use(window);
  } finally {
    await window.close();
  }
}

/** Milliseconds from the start of the process until the page said that it can be used. */
const launch = (program: string) =>
  withWindow(program, async (window) => {
    const mark = `return performance.getEntriesByName("usable").map((one) => performance.timeOrigin + one.startTime)[0]`;
    const usable = await until("the window to be usable", () => window.run<number | undefined>(mark));
    return usable - began(name(program), place.dataDir);
  });

const settled = () => new Promise((done) => setTimeout(done, 5_000));

it("launch", async () => {
  const [app, empty]: [number[], number[]] = [[], []];
  // The first start of each warms the disk's cache for the others.
  for (const program of [EMPTY, APP]) await launch(program);
  for (let turn = 0; turn < LAUNCHES; turn++) {
    empty.push(await launch(EMPTY));
    app.push(await launch(APP));
  }
  const met = median(app) - median(empty) <= 300;
  add(app, {
    what: "window: launch → usable",
    unit: "ms",
    goal: "≤ 300 ms over an empty window",
    met,
    peer: "empty window",
    peerMedian: median(empty),
  });
});

describe("with one sandbox", () => {
  let window: Window;
  let person: Person;
  let sandbox: string;

  beforeAll(async () => {
    window = await openWindow(place, APP);
    person = new Person(window);
    await window.click(on("first-sandbox"));
    await person.reads("$");
    sandbox = await person.sandboxId();
    await settled();
  });
  afterAll(() => window.close());

  it("memory at rest", async () => {
    const memory = resident(APP, place.dataDir);
    const empty = await withWindow(EMPTY, async () => {
      await settled();
      return resident(name(EMPTY), place.dataDir);
    });
    add([memory], {
      what: "window: memory at rest, one sandbox",
      unit: "MB",
      goal: "≤ 100 MB over an empty window",
      met: memory - empty <= 100,
      peer: "empty window",
      peerMedian: empty,
    });
  });

  it("exec from the page", async () => {
    await enter(window);
    await exec(window, sandbox);
  });

  it("echo", async () => {
    await enter(window);
    await echo(window, person);
  });

  it("throughput", async () => {
    await enter(window);
    await throughput(window, sandbox);
  });
});

async function exec(window: Window, sandbox: string): Promise<void> {
  const ipc = await call(window, "ipc", [300]);
  const times = await call(window, "execTrue", [sandbox, 300]);
  add(times, {
    what: "exec true, from the page and back",
    unit: "ms",
    goal: "p50 ≤ 6 ms",
    met: median(times) <= 6,
    peer: "bare IPC",
    peerMedian: median(ipc),
  });
}

async function echo(window: Window, person: Person): Promise<void> {
  await person.toTerminal();
  await call(window, "listenToKeys", []);
  const keys = 300;
  for (let key = 1; key <= keys; key++) {
    await window.type("x");
    await until("the echo", async () => (await call(window, "echoes", [])).length >= key, 5_000);
  }
  const times = await call(window, "echoes", []);
  const met = median(times) <= 16 && percentile(times, 99) <= 40;
  add(times, { what: "key → echo in the window", unit: "ms", goal: "p50 ≤ 16 ms, p99 ≤ 40 ms", met });
  await window.press("Control+c");
}

async function throughput(window: Window, sandbox: string): Promise<void> {
  const [lines, line] = [280_000, "a line of a file that is drawn as it comes, to its very end"];
  await call(window, "exec", [sandbox, `seq -f '%08.0f ${line}' ${lines} > /tmp/lines`]);
  const [ours, peer]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < 3; turn++) {
    const run = await call(window, "throughput", ["cat /tmp/lines", lines, line], 180_000);
    ours.push(run.bytes / run.fromSandbox / 1e3);
    peer.push(run.bytes / run.inPage / 1e3);
  }
  const met = median(ours) >= 0.9 * median(peer);
  add(ours, {
    what: "terminal throughput in the window, 20 MB",
    unit: "MB/s",
    goal: "≥ 0.9 × fed in-page, no byte lost",
    met,
    peer: "fed in-page",
    peerMedian: median(peer),
  });
}
