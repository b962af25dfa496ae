/**
 * Runs in the window's page: what is timed there is timed by the page's own clock. Bundled by `../inPage.ts`, so
 * that the page's own carrier is what is measured.
 */
import { tauriFetch } from "../../../ui/src/host/tauri-fetch";
import { echoes, listenToKeys } from "./echo";
import { throughput } from "./throughput";

/** What the app's own code sends its messages with. */
declare const __TAURI_INTERNALS__: { invoke(command: string, payload: unknown): Promise<unknown> };

async function times(n: number, work: () => Promise<unknown>): Promise<number[]> {
  const found: number[] = [];
  for (let turn = 0; turn < n + 10; turn++) {
    const start = performance.now();
    await work();
    if (turn >= 10) found.push(performance.now() - start);
  }
  return found;
}

async function exec(sandbox: string, command: string): Promise<{ stdout: string }> {
  const headers = { "content-type": "application/json" };
  const path = `/v1/sandboxes/${sandbox}/api/execute`;
  const answer = await tauriFetch(path, { method: "POST", headers, body: JSON.stringify({ command }) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

const bench = {
  exec,
  /** Nothing is under way by that id, so this is a message there and back and no more. */
  ipc: (n: number) => times(n, () => __TAURI_INTERNALS__.invoke("cancel", { id: 0 })),
  execTrue: (sandbox: string, n: number) => times(n, () => exec(sandbox, "true")),
  listenToKeys,
  echoes,
  throughput,
};

export type Bench = typeof bench;

Object.assign(globalThis, { bench });
