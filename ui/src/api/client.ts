// JSON over the host's fetch. A failed answer is thrown as an `ApiFailure`; a cancel as `AbortError`.
import { type HostRequest, host } from "../host";
import { ApiFailure, gone, isAbort } from "./failure";

export interface Call extends Omit<HostRequest, "body"> {
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  body?: HostRequest["body"];
}

/** The answer, whatever its body, once its status is good. */
export async function send(path: string, { json, ...rest }: Call = {}): Promise<Response> {
  const request: HostRequest = { ...rest };
  if (json !== undefined) {
    request.body = JSON.stringify(json);
    request.headers = { ...rest.headers, "content-type": "application/json" };
  }
  let answer: Response;
  try {
    answer = await host.fetch(path, request);
  } catch (thrown) {
    throw isAbort(thrown) ? thrown : gone();
  }
  if (answer.ok) return answer;
  throw ApiFailure.fromBody(answer.status, await answer.text());
}

/** The JSON of the answer. A 204 is `undefined`. */
export async function call<T>(path: string, request?: Call): Promise<T> {
  const answer = await send(path, request);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

export const get = <T>(path: string, signal?: AbortSignal) => call<T>(path, { signal });
export const post = <T>(path: string, json: unknown = {}, signal?: AbortSignal) =>
  call<T>(path, { method: "POST", json, signal });
export const patch = <T>(path: string, json: unknown) => call<T>(path, { method: "PATCH", json });
export const del = (path: string) => call<void>(path, { method: "DELETE" });

/** A query string of what is there, with its `?`; empty when nothing is. */
export function query(params: Record<string, string | number | boolean | undefined>): string {
  const there = Object.entries(params).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(there.map(([key, value]) => [key, String(value)])).toString();
  return text && `?${text}`;
}
