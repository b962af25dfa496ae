/** The gateway's own routes, which the official client does not know: the life of a sandbox and its ports. */
import { newPlace, type Place } from "../../support/place.ts";
import { leaveNothing, type Served, serve } from "../../support/served.ts";

export interface Made {
  id: string;
  /** What the client calls `baseUrl`. */
  url: string;
}

export class Gateway {
  private constructor(
    private readonly place: Place,
    private readonly served: Served,
  ) {}

  static async open(): Promise<Gateway> {
    const place = newPlace();
    return new Gateway(place, await serve(place));
  }

  get url(): string {
    return this.served.url;
  }

  get token(): string {
    return this.served.token;
  }

  get headers(): Record<string, string> {
    return { Authorization: `Bearer ${this.served.token}` };
  }

  /** The subprotocols by which a WebSocket, which has no headers, says its token. */
  get protocols(): string[] {
    return ["sandpit", `bearer.${this.served.token}`];
  }

  async call(method: string, path: string, body?: unknown): Promise<Response> {
    const headers = { ...this.headers, "Content-Type": "application/json" };
    return fetch(`${this.url}${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  /** Calls and reads what was answered; an answer that is no success is thrown. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await this.call(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  async make(sandbox: object = {}): Promise<Made> {
    const { id } = await this.ask<{ id: string }>("POST", "/v1/sandboxes", sandbox);
    return { id, url: `${this.url}/v1/sandboxes/${id}` };
  }

  async close(): Promise<void> {
    await this.served.server.end();
    await leaveNothing(this.place);
  }
}
