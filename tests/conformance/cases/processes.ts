/** `client.processes`: records and logs that outlive the process, and ends that take all of it. */
import { expect } from "vitest";
import { until } from "../../support/child.ts";
import { cases, type Trial } from "../support/cases.ts";
import { failure, refused } from "../support/read.ts";

const missing = (processId: string) => ({
  name: "ProcessNotFoundError",
  code: "PROCESS_NOT_FOUND",
  httpStatus: 404,
  context: { processId },
});
const invalid = { name: "ValidationFailedError", code: "VALIDATION_FAILED", httpStatus: 400 };

const record = async ({ client }: Trial, id: string) => (await client.processes.getProcess(id)).process;

/** Waits for the end of a process, and gives its record. */
export const ended = (trial: Trial, id: string) =>
  until(`${id} to end`, async () => {
    const found = await record(trial, id);
    return found.exitCode !== undefined && found;
  });

cases("processes.startProcess", {
  "starts at once and tells its ids": async (trial) => {
    const started = await trial.client.processes.startProcess("echo hi; sleep 0.05; exit 3", trial.name);
    expect(started).toMatchObject({ success: true, command: "echo hi; sleep 0.05; exit 3" });
    expect(started.processId).toMatch(/^proc_\w+$/);
    expect(started.pid).toBeGreaterThan(0);
    expect(await ended(trial, started.processId)).toMatchObject({ status: "failed", exitCode: 3 });
  },
  "takes an id, variables and a folder": async (trial) => {
    const { client, name, folder } = trial;
    const options = { processId: `${name}-p`, env: { GIVEN: "1" }, cwd: folder };
    expect((await client.processes.startProcess("echo $GIVEN $PWD", name, options)).processId).toBe(`${name}-p`);
    await ended(trial, `${name}-p`);
    expect((await client.processes.getProcessLogs(`${name}-p`)).stdout).toBe(`1 ${folder}\n`);
  },
  "is of the session that was named: its folder and variables, and its name in the record": async (trial) => {
    const { client, name, folder } = trial;
    await client.commands.execute(`cd ${folder}; export OURS=1`, name);
    const { processId } = await client.processes.startProcess("echo $OURS $PWD", name);
    expect(await ended(trial, processId)).toMatchObject({ sessionId: name });
    expect((await client.processes.getProcessLogs(processId)).stdout).toBe(`1 ${folder}\n`);
  },
  "changes nothing in its session": async (trial) => {
    const { processId } = await trial.client.processes.startProcess("cd /; export X=1; exit", trial.name);
    await ended(trial, processId);
    expect((await trial.client.commands.execute("echo $PWD ${X-none}", trial.name)).stdout).toBe("/workspace none\n");
  },
  "is ended with all it started when its time is over": async (trial) => {
    const { client, name, folder } = trial;
    const command = `sleep 1000 & echo $! > ${folder}/child; wait`;
    const { processId } = await client.processes.startProcess(command, name, { timeoutMs: 300 });
    expect(await ended(trial, processId)).toMatchObject({ status: "killed" });
    const look = `grep "^State:.[^Z]" /proc/$(cat ${folder}/child)/status 2>/dev/null`;
    expect((await client.commands.execute(look, name)).stdout).toBe("");
  },
  "is forgotten when it ended, if that was asked for": async (trial) => {
    const options = { processId: `${trial.name}-p`, autoCleanup: true };
    await trial.client.processes.startProcess("true", trial.name, options);
    const known = () =>
      record(trial, `${trial.name}-p`).then(
        () => true,
        () => false,
      );
    await until("it to be forgotten", async () => !(await known()));
    await refused(trial.client.processes.getProcess(`${trial.name}-p`), missing(`${trial.name}-p`));
  },
  "gives its output as base64 when asked": async (trial) => {
    const { client, name } = trial;
    const { processId } = await client.processes.startProcess("printf '\\377\\0'", name, { encoding: "base64" });
    await ended(trial, processId);
    const { stdout } = await client.processes.getProcessLogs(processId);
    expect(stdout).toBe("/wA=");
  },
  "refuses an encoding it does not know": async ({ client, name }) => {
    await refused(client.processes.startProcess("true", name, { encoding: "latin1" }), {
      ...invalid,
      context: { field: "encoding" },
    });
  },
  "refuses an id that is taken": async (trial) => {
    const options = { processId: `${trial.name}-p` };
    await trial.client.processes.startProcess("sleep 1000", trial.name, options);
    const error = await failure(trial.client.processes.startProcess("true", trial.name, options));
    expect(error).toMatchObject({ httpStatus: 409, context: { processId: `${trial.name}-p` } });
    await trial.client.processes.killProcess(`${trial.name}-p`);
  },
  "refuses an empty command, and a folder that is not there": async ({ client, name }) => {
    await refused(client.processes.startProcess("", name), {
      name: "CommandError",
      code: "INVALID_COMMAND",
      httpStatus: 400,
    });
    const error = await failure(client.processes.startProcess("true", name, { cwd: "/nowhere" }));
    expect(error.httpStatus).toBeGreaterThanOrEqual(400);
    expect(typeof error.code).toBe("string");
  },
});

