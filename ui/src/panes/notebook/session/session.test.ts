import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiFailure } from "../../../api/failure";
import type { LinkUse } from "../../../api/socket";
import type { ContextControl } from "../../../api/wire/ContextControl";
import type { ContextEvent } from "../../../api/wire/ContextEvent";
import { emptyNotebook } from "../model/new";
import { writeNotebook } from "../model/write";
import { NotebookSession } from "./session";

/** A context as the agent keeps it: numbered frames, and what viewers asked. */
class FakeContext {
  frames: (ContextEvent & { cursor: number; requestId?: string })[] = [];
  asked: ContextControl[] = [];
  viewers = new Set<FakeLink>();
  say(event: ContextEvent, requestId?: string) {
    const frame = { cursor: this.frames.length + 1, requestId, ...event };
    this.frames.push(frame);
    for (const viewer of this.viewers) viewer.take(frame);
  }
}

const world = vi.hoisted(() => ({
  file: { text: "", tag: 0 },
  contexts: new Map<string, unknown>(),
  made: 0,
  /** As in a browser, which is not told why a socket was refused. */
  silent: false,
  /** Files in the sandbox's temporary folder. */
  shared: new Map<string, string>(),
}));

const contextOf = (id: string) => world.contexts.get(id) as FakeContext | undefined;
const context = () => contextOf(`c${world.made}`) as FakeContext;

class FakeLink {
  state: { at: string } = { at: "connecting" };
  constructor(private use: LinkUse) {
    queueMicrotask(() => this.connect());
  }
  connect() {
    const [, id = "", since = "0"] = /id=([^&]+)&since=(\d+)/.exec(this.use.path()) ?? [];
    const found = contextOf(id);
    if (!found)
      return this.use.onState?.({
        at: "refused",
        failure: new ApiFailure("CONTEXT_NOT_FOUND", "gone", { status: 404 }),
      });
    this.state = { at: "open" };
    this.use.onState?.({ at: "open" });
    const info = {
      id,
      language: "python",
      cwd: "/workspace",
      state: "idle" as const,
      displayName: "Python 3.11",
      createdAt: "",
    };
    this.take({ cursor: found.frames.length, type: "ready", context: info });
    for (const frame of found.frames.slice(Number(since))) this.take(frame);
    found.viewers.add(this);
  }
  take(frame: unknown) {
    this.use.onText?.(JSON.stringify(frame));
  }
  send(text: string) {
    if (this.state.at !== "open") return false;
    const [, id = ""] = /id=([^&]+)/.exec(this.use.path()) ?? [];
    contextOf(id)?.asked.push(JSON.parse(text));
    return true;
  }
  retry() {}
  close() {
    for (const one of world.contexts.values()) (one as FakeContext).viewers.delete(this);
  }
}

vi.mock("../../../api/socket", () => ({
  Link: function Link(use: LinkUse) {
    return new FakeLink(use);
  },
}));
vi.mock("../../../api/contexts", () => ({
  contextSocket: (_: string, id: string, since: number) => `?id=${id}&since=${since}`,
  kernelSpecs: async () => [{ name: "python3", displayName: "Python 3.11", language: "python" }],
  contexts: async () => [...world.contexts.keys()].map((id) => ({ id })),
  warmContext: async () => undefined,
  deleteContext: async () => undefined,
  createContext: async () => {
    world.contexts.set(`c${++world.made}`, new FakeContext());
    return `c${world.made}`;
  },
}));
vi.mock("../../../api/notebooks", () => ({
  deleteFile: async (_: string, path: string) => void world.shared.delete(path),
  loadText: async (_: string, path: string) => {
    if (path.startsWith("/tmp/")) return { text: world.shared.get(path) ?? "", etag: "" };
    return { text: world.file.text, etag: String(world.file.tag) };
  },
  fileTag: async () => String(world.file.tag),
  saveText: async (_: string, path: string, text: string, guard: { etag: string } | string) => {
    if (path.startsWith("/tmp/")) return void world.shared.set(path, text);
    if (typeof guard === "object" && guard.etag !== String(world.file.tag))
      throw new ApiFailure("FILE_CHANGED", "changed");
    world.file = { text, tag: world.file.tag + 1 };
    return String(world.file.tag);
  },
}));

const settled = () => new Promise((resolve) => setTimeout(resolve, 40));
const first = (session: NotebookSession) => session.state.notebook.cells[0];
const shown = (session: NotebookSession) =>
  first(session)?.outputs.map((output) => (output.kind === "stream" ? output.text : output.kind));

async function opened(): Promise<NotebookSession> {
  const session = new NotebookSession("demo", "/workspace/a.ipynb");
  await session.load();
  await settled();
  return session;
}

/** As a window does that is killed: nothing is saved any more, and nothing is heard. */
const kill = (session: NotebookSession) => {
  session.discard();
  for (const one of world.contexts.values()) (one as FakeContext).viewers.clear();
};

