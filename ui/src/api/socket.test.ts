import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { HostSocket } from "../host";
import { Link, retryAll } from "./socket";

const opened: { path: string; socket: HostSocket & { sent: unknown[] } }[] = [];

vi.mock("../host", () => ({
  host: {
    socket(path: string) {
      const sent: unknown[] = [];
      const socket = {
        onOpen: null,
        onMessage: null,
        onClose: null,
        pending: 0,
        sent,
        send: (data: unknown) => sent.push(data),
        close() {},
      };
      opened.push({ path, socket });
      return socket;
    },
  },
}));

beforeEach(() => {
  opened.length = 0;
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

const last = () => {
  const one = opened.at(-1);
  if (!one) throw new Error("nothing was opened");
  return one;
};
const breaks = () => last().socket.onClose?.({ code: 1006, reason: "", opened: true });

it("comes back by itself and asks anew where to resume", () => {
  let cursor = 0;
  const link = new Link({ path: () => `/ws?since=${cursor}` });
  last().socket.onOpen?.();
  cursor = 42;
  breaks();
  expect(link.state.at).toBe("waiting");
  vi.advanceTimersByTime(400);
  expect(last().path).toBe("/ws?since=42");
});

it("waits longer after each try that fails, and starts over once it was open", () => {
  const link = new Link({ path: () => "/ws" });
  const waits = Array.from({ length: 4 }, () => {
    breaks();
    const wait = link.state.at === "waiting" ? link.state.retryAt - Date.now() : 0;
    vi.advanceTimersByTime(wait + 1);
    return wait;
  });
  expect(waits.every((wait, at) => at === 0 || wait > (waits[at - 1] ?? 0))).toBe(true);
  last().socket.onOpen?.();
  breaks();
  expect(link.state.at === "waiting" && link.state.retryAt - Date.now()).toBeLessThan(400);
});

it("does not try again by itself after a refusal, and tells its code", () => {
  const body = JSON.stringify({
    code: "SANDBOX_NOT_RUNNING",
    message: "It is stopped",
    context: {},
    httpStatus: 409,
  });
  const link = new Link({ path: () => "/ws" });
  last().socket.onClose?.({ code: 1006, reason: "", opened: false, refusal: { status: 409, body } });
  expect(link.state).toMatchObject({ at: "refused", failure: { code: "SANDBOX_NOT_RUNNING" } });
  vi.advanceTimersByTime(60_000);
  expect(opened).toHaveLength(1);
  link.retry();
  expect(opened).toHaveLength(2);
});

it("tries at once when it is known that the gateway is back", () => {
  const link = new Link({ path: () => "/ws" });
  breaks();
  retryAll();
  expect(link.state.at).toBe("connecting");
});

it("says that it did not send while there is no connection", () => {
  const link = new Link({ path: () => "/ws" });
  expect(link.send("x")).toBe(false);
  last().socket.onOpen?.();
  expect(link.send("x")).toBe(true);
  expect(last().socket.sent).toEqual(["x"]);
});
