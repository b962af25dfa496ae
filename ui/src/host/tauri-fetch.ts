/**
 * `fetch` over Tauri IPC. One message asks and brings the head with what is there of the body; the rest is
 * taken piece by piece as it is read, so a body that nobody reads waits at its source.
 */
import { invoke } from "@tauri-apps/api/core";
import { packHead, text, unpackHead } from "./frames";
import type { HostRequest } from "./types";

type Bytes = Uint8Array<ArrayBuffer>;
interface AnswerHead {
  status: number;
  headers: [string, string][];
  /** Whether more of the body is to be taken. */
  more: boolean;
}

/** The last byte of a piece of a body. When it is cut off, the bytes before it say why. */
const Piece = { more: 0, last: 1, cutOff: 2 } as const;

/** Ids are the page's to choose, so that it can cancel what has not answered yet. */
export const freshId = (): number => crypto.getRandomValues(new Uint32Array(1))[0] as number;

export async function tauriFetch(path: string, request: HostRequest = {}): Promise<Response> {
  const { method = "GET", headers = {}, signal } = request;
  signal?.throwIfAborted();
  const id = freshId();
  const body = await bytesOf(request.body);
  const packed = packHead({ id, method, path, headers: Object.entries(headers) }, body);
  const answer = invoke<ArrayBuffer>("fetch", packed).catch((reason) => {
    throw new TypeError(String(reason));
  });
  const cancel = () => void invoke("cancel", { id });
  return answerOf(id, await abortable(answer, signal, cancel), signal);
}

async function bytesOf(body: HostRequest["body"]): Promise<Bytes> {
  if (body === undefined) return new Uint8Array();
  if (typeof body === "string") return new TextEncoder().encode(body);
  return body instanceof Blob ? new Uint8Array(await body.arrayBuffer()) : body;
}

function answerOf(id: number, packed: ArrayBuffer, signal?: AbortSignal): Response {
  const { head, body } = unpackHead<AnswerHead>(new Uint8Array(packed));
  const init = { status: head.status, headers: head.headers };
  if (head.more) return new Response(rest(id, body, signal), init);
  // These have no body, and `Response` refuses even an empty one.
  return new Response([204, 205, 304].includes(head.status) ? null : body, init);
}

/** The body as a stream that takes the next piece only when it is wanted. */
function rest(id: number, first: Bytes, signal?: AbortSignal): ReadableStream<Bytes> {
  const cancel = () => void invoke("cancel", { id });
  return new ReadableStream<Bytes>(
    {
      start: (stream) => {
        if (first.length > 0) stream.enqueue(first);
        signal?.addEventListener("abort", () => {
          cancel();
          stream.error(signal.reason);
        });
      },
      pull: async (stream) => {
        const packed = new Uint8Array(await invoke<ArrayBuffer>("body", { id }));
        if (signal?.aborted) return;
        const bytes = packed.subarray(0, -1);
        const state = packed.at(-1);
        if (state === Piece.cutOff) return stream.error(new TypeError(text(bytes)));
        if (bytes.length > 0) stream.enqueue(bytes);
        if (state === Piece.last) stream.close();
      },
      cancel,
    },
    { highWaterMark: 1 },
  );
}

/** What `work` brings, unless the signal comes first; then `cancel` runs. */
function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined, cancel: () => void): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = () => {
      cancel();
      reject(signal.reason);
    };
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
