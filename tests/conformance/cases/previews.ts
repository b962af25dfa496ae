/** Exposure is the gateway's (§6): `/v1/sandboxes/{id}/ports`, and what a browser gets at the URL. */
import { type IncomingHttpHeaders, request } from "node:http";
import { expect } from "vitest";
import { until } from "../../support/child.ts";
import { cases, type Trial } from "../support/cases.ts";
import { serveIn } from "./ports.ts";

interface Exposed {
  port: number;
  url: string;
  name?: string;
  status: string;
}
interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

let last = 22_000;
const plain = { plain: true };
const routes = ({ sandbox }: Trial) => `/v1/sandboxes/${sandbox.id}/ports`;
const expose = (trial: Trial, body: object) => trial.gateway.ask<Exposed>("POST", routes(trial), body);

/** What is served at `url`: every name under `localhost` is this machine, whatever its resolver thinks. */
function visit(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  const { host, port, pathname, search } = new URL(url);
  return new Promise((done, failed) => {
    const asked = request(
      { host: "127.0.0.1", port, path: `${pathname}${search}`, headers: { Host: host, ...headers } },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        answer.on("end", () => done({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      },
    );
    asked.once("error", failed);
    asked.end();
  });
}

/** A server in the sandbox that is up. */
async function serving(trial: Trial, at: number): Promise<string> {
  const process = await serveIn(trial, at);
  await trial.client.commands.execute(
    `until (: < /dev/tcp/127.0.0.1/${at}) 2>/dev/null; do sleep 0.02; done`,
    trial.name,
  );
  return process;
}

async function refusal(trial: Trial, body: object) {
  const response = await trial.gateway.call("POST", routes(trial), body);
  return { status: response.status, ...((await response.json()) as { code: string }) };
}

cases(
  "gateway: POST ports",
  {
    "gives a URL where the server answers": async (trial) => {
      const at = ++last;
      const process = await serving(trial, at);
      const exposed = await expose(trial, { port: at, name: "web" });
      expect(exposed).toMatchObject({ port: at, name: "web" });
      expect(exposed.url).toMatch(new RegExp(`^http://${at}-${trial.sandbox.id}-[a-z0-9_]{16}\\.localhost:\\d+/$`));
      expect(await visit(exposed.url)).toMatchObject({ status: 200, text: "hello" });
      expect(await visit(`${exposed.url}a/path?and=query`)).toMatchObject({ status: 204 });
      await trial.client.processes.killProcess(process);
    },
    "takes a token of one's own, and keeps the URL when asked again": async (trial) => {
      const at = ++last;
      const { url } = await expose(trial, { port: at, token: "my_own_token" });
      expect(url).toContain(`${at}-${trial.sandbox.id}-my_own_token.localhost`);
      expect((await expose(trial, { port: at, name: "again" })).url).toBe(url);
      expect(await refusal(trial, { port: at, token: "another" })).toMatchObject({
        status: 409,
        code: "PORT_ALREADY_EXPOSED",
      });
    },
    "refuses ports and tokens that cannot be": async (trial) => {
      for (const port of [0, 22, 1023, 65536, 70000, -1, 1.5, "8080", null])
        expect(await refusal(trial, { port })).toMatchObject({
          status: 400,
          code: expect.stringMatching(/^(INVALID_PORT|VALIDATION_FAILED)$/),
        });
      for (const token of ["", "UPPER", "with-hyphen", "x".repeat(17), "a b"])
        expect(await refusal(trial, { port: ++last, token })).toMatchObject({ status: 400, code: "VALIDATION_FAILED" });
    },
  },
  plain,
);

cases(
  "gateway: GET ports",
  {
    "tells what is exposed and what listens": async (trial) => {
      const at = ++last;
      const process = await serving(trial, at);
      const { url } = await expose(trial, { port: at });
      const ask = () => trial.gateway.ask<{ exposed: Exposed[]; listening: { port: number }[] }>("GET", routes(trial));
      const active = async () => (await ask()).exposed.find(({ port, status }) => port === at && status === "active");
      expect(await until("it to be seen", active)).toMatchObject({ port: at, url });
      expect((await ask()).listening.map(({ port }) => port)).toContain(at);
      await trial.client.processes.killProcess(process);
    },
  },
  plain,
);

cases(
  "gateway: DELETE ports",
  {
    "takes the URL away": async (trial) => {
      const at = ++last;
      const process = await serving(trial, at);
      const { url } = await expose(trial, { port: at });
      expect((await visit(url)).status).toBe(200);
      await trial.gateway.ask("DELETE", `${routes(trial)}/${at}`);
      expect(await visit(url)).toMatchObject({ status: 404, text: expect.stringContaining("INVALID_TOKEN") });
      expect((await trial.gateway.call("DELETE", `${routes(trial)}/${at}`)).status).toBe(404);
      await trial.client.processes.killProcess(process);
    },
  },
  plain,
);

cases(
  "gateway: previews",
  {
    "refuse another token, another port, another sandbox": async (trial) => {
      const at = ++last;
      const process = await serving(trial, at);
      const { url } = await expose(trial, { port: at, token: "right" });
      for (const wrong of [
        url.replace("right", "wrong"),
        url.replace(`${at}`, `${at + 1}`),
        url.replace(trial.sandbox.id, "other"),
      ])
        expect(await visit(wrong)).toMatchObject({ status: 404, text: expect.stringContaining("INVALID_TOKEN") });
      await trial.client.processes.killProcess(process);
    },
    "say that nobody answers, and serve as soon as somebody does": async (trial) => {
      const at = ++last;
      const { url } = await expose(trial, { port: at });
      expect(await visit(url)).toMatchObject({ status: 502, text: expect.stringContaining("SERVICE_NOT_RESPONDING") });
      const process = await serving(trial, at);
      expect((await visit(url)).status).toBe(200);
      await trial.client.processes.killProcess(process);
    },
    "give nobody the sandbox's own interface": async (trial) => {
      const { url } = await expose(trial, { port: ++last });
      expect((await visit(`${url}v1/sandboxes`, trial.gateway.headers)).status).toBe(502);
    },
  },
  plain,
);

cases(
  "gateway: without its token",
  {
    "answers nothing": async ({ sandbox }) => {
      for (const headers of [{}, { Authorization: "Bearer wrong" }, { "X-Session-Id": "default" }]) {
        const response = await fetch(`${sandbox.url}/api/ping`, { headers: headers as Record<string, string> });
        expect(response.status).toBe(401);
      }
    },
  },
  plain,
);
