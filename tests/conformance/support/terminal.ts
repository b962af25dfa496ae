/** A plain WebSocket on `/ws/pty`, as the client's xterm add-on uses it. */
import type { Trial } from "./cases.ts";

export interface Frame {
  type: string;
  [key: string]: unknown;
}

export class Pty {
  text = "";
  readonly frames: Frame[] = [];
  closed = false;
  private readonly decoder = new TextDecoder();
  private look: () => void = () => undefined;

  private constructor(readonly socket: WebSocket) {
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") this.frames.push(JSON.parse(data) as Frame);
      else this.text += this.decoder.decode(data as ArrayBuffer, { stream: true });
      this.look();
    });
    socket.addEventListener("close", () => {
      this.closed = true;
      this.look();
    });
  }

  static async open({ gateway, sandbox }: Trial, query: Record<string, string>): Promise<Pty> {
    const url = `${sandbox.url.replace("http", "ws")}/ws/pty?${new URLSearchParams(query)}`;
    const pty = new Pty(new WebSocket(url, gateway.protocols));
    await new Promise<void>((done, failed) => {
      pty.socket.addEventListener("open", () => done());
      pty.socket.addEventListener("error", () => failed(new Error("the terminal was refused")));
    });
    return pty;
  }

  type(text: string): void {
    this.socket.send(new TextEncoder().encode(text));
  }

  tell(frame: Frame): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** Waits until what is known of the terminal is as `there` wants it. */
  until(what: string, there: () => boolean): Promise<void> {
    return new Promise((done, failed) => {
      const late = setTimeout(
        () => failed(new Error(`waited for ${what}; it shows ${JSON.stringify(this.text)}`)),
        20_000,
      );
      this.look = () => {
        if (!there()) return;
        clearTimeout(late);
        done();
      };
      this.look();
    });
  }

  reads(wanted: string): Promise<void> {
    return this.until(wanted, () => this.text.includes(wanted));
  }

  hears(type: string): Promise<void> {
    return this.until(`a frame ${type}`, () => this.frames.some((frame) => frame.type === type));
  }

  close(): void {
    this.socket.close();
  }
}
