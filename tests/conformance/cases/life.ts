/** What the client is told when its sandbox stops, sleeps or goes meanwhile. */
import { expect } from "vitest";
import { cases, connect, type Trial } from "../support/cases.ts";
import type { Made } from "../support/gateway.ts";
import { failure, type Happening, Reading, refused } from "../support/read.ts";

/** A sandbox of the case's own, and a client of it. */
async function apart(trial: Trial, use: (made: Made, client: Trial["client"]) => Promise<void>): Promise<void> {
  const { gateway, transport } = trial;
  const made = await gateway.make();
  const client = connect(gateway, made, transport);
  await use(made, client).finally(async () => {
    client.disconnect();
    await gateway.call("DELETE", `/v1/sandboxes/${made.id}`);
  });
}

/** Reads on to the end, or to the error that breaks it off; what was read. */
async function rest(reading: Reading): Promise<Happening[]> {
  await reading.until(() => false).catch(() => undefined);
  return reading.seen;
}

cases("life: a stop meanwhile", {
  "is never told as a success": async (trial) => {
    await apart(trial, async (made, client) => {
      const command = new Reading(await client.commands.executeStream("echo up; sleep 1000", "s"));
      const { processId } = await client.processes.startProcess("echo up; sleep 1000", "s");
      const logs = new Reading(await client.processes.streamProcessLogs(processId));
      await Promise.all([command.toText("up\n"), logs.toText("up\n")]);
      await trial.gateway.ask("POST", `/v1/sandboxes/${made.id}/stop`);
      expect((await rest(command)).filter(({ type }) => type === "complete")).toEqual([]);
      // It may live to hear that its process was killed.
      for (const { type, exitCode } of await rest(logs)) if (type === "exit") expect(exitCode).toBeGreaterThan(128);
    });
  },
  "leaves the files, and all works again once it is started": async (trial) => {
    await apart(trial, async (made, client) => {
      await client.files.writeFile("/workspace/kept", "kept", "s");
      await client.commands.execute("export GONE=1", "s");
      await trial.gateway.ask("POST", `/v1/sandboxes/${made.id}/restart`);
      client.disconnect();
      expect((await client.files.readFile("/workspace/kept", "s")).content).toBe("kept");
      expect((await client.commands.execute("echo ${GONE-fresh}", "s")).stdout).toBe("fresh\n");
    });
  },
});

cases("life: a sandbox that does not run, or is not there", {
  "is told at once, by a code": async (trial) => {
    await apart(trial, async (made, client) => {
      await trial.gateway.ask("POST", `/v1/sandboxes/${made.id}/stop`);
      client.disconnect();
      await unusable(trial, client, "SANDBOX_NOT_RUNNING", 409);
      await trial.gateway.ask("DELETE", `/v1/sandboxes/${made.id}`);
      await unusable(trial, client, "SANDBOX_NOT_FOUND", 404);
    });
  },
});

/** Over a WebSocket the client learns no more than that it does not open. */
async function unusable(
  { transport }: Trial,
  client: Trial["client"],
  code: string,
  httpStatus: number,
): Promise<void> {
  const asked = client.commands.execute("true", "s");
  if (transport === "http") await refused(asked, { name: "SandboxError", code, httpStatus });
  else expect((await failure(asked)).message).toBe("WebSocket connection failed");
}
