import { clearMocks, mockIPC } from "@tauri-apps/api/mocks";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Kind, packFrames, unpackFrames } from "./frames";
import { TauriSocket } from "./tauri-socket";

type Bytes = Uint8Array<ArrayBuffer>;
const settled = () => new Promise((done) => setTimeout(done));

/** The Rust side: what it was sent, and batches it gives one by one as they are taken. */
function rust({ refusal, gives = [] }: { refusal?: unknown; gives?: Bytes[] } = {}) {
  const sent: string[][] = [];
  const cancelled: number[] = [];
  let accept = () => {};
  mockIPC((command, payload) => {
    if (command === "socket_open") return refusal ?? null;
    if (command === "socket_take") return gives.shift()?.buffer ?? new Promise(() => {});
    if (command === "cancel") return void cancelled.push((payload as { id: number }).id);
    const frames = [...unpackFrames((payload as unknown as Bytes).subarray(4))];
    sent.push(frames.map(({ data }) => new TextDecoder().decode(data)));
    return new Promise<void>((done) => {
      accept = done;
    });
  });
  return { sent, cancelled, accept: () => accept() };
}

const batch = (...frames: (string | Bytes)[]) => packFrames(0, frames).slice(4);
const ending = (end: object) => {
  const packed = batch(JSON.stringify(end));
  packed[0] = Kind.end;
  return packed;
};

afterEach(clearMocks);

describe("a socket over Tauri IPC", () => {
  it("holds what is sent before it is open, and sends one batch at a time in order", async () => {
    const { sent, accept } = rust();
    const socket = new TauriSocket("/ws");
    socket.send("a");
    socket.send("b");
    await settled();
    socket.send("c");
    socket.send("d");
    await settled();
    expect(sent).toEqual([["a", "b"]]);
    expect(socket.pending).toBe(4);
    accept();
    await settled();
    expect(sent).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
  });

  it("hands on every frame of a batch, then how it ended, once", async () => {
    rust({ gives: [batch("one", new Uint8Array([1])), ending({ code: 4001, reason: "so long" })] });
    const socket = new TauriSocket("/ws");
    const got: unknown[] = [];
    socket.onMessage = (data) => got.push(data);
    const ended = new Promise((done) => {
      socket.onClose = done;
    });
    expect(await ended).toEqual({ code: 4001, reason: "so long", opened: true });
    expect(got).toEqual(["one", new Uint8Array([1])]);
  });

  it("tells why it was refused", async () => {
    rust({ refusal: { status: 409, body: "not now" } });
    const socket = new TauriSocket("/ws");
    const end = await new Promise((done) => {
      socket.onClose = done;
    });
    expect(end).toMatchObject({ opened: false, refusal: { status: 409, body: "not now" } });
  });

  it("says nothing more once it was closed", async () => {
    const { cancelled } = rust({ gives: [batch("late")] });
    const socket = new TauriSocket("/ws");
    socket.onMessage = vi.fn();
    socket.onClose = vi.fn();
    socket.close();
    await settled();
    expect(socket.onMessage).not.toHaveBeenCalled();
    expect(socket.onClose).not.toHaveBeenCalled();
    expect(cancelled).toHaveLength(1);
  });
});
