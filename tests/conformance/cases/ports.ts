/** `client.ports.watchPort`: ready as soon as a port answers as it should. */
import { expect } from "vitest";
import { cases, type Trial } from "../support/cases.ts";
import { all, Reading, streamRefused } from "../support/read.ts";

let last = 21_000;
const port = () => ++last;

/** A server in the sandbox that answers every request with `status`. */
export async function serveIn(
  { client, name, folder }: Trial,
  at: number,
  status = 200,
  body = "hello",
): Promise<string> {
  const script = [
    "from http.server import *",
    "class H(BaseHTTPRequestHandler):",
    `  def do_GET(self): self.send_response(${status} if self.path == "/" else 204); self.end_headers(); self.wfile.write(b"${body}")`,
    `ThreadingHTTPServer(("127.0.0.1", ${at}), H).serve_forever()`,
  ].join("\n");
  await client.files.writeFile(`${folder}/server-${at}.py`, script, name);
  return (await client.processes.startProcess(`exec python3 ${folder}/server-${at}.py`, name)).processId;
}

cases("ports.watchPort", {
  "tells that it watches, then that a server answers": async (trial) => {
    const at = port();
    const reading = new Reading(await trial.client.ports.watchPort({ port: at, mode: "http" }));
    expect(await reading.until(() => true)).toMatchObject({ type: "watching", port: at });
    const processId = await serveIn(trial, at);
    expect(await reading.until((event) => event.type === "ready")).toMatchObject({ port: at, statusCode: 200 });
    await trial.client.processes.killProcess(processId);
  },
  "asks for the path that was named, and waits for a status within the range": async (trial) => {
    const at = port();
    const processId = await serveIn(trial, at, 500);
    const asked = { port: at, mode: "http" as const, statusMin: 200, statusMax: 299 };
    const events = await all(await trial.client.ports.watchPort({ ...asked, path: "/health" }));
    expect(events.at(-1)).toMatchObject({ type: "ready", port: at, statusCode: 204 });
    const failing = new Reading(await trial.client.ports.watchPort({ ...asked, processId, path: "/" }));
    await failing.until((event) => event.type === "watching");
    await trial.client.processes.killProcess(processId);
    expect(await failing.until((event) => event.type !== "watching")).toMatchObject({
      type: "process_exited",
      port: at,
    });
  },
  "is content with a connection when asked for tcp": async (trial) => {
    const at = port();
    const processId = await serveIn(trial, at, 500);
    const events = await all(await trial.client.ports.watchPort({ port: at, mode: "tcp" }));
    expect(events.map(({ type }) => type)).toEqual(["watching", "ready"]);
    await trial.client.processes.killProcess(processId);
  },
  "tells that the process ended before, with its code": async (trial) => {
    const { processId } = await trial.client.processes.startProcess("sleep 0.1; exit 7", trial.name);
    const events = await all(await trial.client.ports.watchPort({ port: port(), mode: "tcp", processId }));
    expect(events.at(-1)).toMatchObject({ type: "process_exited", exitCode: 7 });
    const again = await all(await trial.client.ports.watchPort({ port: port(), mode: "tcp", processId }));
    expect(again.at(-1)).toMatchObject({ type: "process_exited", exitCode: 7 });
  },
  "stops when its reader goes": async (trial) => {
    const reading = new Reading(await trial.client.ports.watchPort({ port: port(), mode: "tcp", interval: 100 }));
    await reading.until((event) => event.type === "watching");
    await reading.close();
    expect((await trial.client.commands.execute("echo on", trial.name)).stdout).toBe("on\n");
  },
  "refuses what is no port": async (trial) => {
    for (const bad of [0, -1, 70_000, 1.5])
      await streamRefused(trial, trial.client.ports.watchPort({ port: bad, mode: "tcp" }), {
        name: expect.stringMatching(/InvalidPortError|ValidationFailedError/) as unknown as string,
        code: expect.stringMatching(/INVALID_PORT|VALIDATION_FAILED/) as unknown as string,
        httpStatus: 400,
      });
  },
  "refuses a range of statuses that cannot be, and a process that is not there": async (trial) => {
    const asked = { port: port(), mode: "http" as const };
    const invalid = { name: "ValidationFailedError", code: "VALIDATION_FAILED", httpStatus: 400 };
    await streamRefused(trial, trial.client.ports.watchPort({ ...asked, statusMin: 400, statusMax: 200 }), invalid);
    const missing = { name: "ProcessNotFoundError", code: "PROCESS_NOT_FOUND", httpStatus: 404 };
    await streamRefused(trial, trial.client.ports.watchPort({ ...asked, processId: "none" }), missing);
  },
});
