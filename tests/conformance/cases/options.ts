/**
 * Options that the reference declares and ignores (§1.3). Here each works, or is refused by a typed error. Those which
 * the client keeps to itself are tried as they would cross the wire.
 */
import { responseToAsyncIterable } from "@cloudflare/sandbox";
import { expect } from "vitest";
import { until } from "../../support/child.ts";
import { cases, connect, type Trial } from "../support/cases.ts";
import { failure, type Happening, textOf } from "../support/read.ts";
import { ended } from "./processes.ts";

const wire = { plain: true };

const post = ({ gateway, sandbox }: Trial, path: string, body: object) =>
  gateway.call("POST", `/v1/sandboxes/${sandbox.id}${path}`, body);

interface Refusal {
  code: string;
  httpStatus: number;
  context: { field?: string };
}

/** Either `works` holds of the answer, or it is refused with the name of the field. */
async function worksOrIsRefused(
  response: Response,
  field: string,
  works: (body: unknown) => Promise<void>,
): Promise<void> {
  const body: unknown = await response.json();
  if (response.ok) return works(body);
  const refusal = body as Refusal;
  expect(["VALIDATION_FAILED", "NOT_SUPPORTED"]).toContain(refusal.code);
  expect(refusal).toMatchObject({ httpStatus: response.status, context: { field } });
}

async function events(response: Response): Promise<Happening[]> {
  const seen: Happening[] = [];
  for await (const event of responseToAsyncIterable<Happening>(response)) seen.push(event);
  return seen;
}

cases(
  "option: signal of killProcess",
  {
    "is the one that arrives": async (trial) => {
      const command =
        "trap 'echo int; exit 9' INT; trap 'echo term; exit 8' TERM; echo up; while :; do sleep 0.02; done";
      const { processId } = await trial.client.processes.startProcess(command, trial.name);
      await until(
        "it to be up",
        async () => (await trial.client.processes.getProcessLogs(processId)).stdout === "up\n",
      );
      const { id } = trial.sandbox;
      await trial.gateway.ask("DELETE", `/v1/sandboxes/${id}/api/process/${processId}?signal=SIGINT`);
      await ended(trial, processId);
      expect((await trial.client.processes.getProcessLogs(processId)).stdout).toBe("up\nint\n");
    },
    "is refused when there is none of that name": async (trial) => {
      const { processId } = await trial.client.processes.startProcess("sleep 1000", trial.name);
      const response = await trial.gateway.call(
        "DELETE",
        `/v1/sandboxes/${trial.sandbox.id}/api/process/${processId}?signal=SIGNONE`,
      );
      expect(await response.json()).toMatchObject({
        code: "VALIDATION_FAILED",
        httpStatus: 400,
        context: { field: "signal" },
      });
      await trial.client.processes.killProcess(processId);
    },
  },
  wire,
);

cases("option: autoCleanup of startProcess", {
  "false keeps the record, true forgets it at the end": async (trial) => {
    const { client, name } = trial;
    await client.processes.startProcess("true", name, { processId: `${name}-kept`, autoCleanup: false });
    await ended(trial, `${name}-kept`);
    await client.processes.startProcess("true", name, { processId: `${name}-gone`, autoCleanup: true });
    const known = () =>
      client.processes.getProcess(`${name}-gone`).then(
        () => true,
        () => false,
      );
    await until("it to be forgotten", async () => !(await known()));
    expect((await client.processes.getProcess(`${name}-kept`)).process.status).toBe("completed");
  },
});

cases("option: sessionId of startProcess", {
  "is the session whose folder and variables it has": async (trial) => {
    await trial.client.commands.execute(`cd ${trial.folder}; export S=1`, trial.name);
    const { processId } = await trial.client.processes.startProcess("echo $PWD $S", trial.name);
    await ended(trial, processId);
    expect((await trial.client.processes.getProcessLogs(processId)).stdout).toBe(`${trial.folder} 1\n`);
  },
});

