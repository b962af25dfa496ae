import { describe, expect, it } from "vitest";
import type { ContextEvent } from "../../../api/wire/ContextEvent";
import type { ContextFrame } from "../../../api/wire/ContextFrame";
import { standing } from "../cell/standing";
import { emptyNotebook, newCell } from "../model/new";
import type { Cell, Output } from "../model/types";
import { restore, takeSnapshot } from "../session/snapshot";
import { ask, caughtUp, NO_RUNS, newContext, type Step, step } from "./runs";

const a: Cell = {
  ...newCell("code", "print(1)"),
  key: "a",
  outputs: [{ kind: "stream", name: "stdout", text: "old" }],
};
const b: Cell = { ...newCell("code", "x"), key: "b" };

/** A notebook of `a` and `b` after both were asked to run, as `ra` and `rb`. */
function asked(): Step {
  const runs = ask(ask({ ...NO_RUNS, kernel: "idle" }, a, "ra"), b, "rb");
  return { cells: [a, b], runs };
}

let cursor = 0;
const frame = (event: ContextEvent, requestId?: string): ContextFrame => ({
  cursor: ++cursor,
  requestId,
  ...event,
});
const play = (start: Step, ...frames: ContextFrame[]) =>
  frames.reduce((now, one) => step(now, one, 1000), start);
const outputs = (now: Step, key: string) => now.cells.find((cell) => cell.key === key)?.outputs;
const texts = (list: Output[] | undefined) =>
  list?.map((output) => (output.kind === "stream" ? output.text : output.kind));

describe("a run", () => {
  it("keeps the old outputs until the first new one comes", () => {
    const started = play(
      asked(),
      frame({ type: "queued" }, "ra"),
      frame({ type: "started", executionCount: 1 }, "ra"),
    );
    expect(texts(outputs(started, "a"))).toEqual(["old"]);
    const printed = play(started, frame({ type: "stream", name: "stdout", text: "1\n" }, "ra"));
    expect(texts(outputs(printed, "a"))).toEqual(["1\n"]);
  });

  it("that prints nothing leaves nothing", () => {
    const done = play(
      asked(),
      frame({ type: "started", executionCount: 1 }, "ra"),
      frame({ type: "done", status: "ok", executionCount: 1, durationMs: 5 }, "ra"),
    );
    expect(outputs(done, "a")).toEqual([]);
    expect(done.cells[0]?.count).toBe(1);
    expect(done.runs.marks.a).toMatchObject({ status: "ok", durationMs: 5 });
  });

  it("that goes on though it was interrupted is known by it, until it is over", () => {
    const on = play(
      asked(),
      frame({ type: "started", executionCount: 1 }, "ra"),
      frame({ type: "unresponsive" }, "ra"),
    );
    expect(standing(a, on.runs)).toMatchObject({ state: "running", unresponsive: true });
    expect(texts(outputs(on, "a"))).toEqual(["old"]);
    const over = play(on, frame({ type: "done", status: "error", executionCount: 1, durationMs: 5 }, "ra"));
    expect(standing(a, over.runs).unresponsive).toBeUndefined();
  });

  it("that is aborted before it starts leaves the cell as it was", () => {
    const done = play(
      asked(),
      frame({ type: "queued" }, "ra"),
      frame({ type: "done", status: "aborted", executionCount: null, durationMs: 0 }, "ra"),
    );
    expect(texts(outputs(done, "a"))).toEqual(["old"]);
    expect(done.runs.marks.a?.status).toBe("aborted");
  });

  it("joins text of one stream and keeps the two streams apart, in order", () => {
    const done = play(
      asked(),
      frame({ type: "stream", name: "stdout", text: "a" }, "ra"),
      frame({ type: "stream", name: "stdout", text: "b" }, "ra"),
      frame({ type: "stream", name: "stderr", text: "c" }, "ra"),
      frame({ type: "stream", name: "stdout", text: "d" }, "ra"),
    );
    expect(texts(outputs(done, "a"))).toEqual(["oldab", "c", "d"]);
  });

  it("still takes what a thread prints after the cell is done", () => {
    const done = play(
      asked(),
      frame({ type: "started", executionCount: 1 }, "ra"),
      frame({ type: "done", status: "ok", executionCount: 1, durationMs: 5 }, "ra"),
      frame({ type: "stream", name: "stdout", text: "late" }, "ra"),
    );
    expect(texts(outputs(done, "a"))).toEqual(["late"]);
  });
});

