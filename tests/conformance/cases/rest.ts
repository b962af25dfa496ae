/** `client.utils`, `client.backup`, `client.tunnels` and the client itself. */
import {
  CommandClient,
  isDurableObjectCodeUpdateReset,
  isExecResult,
  isPlatformTransientError,
  isProcess,
  isProcessStatus,
} from "@cloudflare/sandbox";
import { expect } from "vitest";
import { cases } from "../support/cases.ts";
import { failure, refused } from "../support/read.ts";

cases("utils.ping", {
  answers: async ({ client }) => {
    expect(typeof (await client.utils.ping())).toBe("string");
  },
});

cases("utils.getVersion", {
  "tells a version": async ({ client }) => {
    expect(await client.utils.getVersion()).toMatch(/^\d+\.\d+\.\d+/);
  },
});

cases("utils.getCommands", {
  "tells what can be run": async ({ client }) => {
    const commands = await client.utils.getCommands();
    expect(commands).toEqual(expect.arrayContaining(["bash", "ls", "cat"]));
  },
});

cases("utils.createSession", {
  "makes a session with a folder and variables of its own": async ({ client, name, folder }) => {
    const id = `${name}-made`;
    expect(await client.utils.createSession({ id, cwd: folder, env: { MINE: "1" } })).toMatchObject({ success: true });
    expect((await client.commands.execute("echo $PWD $MINE $SANDBOX_ONLY", id)).stdout).toBe(`${folder} 1 1\n`);
  },
  "prefers a session's variables over the sandbox's, and can unset them": async ({ client, name }) => {
    await client.utils.createSession({ id: `${name}-a`, env: { LEVEL: "session" } });
    expect((await client.commands.execute("echo $LEVEL", `${name}-a`)).stdout).toBe("session\n");
    expect((await client.commands.execute("echo $LEVEL", `${name}-b`)).stdout).toBe("sandbox\n");
  },
  "limits the time of its commands when asked": async ({ client, name }) => {
    const id = `${name}-brief`;
    await client.utils.createSession({ id, commandTimeoutMs: 300 });
    await refused(client.commands.execute("sleep 1000", id), {
      name: "CommandError",
      code: "COMMAND_EXECUTION_ERROR",
      httpStatus: 500,
      context: { timeoutMs: 300 },
    });
    expect((await client.commands.execute("sleep 0.6; echo longer", id, { timeoutMs: 20_000 })).stdout).toBe(
      "longer\n",
    );
  },
  "says that there is one already": async ({ client, name }) => {
    const id = `${name}-twice`;
    await client.utils.createSession({ id });
    await refused(client.utils.createSession({ id }), {
      name: "SessionAlreadyExistsError",
      code: "SESSION_ALREADY_EXISTS",
      httpStatus: 409,
      context: { sessionId: id },
    });
  },
  "refuses what can be no session": async ({ client, name }) => {
    const invalid = { name: "ValidationFailedError", code: "VALIDATION_FAILED", httpStatus: 400 };
    await refused(client.utils.createSession({ id: "" }), invalid);
    await refused(client.utils.createSession({ id: `${name}-e`, env: { "1 BAD": "x" } }), invalid);
    await refused(client.utils.createSession({ id: `${name}-t`, commandTimeoutMs: -1 }), invalid);
  },
});

cases("utils.deleteSession", {
  "ends a session: the next of its name is fresh": async ({ client, name }) => {
    const id = `${name}-ended`;
    await client.commands.execute("cd /tmp; export OLD=1", id);
    expect(await client.utils.deleteSession(id)).toMatchObject({ success: true, sessionId: id });
    expect((await client.commands.execute("echo $PWD ${OLD-new}", id)).stdout).toBe("/workspace new\n");
  },
  "says that there is none": async ({ client, name }) => {
    const error = await failure(client.utils.deleteSession(`${name}-none`));
    expect(error).toMatchObject({ code: "SESSION_NOT_FOUND", httpStatus: 404 });
  },
  "keeps the default session": async ({ client }) => {
    const error = await failure(client.utils.deleteSession("default"));
    expect(error.httpStatus).toBeGreaterThanOrEqual(400);
    expect(error.httpStatus).toBeLessThan(500);
    expect((await client.commands.execute("echo there", "default")).stdout).toBe("there\n");
  },
});

