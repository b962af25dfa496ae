/** The client's `Sandbox` class, in a stand-in for its Durable Object: commands and processes. */
import { expect } from "vitest";
import { all, failure, textOf } from "../support/read.ts";
import { sandboxCases } from "../support/sandboxCases.ts";

sandboxCases("exec", {
  "answers as documented": async ({ box }) => {
    expect(await box.exec("echo out; echo err >&2; (exit 2)")).toMatchObject({
      success: false,
      exitCode: 2,
      stdout: "out\n",
      stderr: "err\n",
    });
  },
  "calls back for each piece": async ({ box }) => {
    const seen: string[] = [];
    const onOutput = (stream: string, data: string) => void seen.push(`${stream} ${data}`);
    const result = await box.exec("echo out; echo err >&2", { stream: true, onOutput });
    expect(result).toMatchObject({ success: true, stdout: "out\n", stderr: "err\n" });
    expect(seen.sort()).toEqual(["stderr err\n", "stdout out\n"]);
  },
  "throws when its time is over, also when it streams": async ({ box }) => {
    expect(await failure(box.exec("sleep 1000", { timeout: 300 }))).toMatchObject({
      code: "COMMAND_EXECUTION_ERROR",
    });
    const streamed = box.exec("sleep 1000", { timeout: 300, stream: true, onOutput: () => undefined });
    expect((await failure(streamed)).message).toMatch(/timeout/i);
    expect((await box.exec("echo usable")).stdout).toBe("usable\n");
  },
});

sandboxCases("execStream", {
  "gives the events": async ({ box }) => {
    expect(textOf(await all(await box.execStream("echo streamed")))).toBe("streamed\n");
  },
});

sandboxCases("setEnvVars", {
  "sets for what comes, and unsets": async ({ box, session }) => {
    await box.exec("true");
    await box.setEnvVars({ EARLY: "1" });
    expect((await box.exec("echo $EARLY")).stdout).toBe("1\n");
    await box.setEnvVars({ EARLY: undefined, LATE: "2" });
    expect((await box.exec("echo ${EARLY-unset} $LATE; unset LATE")).stdout).toBe("unset 2\n");

    await session.setEnvVars({ ONE: "a 'quoted' value", TWO: "2" });
    expect((await session.exec('echo "$ONE" $TWO')).stdout).toBe("a 'quoted' value 2\n");
    await session.setEnvVars({ TWO: undefined });
    expect((await session.exec("echo ${TWO-unset}")).stdout).toBe("unset\n");
  },
});

sandboxCases("startProcess", {
  "calls back from start to exit": async ({ session }) => {
    const seen: string[] = [];
    const exit = await new Promise<number | null>((done, failed) => {
      const onOutput = (stream: string, data: string) => void seen.push(`${stream} ${data}`);
      session
        .startProcess("echo up; exit 4", {
          onStart: () => void seen.push("start"),
          onOutput,
          onExit: done,
          onError: failed,
        })
        .catch(failed);
    });
    expect(exit).toBe(4);
    expect(seen).toEqual(["start", "stdout up\n"]);
  },
  "gives a process that knows itself": async ({ session, name }) => {
    const process = await session.startProcess("echo hi; sleep 1000", { processId: `${name}-p` });
    expect(process).toMatchObject({ id: `${name}-p`, status: "running" });
    await process.waitForLog("hi");
    expect(await process.getStatus()).toBe("running");
    expect(await process.getLogs()).toEqual({ stdout: "hi\n", stderr: "" });
    await process.kill();
    expect(await process.getStatus()).toBe("killed");
  },
});

