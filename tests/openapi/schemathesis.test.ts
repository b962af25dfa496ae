/** schemathesis asks every route of `/v1/openapi.json` for what it promises, and for what it does not expect. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newPlace, peer } from "../support/place.ts";
import { leaveNothing, type Served, serve } from "../support/served.ts";

const checks = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_schema_conformance",
  "unsupported_method",
];

/** What was tried and failed, where the reference demands 500 or 502 for it. With any other code it is the server's fault. */
const DEMANDED: Record<string, string[]> = {
  "/api/execute": ["COMMAND_EXECUTION_ERROR"],
  "/api/git/checkout": ["GIT_CLONE_FAILED", "GIT_NETWORK_ERROR", "GIT_OPERATION_FAILED"],
  "/api/process/start": ["PROCESS_ERROR"],
  "/api/terminals": ["TERMINAL_CONTROL_ERROR"],
  "/api/tunnel": ["SERVICE_NOT_RESPONDING"],
};

interface Recorded {
  request: { method: string; url: string };
  response: { status: number; content: { text?: string } };
}

const place = newPlace();
// Without it no kernel starts: a hundred of them would say no more than one refusal.
delete place.env.SANDPIT_RUNTIME;
const report = join(place.dataDir, "report.har");
let served: Served;
let providing: NodeJS.Timeout;

beforeAll(async () => {
  served = await serve(place);
  // One that is used, and one that may be stopped and deleted.
  for (const id of ["under-test", "spare"]) expect(await post("", { id })).toBe(201);
  expect(await provide()).toEqual([200, 200]);
  // Some of the examples take it away; it is there again for the others.
  providing = setInterval(() => provide().catch(() => undefined), 250);
});

afterAll(async () => {
  clearInterval(providing);
  await served.server.end();
  await leaveNothing(place);
});

async function post(path: string, body: object): Promise<number> {
  const headers = { authorization: `Bearer ${served.token}`, "content-type": "application/json" };
  const asked = { method: "POST", headers, body: JSON.stringify(body) };
  const answer = await fetch(`${served.url}/v1/sandboxes${path}`, asked);
  await answer.arrayBuffer();
  return answer.status;
}

/** What the examples name, without which they would only meet that there is none: a file, and a process that runs. */
async function provide(): Promise<number[]> {
  const inside = "/under-test/api";
  const file = await post(`${inside}/write`, { path: "/workspace/a.py", content: "1 + 1\n" });
  return [file, await post(`${inside}/process/start`, { command: "cat", stdin: true, processId: "web" })];
}

test("no answer is undocumented, and no input is the server's fault", async () => {
  const { code, said } = await schemathesis();
  expect(code, said).toBe(0);
  // A run that found nothing to ask would be content too.
  expect(Number(/Tested: (\d+)/.exec(said)?.[1]), said).toBeGreaterThan(80);
});

test("what fails with 500 or 502 does so by the code that the reference demands of that route", () => {
  const { log } = JSON.parse(readFileSync(report, "utf8")) as { log: { entries: Recorded[] } };
  const failed = log.entries.filter(({ response }) => response.status === 500 || response.status === 502);
  // Repositories of made-up hosts are among what is asked for.
  expect(failed.length).toBeGreaterThan(0);
  expect(failed.filter((entry) => !isDemanded(entry)).map(described)).toEqual([]);
});

function isDemanded({ request, response }: Recorded): boolean {
  const route = new URL(request.url).pathname.replace(/^\/v1\/sandboxes\/[^/]+/, "");
  const { code } = JSON.parse(response.content.text ?? "{}") as { code?: string };
  const named = Object.entries(DEMANDED).find(([path]) => route === path || route.startsWith(`${path}/`));
  return named?.[1].includes(code ?? "") ?? false;
}

const described = ({ request, response }: Recorded) =>
  `${request.method} ${request.url}: ${response.status} ${response.content.text}`;

function schemathesis(): Promise<{ code: unknown; said: string }> {
  const config = ["--config-file", join(import.meta.dirname, "schemathesis.toml"), "--no-color"];
  const run = ["run", `${served.url}/v1/openapi.json`, "--checks", checks.join(","), "--max-time", "300"];
  const kept = ["--report", "har", "--report-har-path", report];
  const token = ["--header", `Authorization: Bearer ${served.token}`];
  return new Promise((resolve) => {
    // In the place, which goes: it writes files where it runs.
    const options = { cwd: place.dataDir, maxBuffer: 64 << 20 };
    execFile(peer("schemathesis"), [...config, ...run, ...kept, ...token], options, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, said: stdout + stderr }),
    );
  });
}