cases("option: encoding of startProcess", {
  "base64 gives bytes, and what is unknown is refused": async (trial) => {
    const { processId } = await trial.client.processes.startProcess("printf '\\377'", trial.name, {
      encoding: "base64",
    });
    await ended(trial, processId);
    expect((await trial.client.processes.getProcessLogs(processId)).stdout).toBe("/w==");
    expect(await failure(trial.client.processes.startProcess("true", trial.name, { encoding: "none" }))).toMatchObject({
      code: "VALIDATION_FAILED",
    });
  },
});

cases(
  "option: encoding of exec",
  {
    "base64 gives bytes, whole and as a stream; what is unknown is refused": async (trial) => {
      const body = { command: "printf '\\377\\0'", sessionId: trial.name, encoding: "base64" };
      expect(await (await post(trial, "/api/execute", body)).json()).toMatchObject({ stdout: "/wA=" });
      const streamed = await events(await post(trial, "/api/execute/stream", body));
      expect(
        Buffer.concat(
          streamed.filter(({ type }) => type === "stdout").map(({ data }) => Buffer.from(data ?? "", "base64")),
        ),
      ).toEqual(Buffer.from([255, 0]));
      const refused = await post(trial, "/api/execute", { ...body, encoding: "latin1" });
      expect(await refused.json()).toMatchObject({ code: "VALIDATION_FAILED", context: { field: "encoding" } });
    },
  },
  wire,
);

cases(
  "option: bufferSize of execStream",
  {
    "bounds the pieces, or is refused": async (trial) => {
      const response = await post(trial, "/api/execute/stream", {
        command: "head -c 5000 /dev/zero | tr '\\0' x",
        sessionId: trial.name,
        bufferSize: 100,
      });
      if (!response.ok) return worksOrIsRefused(response, "bufferSize", async () => undefined);
      const seen = await events(response);
      expect(textOf(seen).length).toBe(5000);
      for (const { type, data } of seen) if (type === "stdout") expect(data?.length).toBeLessThanOrEqual(100);
    },
  },
  wire,
);

cases(
  "option: origin of exec",
  {
    "is taken as user or internal, and nothing else": async (trial) => {
      for (const origin of ["user", "internal"] as const)
        expect((await trial.client.commands.execute("echo ran", trial.name, { origin })).stdout).toBe("ran\n");
      const response = await post(trial, "/api/execute", { command: "true", sessionId: trial.name, origin: "nobody" });
      expect(await response.json()).toMatchObject({ code: "VALIDATION_FAILED", context: { field: "origin" } });
    },
  },
  wire,
);

cases(
  "option: origin of startProcess",
  {
    "is taken as user or internal, and nothing else": async (trial) => {
      for (const origin of ["user", "internal"] as const) {
        const { processId } = await trial.client.processes.startProcess("echo ran", trial.name, { origin });
        await ended(trial, processId);
        expect((await trial.client.processes.getProcessLogs(processId)).stdout).toBe("ran\n");
      }
      const response = await post(trial, "/api/process/start", { command: "true", origin: "nobody" });
      expect(await response.json()).toMatchObject({ code: "VALIDATION_FAILED", context: { field: "origin" } });
    },
  },
  wire,
);

cases(
  "option: name of createSession",
  {
    "is told of the session, or refused": async (trial) => {
      const id = `${trial.name}-named`;
      await worksOrIsRefused(await post(trial, "/api/session/create", { id, name: "for people" }), "name", async () => {
        const found = await trial.gateway.ask("GET", `/v1/sandboxes/${trial.sandbox.id}/api/session/${id}`);
        expect(found).toMatchObject({ session: { id, name: "for people" } });
      });
    },
  },
  wire,
);

cases(
  "option: isolation of createSession",
  {
    "is refused, or keeps the session's processes to itself": async (trial) => {
      const id = `${trial.name}-alone`;
      await worksOrIsRefused(
        await post(trial, "/api/session/create", { id, isolation: true }),
        "isolation",
        async () => {
          await trial.client.commands.execute("sleep 987 & echo started", `${trial.name}-other`);
          expect((await trial.client.commands.execute("grep -al [9]87 /proc/[0-9]*/cmdline", id)).stdout).toBe("");
        },
      );
    },
  },
  wire,
);

