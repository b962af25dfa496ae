/**
 * The way between a notebook and its context: frames in, in batches of one screen refresh; requests out,
 * each exactly once. A request that the context never confirmed is sent again after a lost connection,
 * once all that was missed is read; one that it confirmed never is.
 */
import { contextSocket } from "../../../api/contexts";
import { Link, type LinkState } from "../../../api/socket";
import type { ContextControl } from "../../../api/wire/ContextControl";
import type { ContextFrame } from "../../../api/wire/ContextFrame";
import type { Request } from "../run/runs";

/** Milliseconds between two changes of what is shown. */
const REFRESH = 16;

export interface ChannelUse {
  cursor(): number;
  /** Requests that the context has not confirmed, oldest first. */
  unconfirmed(): Request[];
  frames(batch: ContextFrame[]): void;
  /** All frames that were missed are read. */
  caughtUp(): void;
  onState(state: LinkState): void;
}

export class Channel {
  #use: ChannelUse;
  #link: Link;
  #batch: ContextFrame[] = [];
  #timer?: ReturnType<typeof setTimeout>;
  #last = 0;
  /** The cursor at which the past ends; absent until the context has said it. */
  #target?: number;
  #current = false;
  #onTheWay = new Set<string>();

  constructor(sandboxId: string, context: string, use: ChannelUse) {
    this.#use = use;
    this.#link = new Link({
      path: () => contextSocket(sandboxId, context, use.cursor()),
      onText: (text) => this.#take(JSON.parse(text) as ContextFrame),
      onState: (state) => this.#stateChanged(state),
    });
  }

  get state(): LinkState {
    return this.#link.state;
  }

  /** Sends what is not confirmed yet, as far as it is not on its way. */
  flush(): void {
    if (!this.#current) return;
    for (const { id, code } of this.#use.unconfirmed()) {
      if (this.#onTheWay.has(id)) continue;
      if (!this.send({ type: "execute", requestId: id, code, stopOnError: true })) return;
      this.#onTheWay.add(id);
    }
  }

  send(control: ContextControl): boolean {
    return this.#link.send(JSON.stringify(control));
  }

  retry(): void {
    this.#link.retry();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#link.close();
  }

  #stateChanged(state: LinkState): void {
    if (state.at !== "open") {
      this.#deliver();
      this.#current = false;
      this.#target = undefined;
      this.#onTheWay.clear();
    }
    this.#use.onState(state);
  }

  #take(frame: ContextFrame): void {
    if (frame.type === "ready") this.#target = frame.cursor;
    this.#batch.push(frame);
    const wait = this.#last + REFRESH - performance.now();
    // A lone frame shows at once; a flood at the pace of the screen.
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#deliver(), Math.max(0, wait));
  }

  #deliver(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#last = performance.now();
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0) this.#use.frames(batch);
    if (!this.#current && this.#target !== undefined && this.#use.cursor() >= this.#target) this.#arrive();
  }

  #arrive(): void {
    this.#current = true;
    this.#use.caughtUp();
    this.flush();
  }
}