sandboxCases("waitForLog", {
  "answers with the line, written before or after the question": async ({ session, folder, client, name }) => {
    const process = await session.startProcess(
      `echo listening on 8080; until [ -e ${folder}/go ]; do sleep 0.01; done; echo ready 42 >&2`,
    );
    expect(await process.waitForLog("listening")).toEqual({ line: "listening on 8080" });
    const later = process.waitForLog(/ready (\d+)/);
    await client.files.writeFile(`${folder}/go`, "", name);
    const found = await later;
    expect([found.line, found.match?.[1]]).toEqual(["ready 42", "42"]);
    expect(await process.waitForLog("listening")).toEqual({ line: "listening on 8080" });
  },
  "says that the process ended, or the time": async ({ session }) => {
    const process = await session.startProcess("exit 3");
    expect(await failure(process.waitForLog("never"))).toMatchObject({
      name: "ProcessExitedBeforeReadyError",
      code: "PROCESS_EXITED_BEFORE_READY",
      context: { exitCode: 3 },
    });
    const other = await session.startProcess("sleep 1000");
    expect(await failure(other.waitForLog("never", 200))).toMatchObject({
      name: "ProcessReadyTimeoutError",
      httpStatus: 408,
    });
    await other.kill();
  },
});

sandboxCases("waitForPort", {
  "answers once a server does, by HTTP or by TCP": async ({ session }) => {
    const process = await session.startProcess("sleep 0.2; exec python3 -m http.server 20801 --bind 127.0.0.1");
    await process.waitForPort(20801);
    await process.waitForPort(20801, { mode: "tcp" });
    expect(await failure(process.waitForPort(20801, { path: "/none", timeout: 500 }))).toMatchObject({
      code: "PROCESS_READY_TIMEOUT",
    });
    await process.waitForPort(20801, { path: "/none", status: 404 });
    await process.kill();
  },
  "says that the process ended": async ({ session }) => {
    const process = await session.startProcess("sleep 0.1; exit 5");
    expect(await failure(process.waitForPort(20802))).toMatchObject({
      code: "PROCESS_EXITED_BEFORE_READY",
      context: { exitCode: 5 },
    });
  },
});

sandboxCases("waitForExit", {
  "answers with the code, before or after the end": async ({ session }) => {
    const process = await session.startProcess("sleep 0.1; exit 6");
    expect(await process.waitForExit()).toEqual({ exitCode: 6 });
    expect(await process.waitForExit()).toEqual({ exitCode: 6 });
    const other = await session.startProcess("sleep 1000");
    expect(await failure(other.waitForExit(200))).toMatchObject({ code: "PROCESS_READY_TIMEOUT" });
    await other.kill();
    expect(await other.waitForExit()).toEqual({ exitCode: 143 });
  },
});

sandboxCases("getProcess", {
  "gives null for none": async ({ box }) => {
    expect(await box.getProcess("none")).toBeNull();
  },
});
sandboxCases("listProcesses", {
  "lists them as processes": async ({ box, session, name }) => {
    await session.startProcess("sleep 1000", { processId: `${name}-p` });
    const found = (await box.listProcesses()).find(({ id }) => id === `${name}-p`);
    await found?.kill();
    expect((await box.getProcess(`${name}-p`))?.status).toBe("killed");
  },
});
sandboxCases("killProcess", {
  "ends it": async ({ box, session, name }) => {
    await session.startProcess("sleep 1000", { processId: `${name}-p` });
    await box.killProcess(`${name}-p`, "SIGKILL");
    expect((await box.getProcess(`${name}-p`))?.status).toBe("killed");
  },
});
sandboxCases("killAllProcesses", {
  "says how many": async ({ box, session }) => {
    await box.killAllProcesses();
    await session.startProcess("sleep 1000");
    expect(await box.killAllProcesses()).toBe(1);
  },
});
sandboxCases("cleanupCompletedProcesses", {
  "is answered by the client itself, which forgets nothing": async ({ box, session }) => {
    const process = await session.startProcess("true");
    await process.waitForExit();
    expect(await box.cleanupCompletedProcesses()).toBe(0);
    expect((await box.getProcess(process.id))?.status).toBe("completed");
  },
});
sandboxCases("getProcessLogs", {
  "gives both streams": async ({ box, session }) => {
    const process = await session.startProcess("echo out; echo err >&2");
    await process.waitForExit();
    expect(await box.getProcessLogs(process.id)).toEqual({ stdout: "out\n", stderr: "err\n", processId: process.id });
  },
});
sandboxCases("streamProcessLogs", {
  "gives the events": async ({ box, session }) => {
    const process = await session.startProcess("echo out");
    expect(textOf(await all(await box.streamProcessLogs(process.id)))).toBe("out\n");
  },
});