cases("option: timeout of runCode", {
  "stops the code": async ({ client }) => {
    const { id } = await client.interpreter.createCodeContext();
    let name = "";
    const onError = (error: { name: string }) => {
      name = error.name;
    };
    await client.interpreter.runCodeStream(id, "import time; time.sleep(1000)", "python", { onError }, 300);
    expect(name).toMatch(/Timeout/);
    await client.interpreter.deleteCodeContext(id);
  },
});

cases(
  "option: timeout of createCodeContext",
  {
    "is every run's, unless the run has its own": async (trial) => {
      const made = await post(trial, "/api/contexts", { language: "python", timeout: 300 });
      await worksOrIsRefused(made, "timeout", async (body) => {
        const { contextId } = body as { contextId: string };
        const seen = await events(
          await post(trial, "/api/execute/code", { context_id: contextId, code: "import time; time.sleep(1000)" }),
        );
        expect(String(seen.at(-1)?.ename)).toMatch(/Timeout/);
        await trial.client.interpreter.deleteCodeContext(contextId);
      });
    },
  },
  wire,
);

cases(
  "option: envVars of runCode",
  {
    "are the run's only, or refused": async (trial) => {
      const { id } = await trial.client.interpreter.createCodeContext();
      const code = "import os; print(os.environ.get('RUN'))";
      const response = await post(trial, "/api/execute/code", { context_id: id, code, env_vars: { RUN: "1" } });
      if (response.ok) {
        expect(textOf(await events(response))).toBe("1\n");
        expect(textOf(await events(await post(trial, "/api/execute/code", { context_id: id, code })))).toBe("None\n");
      } else await worksOrIsRefused(response, "env_vars", async () => undefined);
      await trial.client.interpreter.deleteCodeContext(id);
    },
  },
  wire,
);

cases(
  "option: variables of createCodeContext",
  {
    "are there before the first run": async (trial) => {
      const made = await post(trial, "/api/contexts", {
        language: "python",
        variables: { x: [1, { y: null }], s: "é\n" },
      });
      const { contextId } = (await made.json()) as { contextId: string };
      const seen = await events(
        await post(trial, "/api/execute/code", { context_id: contextId, code: "print(x, repr(s))" }),
      );
      expect(textOf(seen)).toBe("[1, {'y': None}] 'é\\n'\n");
      await trial.client.interpreter.deleteCodeContext(contextId);
    },
  },
  wire,
);

cases(
  "option: signal of exec and of runCode",
  {
    "closing the request stops what runs": async (trial) => {
      const abort = new AbortController();
      const asked = fetch(`${trial.sandbox.url}/api/execute`, {
        method: "POST",
        headers: { ...trial.gateway.headers, "Content-Type": "application/json" },
        body: JSON.stringify({ command: `echo $BASHPID > ${trial.folder}/pid; sleep 1000`, sessionId: trial.name }),
        signal: abort.signal,
      });
      await until("it to run", async () => (await trial.client.files.exists(`${trial.folder}/pid`, trial.name)).exists);
      abort.abort();
      await expect(asked).rejects.toThrow();
      expect((await trial.client.commands.execute("echo free", trial.name)).stdout).toBe("free\n");
    },
  },
  wire,
);

cases(
  "option: background of exec",
  {
    "starts a process": async (trial) => {
      const answer = await post(trial, "/api/execute", { command: "echo bg", sessionId: trial.name, background: true });
      const { processId } = (await answer.json()) as { processId: string };
      await ended(trial, processId);
      expect((await trial.client.processes.getProcessLogs(processId)).stdout).toBe("bg\n");
    },
  },
  wire,
);

cases("option: sleepAfter of the sandbox", {
  "lets an idle sandbox stop with its files, and the next call wakes it": async ({ gateway, transport }) => {
    const made = await gateway.make({ sleepAfter: 1 });
    const client = connect(gateway, made, transport);
    await client.files.writeFile("/workspace/kept", "kept", "s");
    client.disconnect();
    const state = async () => (await gateway.ask<{ state: string }>("GET", `/v1/sandboxes/${made.id}`)).state;
    await until("it to sleep", async () => (await state()) === "stopped", 30_000);
    expect((await client.files.readFile("/workspace/kept", "s")).content).toBe("kept");
    expect(await state()).toBe("running");
    client.disconnect();
    await gateway.ask("DELETE", `/v1/sandboxes/${made.id}`);
  },
});
