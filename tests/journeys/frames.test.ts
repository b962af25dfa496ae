/** What a sandbox made and the window shows in a frame tries to get out, in the real WebKitGTK window. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/child.ts";
import { newPlace, type Place } from "../support/place.ts";
import { openWindow, type Window } from "./support/window.ts";

type Outcome = Record<string, string>;

let place: Place;
let window: Window;
let outside: Server;
let port: number;
/** What reached the server that stands for the network. */
const reached: string[] = [];

/** Runs in a frame and tells its parent what came of each attempt. `ipc://` is Tauri's own address for commands. */
const attack = (port: number) => `(async () => {
  const out = {};
  const attempt = async (name, work) => {
    const late = new Promise((done) => setTimeout(done, 1000, "no answer"));
    try { out[name] = String(await Promise.race([work(), late])); } catch (error) { out[name] = "refused: " + error; }
  };
  const command = { "content-type": "application/json", "tauri-callback": "1", "tauri-error": "2" };
  const call = (headers, mode) => async () => {
    const answer = await fetch("ipc://localhost/cancel", { method: "POST", body: '{"id":1}', headers, mode });
    return (answer.headers.get("tauri-response") ?? "nothing") + " " + answer.status;
  };
  await attempt("internals", () => typeof window.__TAURI_INTERNALS__);
  await attempt("global", () => typeof window.__TAURI__);
  await attempt("handlers", () => typeof window.webkit?.messageHandlers?.ipc);
  await attempt("parent document", () => parent.document.title);
  await attempt("parent internals", () => typeof parent.__TAURI_INTERNALS__.invoke);
  await attempt("command", call(command));
  await attempt("command with a guessed key", call({ ...command, "tauri-invoke-key": "guess" }));
  await attempt("command from elsewhere", call({ ...command, origin: "tauri://localhost" }));
  await attempt("the app's files", async () => (await fetch("tauri://localhost/index.html")).status);
  await attempt("navigate the window", () => { top.location = "http://localhost:${port}/navigated"; return "set"; });
  await attempt("popup", () => window.open("http://localhost:${port}/popup"));
  await attempt("storage", () => { localStorage.x = 1; return "stored"; });
  await attempt("network", async () => (await fetch("http://127.0.0.1:${port}/fetched")).status);
  await attempt("picture", () => new Promise((done) => {
    const image = new Image();
    image.onload = image.onerror = ({ type }) => done(type);
    image.src = "http://127.0.0.1:${port}/picture";
  }));
  parent.postMessage({ attacked: out }, "*");
})()`;

/** Puts a frame into the window's page and waits for what its attack came to. */
async function attacked(make: string, ...args: unknown[]): Promise<Outcome> {
  await window.run(
    `globalThis.outcome = undefined;
     addEventListener("message", ({ data }) => { if (data?.attacked) globalThis.outcome = data.attacked; });
     const frame = document.createElement("iframe");
     ${make}
     document.body.append(frame);`,
    ...args,
  );
  return until("the frame to tell", () => window.run<Outcome | undefined>("return globalThis.outcome"), 30_000);
}

function expectNoWayIn(outcome: Outcome) {
  expect(outcome.internals).toBe("undefined");
  expect(outcome.global).toBe("undefined");
  expect(outcome.handlers).toBe("undefined");
  expect(outcome["parent document"]).toMatch(/^refused/);
  expect(outcome["parent internals"]).toMatch(/^refused/);
  for (const name of ["command", "command with a guessed key", "command from elsewhere"])
    expect(outcome[name], name).toMatch(/^(refused|nothing 500|no answer)/);
  expect(outcome["the app's files"]).toMatch(/^refused/);
  expect(outcome["navigate the window"]).toMatch(/^refused/);
  expect(outcome.popup).toBe("null");
}

beforeAll(async () => {
  outside = createServer((request, response) => {
    reached.push(request.url ?? "");
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><title>preview</title><script>${attack(port)}</script>`);
  });
  await new Promise<void>((done) => outside.listen(0, "127.0.0.1", done));
  port = (outside.address() as AddressInfo).port;
  place = newPlace();
  window = await openWindow(place);
});

afterAll(async () => {
  await window?.close();
  outside?.close();
  place?.remove();
});

describe("content of a sandbox in a frame of the window", () => {
  it("cannot reach the app from a preview", async () => {
    const url = `http://8000-demo-abc.localhost:${port}/`;
    expectNoWayIn(await attacked("frame.src = args[0];", url));
  });

  it("cannot reach the app, the network or any storage from an output", async () => {
    const before = reached.length;
    const outcome = await attacked(
      `frame.sandbox = "allow-scripts";
       frame.src = "/output-frame.html#nonce,dark";
       const html = "<script>" + args[0] + "</" + "script>";
       frame.onload = () => frame.contentWindow.postMessage({ sandpit: "nonce", type: "render", html }, "*");`,
      attack(port),
    );
    expectNoWayIn(outcome);
    expect(outcome.storage).toMatch(/^refused/);
    expect(outcome.network).toMatch(/^refused/);
    expect(outcome.picture).toBe("error");
    expect(reached.slice(before)).toEqual([]);
  });

  it("does not run at all as srcdoc, blob or data, whose policy would be the window's", async () => {
    const kinds = [
      "frame.srcdoc = args[0];",
      'frame.src = URL.createObjectURL(new Blob([args[0]], { type: "text/html" }));',
      'frame.src = "data:text/html," + encodeURIComponent(args[0]);',
    ];
    await window.run(
      "globalThis.ran = 0; addEventListener('message', ({ data }) => data === 'ran' && globalThis.ran++);",
    );
    for (const kind of kinds) {
      const page = "<script>parent.postMessage('ran', '*')</script>";
      const frame = `const frame = document.createElement("iframe"); frame.sandbox = "allow-scripts"; ${kind}`;
      await window.run(
        `${frame} frame.onload = () => globalThis.loads = (globalThis.loads ?? 0) + 1; document.body.append(frame);`,
        page,
      );
    }
    await new Promise((done) => setTimeout(done, 1000));
    expect(await window.run("return globalThis.ran")).toBe(0);
  });

  it("leaves the window where it was", async () => {
    expect(await window.run("return location.origin")).toBe("tauri://localhost");
    expect(reached).not.toContain("/navigated");
    expect(reached).not.toContain("/popup");
  });
});
