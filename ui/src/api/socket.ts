// A message connection that comes back by itself. What to resume from is the user's to say, each time.
import { type HostSocket, host, type SocketEnd } from "../host";
import { backoff } from "./backoff";
import { ApiFailure } from "./failure";

/** `waiting`: the next try is at `retryAt` (milliseconds since the epoch). `refused`: no further try by itself. */
export type LinkState =
  | { at: "connecting" }
  | { at: "open" }
  | { at: "waiting"; retryAt: number }
  | { at: "refused"; failure: ApiFailure }
  | { at: "closed" };

export interface LinkUse {
  /** The address of the next try: put the cursor to resume from into it. */
  path(): string;
  onOpen?(): void;
  onText?(text: string): void;
  onBytes?(bytes: Uint8Array<ArrayBuffer>): void;
  onState?(state: LinkState): void;
}

/**
 * Ends that trying again can change: no connection, a server's trouble, a sandbox about to start. A browser learns
 * of a refusal by asking plainly, afterwards: when it is only told to upgrade, nothing is refused any more.
 */
function passing({ refusal }: SocketEnd): boolean {
  if (!refusal || refusal.status >= 500 || refusal.status === 426) return true;
  return ApiFailure.fromBody(refusal.status, refusal.body).context.field === "upgrade";
}

const waiting = new Set<Link>();

/** Has all that wait for their next try do it now: the gateway is known to be back. */
export function retryAll() {
  for (const link of [...waiting]) link.retry();
}

export class Link {
  #use: LinkUse;
  #socket?: HostSocket;
  #timer?: ReturnType<typeof setTimeout>;
  #tries = 0;
  #state: LinkState = { at: "connecting" };

  constructor(use: LinkUse) {
    this.#use = use;
    this.#connect();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Bytes sent that the host has not taken yet. */
  get pending(): number {
    return this.#socket?.pending ?? 0;
  }

  /** Whether it was sent: false while there is no connection, when the caller keeps it. */
  send(data: string | Uint8Array<ArrayBuffer>): boolean {
    if (this.#state.at !== "open") return false;
    this.#socket?.send(data);
    return true;
  }

  /** Tries at once instead of waiting, also after a refusal. */
  retry() {
    if (this.#state.at !== "waiting" && this.#state.at !== "refused") return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  close() {
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = undefined;
    this.#set({ at: "closed" });
  }

  #connect() {
    this.#set({ at: "connecting" });
    const socket = host.socket(this.#use.path());
    this.#socket = socket;
    socket.onOpen = () => this.#opened();
    socket.onMessage = (data) =>
      typeof data === "string" ? this.#use.onText?.(data) : this.#use.onBytes?.(data);
    socket.onClose = (end) => this.#ended(end);
  }

  #opened() {
    this.#tries = 0;
    this.#set({ at: "open" });
    this.#use.onOpen?.();
  }

  #ended(end: SocketEnd) {
    this.#socket = undefined;
    if (end.refusal && !passing(end))
      return this.#set({ at: "refused", failure: ApiFailure.fromBody(end.refusal.status, end.refusal.body) });
    const wait = backoff(this.#tries++);
    this.#timer = setTimeout(() => this.#connect(), wait);
    this.#set({ at: "waiting", retryAt: Date.now() + wait });
  }

  #set(state: LinkState) {
    this.#state = state;
    if (state.at === "waiting") waiting.add(this);
    else waiting.delete(this);
    this.#use.onState?.(state);
  }
}
