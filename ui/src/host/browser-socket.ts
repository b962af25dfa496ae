/** A `HostSocket` over the browser's own WebSocket. */
import type { Host, HostSocket, SocketEnd } from "./types";

export class BrowserSocket implements HostSocket {
  onOpen: HostSocket["onOpen"] = null;
  onMessage: HostSocket["onMessage"] = null;
  onClose: HostSocket["onClose"] = null;
  #socket: WebSocket;
  #held: (string | Uint8Array<ArrayBuffer>)[] = [];
  #opened = false;

  constructor(path: string, token: string, fetch: Host["fetch"]) {
    const url = new URL(path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    // A browser cannot set headers on a WebSocket, so the token travels as a subprotocol.
    this.#socket = new WebSocket(url, ["sandpit", `bearer.${token}`]);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => this.#open();
    this.#socket.onmessage = ({ data }) =>
      this.onMessage?.(typeof data === "string" ? data : new Uint8Array(data));
    this.#socket.onclose = async ({ code, reason }) => {
      const end: SocketEnd = { code, reason, opened: this.#opened };
      if (!this.#opened) end.refusal = await refusal(path, fetch);
      this.onClose?.(end);
    };
  }

  get pending(): number {
    return this.#socket.bufferedAmount + this.#held.reduce((sum, data) => sum + data.length, 0);
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.#socket.readyState === WebSocket.CONNECTING) this.#held.push(data);
    else if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(data);
  }

  close(): void {
    this.onClose = null;
    this.onMessage = null;
    this.#socket.close();
  }

  #open(): void {
    this.#opened = true;
    for (const data of this.#held.splice(0)) this.#socket.send(data);
    this.onOpen?.();
  }
}

/** A page is not told why a WebSocket was refused; the same address asked plainly gives the reason. */
async function refusal(path: string, fetch: Host["fetch"]): Promise<SocketEnd["refusal"]> {
  try {
    const answer = await fetch(path);
    return { status: answer.status, body: await answer.text() };
  } catch {
    return undefined;
  }
}
