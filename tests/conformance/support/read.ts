/** Reading what the client gives: streams of events, and errors with their facts. */
import { parseSSEStream } from "@cloudflare/sandbox";
import { expect } from "vitest";
import type { Trial } from "./cases.ts";

export interface Happening {
  type: string;
  data?: string;
  exitCode?: number;
  code?: string;
  [key: string]: unknown;
}

export async function all<T = Happening>(stream: ReadableStream<Uint8Array>): Promise<T[]> {
  const seen: T[] = [];
  for await (const event of parseSSEStream<T>(stream)) seen.push(event);
  return seen;
}

/** One event after another, for a case that acts between two of them. */
export class Reading {
  private readonly events: AsyncIterator<Happening>;
  readonly seen: Happening[] = [];
  private readonly abort = new AbortController();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.events = parseSSEStream<Happening>(stream, this.abort.signal)[Symbol.asyncIterator]();
  }

  /** The next event that `wanted` accepts; those before it are kept in `seen`. */
  async until(wanted: (event: Happening) => boolean): Promise<Happening> {
    while (true) {
      const { done, value } = await this.events.next();
      if (done) throw new Error(`the stream ended after ${JSON.stringify(this.seen)}`);
      this.seen.push(value);
      if (wanted(value)) return value;
    }
  }

  text(type = "stdout"): string {
    return textOf(this.seen, type);
  }

  /** Reads on until `type`'s text has `wanted` in it. */
  async toText(wanted: string, type = "stdout"): Promise<void> {
    if (this.text(type).includes(wanted)) return;
    await this.until(() => this.text(type).includes(wanted));
  }

  async close(): Promise<void> {
    this.abort.abort();
    await this.events.next().catch(() => undefined);
  }
}

export function textOf(events: readonly Happening[], type = "stdout"): string {
  return events
    .filter((event) => event.type === type)
    .map((event) => event.data ?? event.text ?? "")
    .join("");
}

export interface Facts {
  /** The client's class of error. */
  name: string;
  code: string;
  httpStatus: number;
  context?: object;
}

/** The error of a promise that must fail. */
export async function failure(promise: Promise<unknown>): Promise<Error & Partial<Facts>> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("value" in outcome) throw new Error(`it should have failed, and gave ${JSON.stringify(outcome.value)}`);
  expect(outcome.error).toBeInstanceOf(Error);
  return outcome.error as Error & Partial<Facts>;
}

/** A call must fail with the client's own class of error, and all its facts. */
export async function refused(promise: Promise<unknown>, facts: Facts): Promise<void> {
  const error = await failure(promise);
  const { name, code, httpStatus, context } = error;
  expect({ name, code, httpStatus, context, message: error.message }).toMatchObject(facts);
  expect(error.message).not.toBe("");
}

/**
 * A call that would give a stream must fail. Over a WebSocket the client throws a plain error with the answer's body in
 * its text; over HTTP, its own class.
 */
export async function streamRefused(trial: Trial, promise: Promise<unknown>, facts: Facts): Promise<void> {
  if (trial.transport === "http") return refused(promise, facts);
  const { message } = await failure(promise);
  const body = /^Stream error: (\d+) - (\{.*\})$/s.exec(message);
  if (!body) throw new Error(`no body in: ${message}`);
  const { name: _, ...told } = facts;
  expect(JSON.parse(body[2] ?? "")).toMatchObject(told);
  expect(Number(body[1])).toBe(facts.httpStatus);
}
