import { beforeEach, expect, it, vi } from "vitest";
import type { Event } from "../api/wire/Event";
import type { Sandbox } from "../api/wire/Sandbox";
import { applyEvent, followGateway, retryGateway, world } from "./sandboxes";

const one = (id: string, createdAt: string, state: Sandbox["state"] = "running"): Sandbox => ({
  id,
  name: id,
  engine: "embedded",
  image: "host",
  state,
  createdAt,
  env: {},
  limits: {},
  network: { mode: "off" },
  keepAlive: false,
  labels: {},
  ports: [],
});

const told = vi.hoisted(() => ({
  list: [] as unknown[],
  streams: [] as ReadableStreamDefaultController<Uint8Array>[],
  away: false,
}));

vi.mock("../host", () => ({
  host: {
    fetch: async (path: string) => {
      if (told.away) throw new TypeError("no answer");
      if (path.endsWith("/events"))
        return new Response(
          new ReadableStream<Uint8Array>({ start: (stream) => void told.streams.push(stream) }),
        );
      return Response.json(path.endsWith("/engines") ? { engines: [] } : { sandboxes: told.list });
    },
  },
}));

const say = (event: object) =>
  told.streams
    .at(-1)
    ?.enqueue(
      new TextEncoder().encode(`data: ${JSON.stringify({ cursor: 1, timestamp: "", ...event })}\n\n`),
    );
const ids = () => world.getState().sandboxes.map(({ id }) => id);

beforeEach(() => {
  Object.assign(told, { list: [], streams: [], away: false });
  world.setState({ loaded: false, sandboxes: [], engines: [], listening: {}, link: { at: "connecting" } });
});

it("keeps the list in order of age as events arrive", () => {
  const event = (sandbox: Sandbox) => ({ type: "sandbox", sandbox, cursor: 1, timestamp: "" }) as Event;
  applyEvent(event(one("b", "2026-01-02")));
  applyEvent(event(one("a", "2026-01-01")));
  applyEvent(event(one("b", "2026-01-02", "stopped")));
  expect(ids()).toEqual(["b", "a"]);
  expect(world.getState().sandboxes[0]?.state).toBe("stopped");
  applyEvent({ type: "sandboxDeleted", id: "a", cursor: 2, timestamp: "" } as Event);
  expect(ids()).toEqual(["b"]);
});

it("loads the list, follows its events, and loads it again when told to", async () => {
  const stop = new AbortController();
  told.list = [one("a", "2026-01-01")];
  void followGateway(stop.signal);
  await vi.waitFor(() => expect(ids()).toEqual(["a"]));
  say({ type: "sandbox", sandbox: one("b", "2026-01-02") });
  await vi.waitFor(() => expect(ids()).toEqual(["b", "a"]));
  told.list = [one("c", "2026-01-03")];
  say({ type: "resync" });
  await vi.waitFor(() => expect(ids()).toEqual(["c"]));
  stop.abort();
});

it("says that the gateway is away, and comes back when asked to try", async () => {
  const stop = new AbortController();
  told.away = true;
  void followGateway(stop.signal);
  await vi.waitFor(() =>
    expect(world.getState().link).toMatchObject({ at: "waiting", failure: { code: "GATEWAY_GONE" } }),
  );
  told.away = false;
  retryGateway();
  await vi.waitFor(() => expect(world.getState().link.at).toBe("live"));
  stop.abort();
});