beforeEach(() => {
  localStorage.clear();
  world.contexts.clear();
  world.made = 0;
  world.silent = false;
  world.shared.clear();
  const notebook = emptyNotebook();
  const cells = notebook.cells.map((cell) => ({ ...cell, source: "run me" }));
  world.file = { text: writeNotebook({ ...notebook, cells }), tag: 1 };
});

async function running(): Promise<{ session: NotebookSession; id: string }> {
  const session = await opened();
  session.run([session.state.active]);
  await settled();
  const [asked] = context().asked;
  const id = asked?.type === "execute" ? asked.requestId : "";
  context().say({ type: "queued" }, id);
  context().say({ type: "started", executionCount: 1 }, id);
  await settled();
  return { session, id };
}

describe("a notebook", () => {
  it("makes a context at its first run and sends it the cell once", async () => {
    const { session } = await running();
    session.run([session.state.active]);
    await settled();
    expect(world.made).toBe(1);
    expect(context().asked).toHaveLength(1);
    expect(context().asked[0]).toMatchObject({ type: "execute", code: "run me" });
  });

  it("killed in the middle of a run goes on exactly where the file stands", async () => {
    const { session, id } = await running();
    context().say({ type: "stream", name: "stdout", text: "one " }, id);
    await settled();
    await session.save();
    context().say({ type: "stream", name: "stdout", text: "two " }, id);
    await settled();
    kill(session);
    context().say({ type: "stream", name: "stdout", text: "three" }, id);
    context().say({ type: "done", status: "ok", executionCount: 1, durationMs: 9 }, id);
    const again = await opened();
    expect(shown(again)).toEqual(["one two three"]);
    expect(again.state.runs.marks[again.state.active]).toMatchObject({ status: "ok", durationMs: 9 });
    expect(world.made).toBe(1);
  });

  it("killed right after a run was asked still shows its output", async () => {
    const session = await opened();
    session.run([session.state.active]);
    await settled();
    const [asked] = context().asked;
    kill(session);
    const id = asked?.type === "execute" ? asked.requestId : "";
    context().say({ type: "queued" }, id);
    context().say({ type: "started", executionCount: 1 }, id);
    context().say({ type: "stream", name: "stdout", text: "all" }, id);
    const again = await opened();
    expect(shown(again)).toEqual(["all"]);
    expect(context().asked).toHaveLength(1);
  });

  it("sends a run again only when the context never heard of it", async () => {
    const session = await opened();
    session.run([session.state.active]);
    await settled();
    kill(session);
    await opened();
    expect(context().asked).toHaveLength(2);
  });

  it("is found with its kernel by a window that knows nothing of it, outputs and all", async () => {
    const { session, id } = await running();
    context().say({ type: "stream", name: "stdout", text: "one " }, id);
    await settled();
    await session.save();
    kill(session);
    localStorage.clear();
    context().say({ type: "stream", name: "stdout", text: "two" }, id);
    const again = await opened();
    expect(shown(again)).toEqual(["one two"]);
    expect(world.made).toBe(1);
  });

  it.each([false, true])(
    "whose context is gone says so, and starts another at the next run (untold: %s)",
    async (silent) => {
      world.silent = silent;
      const { session } = await running();
      await session.save();
      kill(session);
      world.contexts.clear();
      const again = await opened();
      expect(again.state.note).toContain("kernel is gone");
      expect(again.state.context).toBeUndefined();
      again.run([again.state.active]);
      await settled();
      expect(world.made).toBe(2);
      expect(context().asked).toHaveLength(1);
    },
  );

  it("does not write over what somebody else wrote, until told to", async () => {
    const session = await opened();
    world.file = { text: world.file.text.replace("run me", "theirs"), tag: 7 };
    session.change(({ notebook }) => ({
      notebook: { ...notebook, cells: notebook.cells.map((cell) => ({ ...cell, source: "mine" })) },
    }));
    await session.save();
    expect(session.state.saving.at).toBe("conflict");
    expect(world.file.text).toContain("theirs");
    await session.keepMine();
    expect(session.state.saving.at).toBe("saved");
    expect(world.file.text).toContain("mine");
  });

  it("without changes takes what somebody else wrote", async () => {
    const session = await opened();
    world.file = { text: world.file.text.replace("run me", "theirs"), tag: 7 };
    await session.lookForChange();
    expect(first(session)?.source).toBe("theirs");
  });

  it("that cannot be read is never written", async () => {
    world.file = { text: '{"nbformat": 4, "cells": [', tag: 1 };
    const session = await opened();
    expect(session.state.phase.at).toBe("unreadable");
    session.run([session.state.active]);
    await session.save();
    expect(world.file.text).toBe('{"nbformat": 4, "cells": [');
  });
});