cases(
  "utils.listSessions",
  {
    "the client asks for its rpc transport": async ({ client }) => {
      expect(() => client.utils.listSessions()).toThrow("requires the RPC transport");
    },
  },
  { refusedByClient: true },
);

for (const method of ["get", "list", "destroy"] as const)
  cases(
    `tunnels.${method}`,
    {
      "the client asks for its rpc transport": async ({ client }) => {
        const tunnels = client.tunnels as unknown as Record<string, (port: number) => unknown>;
        expect(() => tunnels[method]?.(8080)).toThrow("requires the RPC transport");
      },
    },
    { refusedByClient: true },
  );

const later = { name: "SandboxError", code: "NOT_SUPPORTED", httpStatus: 501 };

cases("backup.createArchive", {
  "says that it is not supported": async ({ client, name, folder }) => {
    await refused(client.backup.createArchive(folder, "/tmp/archive", name), later);
  },
});
cases("backup.restoreArchive", {
  "says that it is not supported": async ({ client, name, folder }) => {
    await refused(client.backup.restoreArchive(folder, "/tmp/archive", name), later);
  },
});
cases("backup.uploadParts", {
  "says that it is not supported": async ({ client, name }) => {
    await refused(client.backup.uploadParts({ archivePath: "/tmp/archive", parts: [] }, name), later);
  },
});

cases("client.getTransportMode", {
  "is the one that was asked for": async ({ client, transport }) => {
    expect(client.getTransportMode()).toBe(transport);
  },
});
cases("client.connect", {
  "connects, again too": async ({ client, transport }) => {
    await client.connect();
    await client.connect();
    expect(client.isWebSocketConnected()).toBe(transport === "websocket");
  },
});
cases("client.isWebSocketConnected", {
  knows: async ({ client, transport }) => {
    await client.connect();
    expect(client.isWebSocketConnected()).toBe(transport === "websocket");
    client.disconnect();
    expect(client.isWebSocketConnected()).toBe(false);
  },
});
cases("client.disconnect", {
  "may be followed by any call": async ({ client, name }) => {
    client.disconnect();
    expect((await client.commands.execute("echo again", name)).stdout).toBe("again\n");
  },
});
cases("client.setRetryTimeoutMs", {
  "leaves calls as they are": async ({ client, name }) => {
    client.setRetryTimeoutMs(1);
    expect((await client.commands.execute("echo still", name)).stdout).toBe("still\n");
  },
});
cases("base.setRetryTimeoutMs", {
  "leaves calls as they are": async ({ client, name }) => {
    client.commands.setRetryTimeoutMs(1);
    expect((await client.commands.execute("echo still", name)).stdout).toBe("still\n");
  },
});
/** The package keeps this method to itself and to those who extend it. */
class Open extends CommandClient {
  get overWebSocket(): boolean {
    return this.isWebSocketMode();
  }
}
cases("base.isWebSocketMode", {
  knows: async ({ sandbox, transport }) => {
    const client = new Open({ baseUrl: sandbox.url, transportMode: transport, wsUrl: "ws://127.0.0.1/ws" });
    expect(client.overWebSocket).toBe(transport === "websocket");
  },
});

cases("isExecResult", {
  "knows an answer of execute": async ({ client, name }) => {
    expect(isExecResult(await client.commands.execute("true", name))).toBe(true);
  },
});
cases("isProcess", {
  "knows a record of a process": async ({ client, name }) => {
    const { processId } = await client.processes.startProcess("true", name);
    expect(isProcess((await client.processes.getProcess(processId)).process)).toBe(true);
  },
});
cases("isProcessStatus", {
  "knows every status that is told": async ({ client, name }) => {
    await client.processes.startProcess("true", name);
    const { processes } = await client.processes.listProcesses();
    expect(processes.length).toBeGreaterThan(0);
    for (const { status } of processes) expect(isProcessStatus(status)).toBe(true);
  },
});
for (const [method, judge] of Object.entries({ isPlatformTransientError, isDurableObjectCodeUpdateReset }))
  cases(method, {
    "takes no error of the sandbox for the platform's": async ({ client, name, folder }) => {
      expect(judge(await failure(client.files.readFile(`${folder}/none`, name)))).toBe(false);
      expect(judge(await failure(client.commands.execute("exit 1", name)))).toBe(false);
    },
  });
