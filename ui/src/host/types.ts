/**
 * What the UI may ask of the world outside its page: the whole surface, and all of it.
 * A host knows how bytes travel and what is native; it knows no route and no wire type.
 */

/** The part of a standard request that every host carries. `body` goes as it is. */
export interface HostRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer> | Blob;
  signal?: AbortSignal;
}

/** How a socket ended. `code` and `reason` are WebSocket's (1006 when the connection broke). */
export interface SocketEnd {
  code: number;
  reason: string;
  /** Whether it had ever been open. */
  opened: boolean;
  /** The HTTP answer given in place of the upgrade, where the host could learn it. */
  refusal?: { status: number; body: string };
}

/**
 * A message connection. Set the callbacks in the task that made it; they run in order, one message at a
 * time. `send` before it is open is held, after the end it is dropped.
 */
export interface HostSocket {
  onOpen: (() => void) | null;
  onMessage: ((data: string | Uint8Array<ArrayBuffer>) => void) | null;
  /** Runs once, also when the connection never opened; not after an own `close`. */
  onClose: ((end: SocketEnd) => void) | null;
  /** Bytes sent but not yet taken by the host. */
  readonly pending: number;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
}

export interface HostClipboard {
  readText(): Promise<string>;
  writeText(text: string): Promise<void>;
  writePng(png: Blob): Promise<void>;
}

/** A file of the person's own machine, chosen in a dialog. The page never learns where it is. */
export interface PickedFile {
  name: string;
  size: number;
  /** Sends its bytes as the body of a request; they stream from disk and never pass through the page. */
  send(
    path: string,
    request?: Omit<HostRequest, "body">,
    progress?: (sent: number) => void,
  ): Promise<Response>;
}

export interface Platform {
  os: "linux" | "macos" | "windows" | "other";
  engine: "webkit" | "chromium" | "gecko" | "other";
  /** The modifier of shortcuts: `Ctrl`, or `Meta` on macOS. */
  modifier: "Ctrl" | "Meta";
  /**
   * Whether WebGL may show a drawing one frame late unless its buffer is preserved
   * (WebKitGTK without DMABUF): `new WebglAddon(true)`.
   */
  lateWebgl: boolean;
}

export interface Host {
  readonly kind: "desktop" | "browser";
  readonly platform: Platform;
  readonly clipboard: HostClipboard;
  /**
   * Like the standard `fetch`, on the gateway: `path` begins with `/v1/`. The body streams, is held back
   * while nobody reads it, and ends with the signal. Rejects with `AbortError`, or `TypeError` when there is no answer.
   */
  fetch(path: string, request?: HostRequest): Promise<Response>;
  /** Opens a message connection on the gateway. */
  socket(path: string): HostSocket;
  /** Opens an `http:` or `https:` address in the person's browser. */
  openExternal(url: string): Promise<void>;
  /** Asks for files; empty when the person changed their mind. */
  pickFiles(options?: { multiple?: boolean }): Promise<PickedFile[]>;
  /**
   * Asks where to save, then writes a blob, or the answer to `GET path`, which streams to disk.
   * False when the person changed their mind.
   */
  saveFile(name: string, source: Blob | { path: string; signal?: AbortSignal }): Promise<boolean>;
  /** Says what the page looks like, for what is seen of the window before a page is there. */
  setDark(dark: boolean): void;
  /** Names the window. */
  setTitle(title: string): void;
}
