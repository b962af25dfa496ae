/** WebSockets as Workers have them: pairs, sockets that wait to be accepted, answers of status 101. */

export interface End extends EventTarget {
  readyState: number;
  accept(): void;
  send(data: string | ArrayBuffer): void;
  close(code?: number, reason?: string): void;
}

/** One end of a pair; what comes before it is accepted waits. */
class PairEnd extends EventTarget implements End {
  readyState = WebSocket.OPEN as number;
  peer?: PairEnd;
  private waiting: Event[] | undefined = [];

  accept(): void {
    const waiting = this.waiting ?? [];
    this.waiting = undefined;
    for (const event of waiting) this.dispatchEvent(event);
  }

  private come(event: Event): void {
    if (this.waiting) this.waiting.push(event);
    else this.dispatchEvent(event);
  }

  send(data: string | ArrayBuffer): void {
    this.peer?.come(new MessageEvent("message", { data }));
  }

  close(code = 1000, reason = ""): void {
    if (this.readyState === WebSocket.CLOSED) return;
    this.readyState = WebSocket.CLOSED;
    const peer = this.peer;
    if (peer) peer.readyState = WebSocket.CLOSED;
    peer?.come(Object.assign(new Event("close"), { code, reason }));
  }
}

/** A real socket, once it is open. Messages that come before it is accepted wait. */
export async function end(socket: WebSocket): Promise<End> {
  socket.binaryType = "arraybuffer";
  const wrapped = new PairEnd();
  const far = new PairEnd();
  [wrapped.peer, far.peer] = [far, wrapped];
  // Before it is open: a first message may come with the answer that opens it.
  socket.addEventListener("message", ({ data }) => far.send(data));
  socket.addEventListener("close", ({ code, reason }) => far.close(code, reason));
  await new Promise<void>((done, failed) => {
    socket.addEventListener("open", () => done());
    socket.addEventListener("error", () => failed(new Error(`${socket.url} did not open`)));
  });
  far.addEventListener("message", (event) => socket.send((event as MessageEvent).data));
  far.addEventListener("close", (event) => {
    const { code, reason } = event as CloseEvent;
    // No other code may be said by who closes.
    if (code === 1000 || code >= 3000) socket.close(code, reason);
    else socket.close();
  });
  far.accept();
  return wrapped;
}

class Pair {
  readonly 0 = new PairEnd();
  readonly 1 = new PairEnd();

  constructor() {
    [this[0].peer, this[1].peer] = [this[1], this[0]];
  }
}

/** Node's own `Response` refuses the status of an upgrade, and carries no socket. */
class Upgradable extends Response {
  readonly webSocket: End | null;
  private readonly upgraded: boolean;

  constructor(body?: BodyInit | null, init: ResponseInit & { webSocket?: End } = {}) {
    const { status, statusText, headers, webSocket } = init;
    super(body, { status: status === 101 ? 200 : status, statusText, headers });
    this.webSocket = webSocket ?? null;
    this.upgraded = status === 101;
  }

  override get status(): number {
    return this.upgraded ? 101 : super.status;
  }
}

export function installSockets(): void {
  Object.assign(globalThis, { WebSocketPair: Pair, Response: Upgradable });
}