describe("clear_output", () => {
  it("with wait replaces at the next output, without wait at once", () => {
    const now = play(
      asked(),
      frame({ type: "stream", name: "stdout", text: "1" }, "rb"),
      frame({ type: "clear_output", wait: true }, "rb"),
    );
    expect(texts(outputs(now, "b"))).toEqual(["1"]);
    expect(
      texts(outputs(play(now, frame({ type: "stream", name: "stdout", text: "2" }, "rb")), "b")),
    ).toEqual(["2"]);
    expect(outputs(play(now, frame({ type: "clear_output", wait: false }, "rb")), "b")).toEqual([]);
  });
});

describe("update_display", () => {
  it("changes the display in whichever cell shows it", () => {
    const shown = play(
      asked(),
      frame({ type: "display", data: { "text/plain": "0 %" }, metadata: {}, displayId: "bar" }, "ra"),
    );
    const updated = play(
      shown,
      frame({ type: "update_display", data: { "text/plain": "9 %" }, metadata: {}, displayId: "bar" }, "rb"),
    );
    expect(outputs(updated, "a")?.at(-1)).toMatchObject({ data: { "text/plain": "9 %" } });
  });
});

describe("a window that comes back", () => {
  it("applies no frame twice", () => {
    const once = frame({ type: "stream", name: "stdout", text: "x" }, "rb");
    expect(texts(outputs(play(asked(), once, once), "b"))).toEqual(["x"]);
  });

  it("gives up runs whose end was among frames that are gone, and keeps those that were never received", () => {
    const now = play(
      asked(),
      frame({ type: "queued" }, "ra"),
      frame({ type: "started", executionCount: 1 }, "ra"),
      frame({ type: "truncated" }),
    );
    const runs = caughtUp(now.runs);
    expect(runs.marks.a?.status).toBe("lost");
    expect(runs.requests.find(({ id }) => id === "rb")?.state).toBe("sent");
  });
});

describe("a kernel", () => {
  it("that restarts aborts what was under way and makes every earlier result one of another life", () => {
    const now = play(
      asked(),
      frame({ type: "started", executionCount: 1 }, "ra"),
      frame({ type: "restarted" }),
    );
    expect(now.runs.marks.a?.status).toBe("aborted");
    expect(now.runs.life).toBe(1);
    expect(now.runs.marks.a?.life).toBe(0);
  });

  it("that dies loses what was under way", () => {
    expect(
      play(
        asked(),
        frame({ type: "started", executionCount: 1 }, "ra"),
        frame({ type: "state", state: "dead" }),
      ).runs.marks.a?.status,
    ).toBe("lost");
  });

  it("that is replaced still gets what was asked of no context yet", () => {
    const runs = newContext(asked().runs);
    expect(runs.requests.map(({ id }) => id)).toEqual(["ra", "rb"]);
    expect(runs.marks.a?.life).toBe(runs.life);
  });
});

describe("code that asks", () => {
  const question = { type: "input_request", inputId: "q1", prompt: "Name? ", password: false } as const;
  const asking = () =>
    play(asked(), frame({ type: "started", executionCount: 1 }, "ra"), frame(question, "ra"));
  const shown = ({ runs }: Step) => runs.requests.find(({ id }) => id === "ra")?.question;

  it("shows its question until somebody has answered that one", () => {
    expect(shown(asking())).toEqual({ id: "q1", prompt: "Name? ", password: false });
    const other = play(asking(), frame({ type: "input_replied", inputId: "q0" }, "ra"));
    expect(shown(other)?.id).toBe("q1");
    expect(shown(play(other, frame({ type: "input_replied", inputId: "q1" }, "ra")))).toBeUndefined();
  });

  it("asks no more once its run is over, however it ended", () => {
    const ends = [
      frame({ type: "done", status: "error", executionCount: 1, durationMs: 1 }, "ra"),
      frame({ type: "state", state: "dead" }),
      frame({ type: "restarted" }),
    ];
    for (const end of ends) expect(shown(play(asking(), { ...end, cursor: 1_000_000 }))).toBeUndefined();
  });

  it("is asked again in a window that comes back", () => {
    const { cells, runs } = asking();
    const notebook = { ...emptyNotebook(), cells };
    expect(shown(restore(notebook, takeSnapshot({ cells, runs }, "hash")))?.id).toBe("q1");
  });
});
