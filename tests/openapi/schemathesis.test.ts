/** schemathesis asks every route of `/v1/openapi.json` for what it promises, and for what it does not expect. */
import { execFile } from "node:child_process";
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

const place = newPlace();
// Without it no kernel starts: a hundred of them would say no more than one refusal.
delete place.env.SANDPIT_RUNTIME;
let served: Served;

beforeAll(async () => {
  served = await serve(place);
  const headers = { authorization: `Bearer ${served.token}` };
  // One that is used, and one that may be stopped and deleted.
  for (const id of ["under-test", "spare"]) {
    const made = await fetch(`${served.url}/v1/sandboxes`, { method: "POST", headers, body: JSON.stringify({ id }) });
    expect(made.status).toBe(201);
  }
});

afterAll(async () => {
  await served.server.end();
  await leaveNothing(place);
});

test("no answer is undocumented, and no input is the server's fault", async () => {
  const { code, said } = await schemathesis();
  expect(code, said).toBe(0);
  // A run that found nothing to ask would be content too.
  expect(Number(/Tested: (\d+)/.exec(said)?.[1]), said).toBeGreaterThan(70);
});

function schemathesis(): Promise<{ code: unknown; said: string }> {
  const config = ["--config-file", join(import.meta.dirname, "schemathesis.toml"), "--no-color"];
  const run = ["run", `${served.url}/v1/openapi.json`, "--checks", checks.join(","), "--max-time", "150"];
  const token = ["--header", `Authorization: Bearer ${served.token}`];
  return new Promise((resolve) => {
    // In the place, which goes: it writes files where it runs.
    const options = { cwd: place.dataDir, maxBuffer: 64 << 20 };
    execFile(peer("schemathesis"), [...config, ...run, ...token], options, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, said: stdout + stderr }),
    );
  });
}
