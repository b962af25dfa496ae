/** Sockets: a terminal's output, and connections that do not behave. */
import { connect, type Socket } from "node:net";
import type { Gateway, Inside } from "./gateway.ts";

/** Waits until the terminal shows `text`. */
export function shows(inside: Inside, terminal: string, text: string): Promise<void> {
  const { url, token } = inside.gateway;
  const address = `${url.replace("http", "ws")}/v1${inside.path(`/ws/terminal?id=${terminal}`)}`;
  const socket = new WebSocket(address, ["sandpit", `bearer.${token}`]);
  socket.binaryType = "arraybuffer";
  const decoder = new TextDecoder();
  let seen = "";
  return new Promise<void>((done, failed) => {
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) seen += decoder.decode(data, { stream: true });
      if (seen.includes(text)) done();
    };
    socket.onclose = () => failed(new Error(`the terminal never showed ${text}: ${seen.slice(-500)}`));
  }).finally(() => socket.close());
}

/** A connection on which `bytes` were sent, and nothing is read. */
export function sent(gateway: Gateway, bytes: string): Promise<Socket> {
  const { hostname, port } = new URL(gateway.url);
  return new Promise((done, failed) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes, () => done(socket)));
    socket.pause();
    socket.once("error", failed);
  });
}

/** The head of a request, without its last empty line. */
export const head = (gateway: Gateway, method: string, path: string, more: string[] = []) =>
  [
    `${method} /v1${path} HTTP/1.1`,
    `host: ${new URL(gateway.url).host}`,
    `authorization: Bearer ${gateway.token}`,
    ...more,
    "",
  ].join("\r\n");

/** What asks for a WebSocket. */
export const UPGRADE = [
  "connection: upgrade",
  "upgrade: websocket",
  "sec-websocket-version: 13",
  "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
];
