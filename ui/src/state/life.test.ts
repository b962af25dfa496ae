import { beforeEach, expect, it, vi } from "vitest";
import type { Sandbox } from "../api/wire/Sandbox";
import { askDelete, deleteForGood, life, makeSandbox, turn } from "./life";
import { notices } from "./notices";
import { world } from "./sandboxes";
import { selection } from "./selection";

const one = (id: string, state: Sandbox["state"] = "running") =>
  ({ id, name: id, state, createdAt: "2026-01-01" }) as Sandbox;

const answers = vi.hoisted(() => ({ next: [] as (() => Response)[], asked: [] as string[] }));

vi.mock("../host", () => ({
  host: {
    fetch: async (path: string, { method = "GET" }: { method?: string } = {}) => {
      answers.asked.push(`${method} ${path}`);
      return answers.next.shift()?.() ?? Response.json({});
    },
  },
}));

const refusal = (code: string, httpStatus: number) => () =>
  Response.json({ code, message: "No.", context: {}, httpStatus }, { status: httpStatus });

beforeEach(() => {
  Object.assign(answers, { next: [], asked: [] });
  world.setState({ sandboxes: [one("a")] });
  notices.setState({ list: [] });
});

it("puts a new sandbox in the list and in view at once, before its event", async () => {
  answers.next = [() => Response.json(one("b"), { status: 201 })];
  await makeSandbox({});
  expect(world.getState().sandboxes.map(({ id }) => id)).toContain("b");
  expect(selection.getState().id).toBe("b");
  expect(life.getState().creating).toBe(false);
});

it("does one thing at a time with a sandbox, and says what failed", async () => {
  answers.next = [refusal("ENGINE_ERROR", 500)];
  await Promise.all([turn("a", "stop"), turn("a", "stop")]);
  expect(answers.asked).toEqual(["POST /v1/sandboxes/a/stop"]);
  expect(notices.getState().list[0]).toMatchObject({ tone: "bad", text: "It did not stop: No." });
  expect(life.getState().doing).toEqual({});
});

it("takes a deleted sandbox away, also one that was gone already", async () => {
  askDelete("a");
  answers.next = [refusal("SANDBOX_NOT_FOUND", 404)];
  await deleteForGood("a");
  expect(world.getState().sandboxes).toEqual([]);
  expect(life.getState().asking).toBeUndefined();
  expect(notices.getState().list).toEqual([]);
});
