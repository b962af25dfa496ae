/**
 * A `HostSocket` over Tauri IPC. The page takes what has come, hands it on, and only then takes more: while it is
 * busy nothing is pushed at it, what arrives meanwhile shares one message, and the Rust side holds a bounded amount.
 * Sending is the same the other way round, which also keeps the order.
 */
import { invoke } from "@tauri-apps/api/core";
import { Kind, packFrames, text, unpackFrames } from "./frames";
import { freshId } from "./tauri-fetch";
import type { HostSocket, SocketEnd } from "./types";

export class TauriSocket implements HostSocket {
  onOpen: HostSocket["onOpen"] = null;
  onMessage: HostSocket["onMessage"] = null;
  onClose: HostSocket["onClose"] = null;
  pending = 0;
  #id = freshId();
  #queue: (string | Uint8Array<ArrayBuffer>)[] = [];
  #state: "opening" | "open" | "ended" = "opening";
  #sending = false;

  constructor(path: string) {
    this.#run(path).catch((reason) => this.#end({ code: 1006, reason: String(reason) }));
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.#state === "ended") return;
    this.#queue.push(data);
    this.pending += data.length;
    if (this.#state === "open") void this.#flush();
  }

  close(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#queue = [];
    void invoke("cancel", { id: this.#id });
  }

  async #run(path: string): Promise<void> {
    const refusal = await invoke<SocketEnd["refusal"] | null>("socket_open", { id: this.#id, path });
    if (this.#ended()) return;
    if (refusal) return this.#end({ code: 1006, reason: "refused", refusal });
    this.#state = "open";
    this.onOpen?.();
    void this.#flush();
    while (!this.#ended()) {
      const packed = await invoke<ArrayBuffer>("socket_take", { id: this.#id });
      for (const frame of unpackFrames(new Uint8Array(packed))) {
        if (this.#ended()) return;
        if (frame.kind === Kind.end) return this.#end(JSON.parse(text(frame.data)));
        this.#deliver(frame.kind === Kind.text ? text(frame.data) : frame.data);
      }
    }
  }

  /** A listener that throws is its own affair: the messages after it still come. */
  #deliver(data: string | Uint8Array<ArrayBuffer>): void {
    try {
      this.onMessage?.(data);
    } catch (error) {
      reportError(error);
    }
  }

  async #flush(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.#queue.length > 0 && !this.#ended()) {
        const frames = this.#queue.splice(0);
        await invoke("socket_send", packFrames(this.#id, frames));
        this.pending -= frames.reduce((size, data) => size + data.length, 0);
      }
    } catch (reason) {
      this.#end({ code: 1006, reason: String(reason) });
    } finally {
      this.#sending = false;
    }
  }

  #ended(): boolean {
    return this.#state === "ended";
  }

  #end(end: Omit<SocketEnd, "opened">): void {
    if (this.#ended()) return;
    const opened = this.#state === "open";
    this.#state = "ended";
    this.onClose?.({ ...end, opened });
  }
}