cases("processes.listProcesses", {
  "lists what runs and what has ended": async (trial) => {
    const { client, name } = trial;
    await client.processes.startProcess("sleep 1000", name, { processId: `${name}-runs` });
    await client.processes.startProcess("true", name, { processId: `${name}-ended` });
    await ended(trial, `${name}-ended`);
    const { processes } = await client.processes.listProcesses();
    const mine = processes.filter(({ id }) => id.startsWith(`${name}-`));
    expect(mine.map(({ id, status, exitCode }) => ({ id, status, exitCode }))).toEqual(
      expect.arrayContaining([
        { id: `${name}-runs`, status: "running", exitCode: undefined },
        { id: `${name}-ended`, status: "completed", exitCode: 0 },
      ]),
    );
    await client.processes.killProcess(`${name}-runs`);
  },
});

cases("processes.getProcess", {
  "tells its whole life": async (trial) => {
    const { processId, pid } = await trial.client.processes.startProcess("sleep 0.05", trial.name);
    expect(await record(trial, processId)).toMatchObject({ id: processId, pid, command: "sleep 0.05" });
    const found = await ended(trial, processId);
    expect(found).toMatchObject({ status: "completed", exitCode: 0 });
    expect(Date.parse(String(found.endTime))).toBeGreaterThanOrEqual(Date.parse(String(found.startTime)));
  },
  "says that there is none": async (trial) => {
    for (const id of ["none", "a b", "%2e%2e", "é", "x".repeat(300)]) {
      const error = await failure(trial.client.processes.getProcess(encodeURIComponent(id)));
      expect(error).toMatchObject({ name: "ProcessNotFoundError", code: "PROCESS_NOT_FOUND", httpStatus: 404 });
    }
  },
});

cases("processes.killProcess", {
  "ends it with every descendant": async (trial) => {
    const { client, name, folder } = trial;
    const command = `cd ${folder}; (setsid sleep 1000 & echo $! > a; sleep 1000 & echo $! > b; wait) & sleep 1000`;
    const { processId } = await client.processes.startProcess(command, name);
    await until(
      "all to run",
      async () => (await client.commands.execute(`cat ${folder}/a ${folder}/b | wc -w`, name)).stdout === "2\n",
    );
    expect(await client.processes.killProcess(processId)).toMatchObject({ success: true, processId });
    expect(await record(trial, processId)).toMatchObject({ status: "killed" });
    const look = `cd ${folder}; grep "^State:.[^Z]" /proc/$(cat a)/status /proc/$(cat b)/status 2>/dev/null`;
    expect((await client.commands.execute(look, name)).stdout).toBe("");
  },
  "ends what does not listen": async (trial) => {
    const command = "trap '' TERM; echo deaf; while :; do sleep 0.1; done";
    const { processId } = await trial.client.processes.startProcess(command, trial.name);
    await until(
      "it to be deaf",
      async () => (await trial.client.processes.getProcessLogs(processId)).stdout === "deaf\n",
    );
    await trial.client.processes.killProcess(processId);
    expect(await record(trial, processId)).toMatchObject({ status: "killed", exitCode: 137 });
  },
  "leaves the record of what had ended as it was": async (trial) => {
    const { processId } = await trial.client.processes.startProcess("exit 4", trial.name);
    const before = await ended(trial, processId);
    await trial.client.processes.killProcess(processId);
    expect(await record(trial, processId)).toEqual(before);
  },
  "says that there is none": async ({ client }) => {
    await refused(client.processes.killProcess("none"), missing("none"));
  },
});

cases("processes.killAllProcesses", {
  "ends all that run and says how many": async (trial) => {
    const { client, name } = trial;
    await client.processes.killAllProcesses();
    await client.processes.startProcess("true", name, { processId: `${name}-ended` });
    await ended(trial, `${name}-ended`);
    for (let i = 0; i < 3; i++) await client.processes.startProcess("sleep 1000", name, { processId: `${name}-${i}` });
    expect(await client.processes.killAllProcesses()).toMatchObject({ success: true, cleanedCount: 3 });
    const { processes } = await client.processes.listProcesses();
    expect(processes.filter(({ status }) => status === "running")).toEqual([]);
    expect(await record(trial, `${name}-ended`)).toMatchObject({ status: "completed" });
  },
});
