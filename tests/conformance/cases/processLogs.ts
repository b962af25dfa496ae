/** `client.processes`: what a process wrote, whole and live. */
import { expect } from "vitest";
import { cases } from "../support/cases.ts";
import { all, Reading, refused, streamRefused, textOf } from "../support/read.ts";
import { ended } from "./processes.ts";

const missing = {
  name: "ProcessNotFoundError",
  code: "PROCESS_NOT_FOUND",
  httpStatus: 404,
  context: { processId: "none" },
};

cases("processes.getProcessLogs", {
  "keeps both streams after the end": async (trial) => {
    const { processId } = await trial.client.processes.startProcess(
      "printf out; echo err >&2; printf 'a\\0é'",
      trial.name,
    );
    await ended(trial, processId);
    expect(await trial.client.processes.getProcessLogs(processId)).toMatchObject({
      success: true,
      processId,
      stdout: "outa\0é",
      stderr: "err\n",
    });
  },
  "keeps the last of a flood, and says that there was more": async (trial) => {
    const { processId } = await trial.client.processes.startProcess("seq 1 1000000", trial.name);
    await ended(trial, processId);
    const logs = await trial.client.processes.getProcessLogs(processId);
    expect(logs.stdout.endsWith("999999\n1000000\n")).toBe(true);
    expect(logs).toMatchObject({ truncated: true });
    expect(logs.stdout.length).toBeLessThan(8_000_000);
  },
  "says that there is none": async ({ client }) => {
    await refused(client.processes.getProcessLogs("none"), missing);
  },
});

cases("processes.streamProcessLogs", {
  "tells what it is, what it wrote, what it writes, and its end": async (trial) => {
    const { client, name, folder } = trial;
    const command = `echo before; until [ -e ${folder}/go ]; do sleep 0.01; done; printf after; echo err >&2; exit 2`;
    const { processId } = await client.processes.startProcess(command, name);
    const reading = new Reading(await client.processes.streamProcessLogs(processId));
    await reading.toText("before\n");
    expect(reading.seen[0]).toMatchObject({ type: "process_info", processId, command, status: "running" });
    await client.files.writeFile(`${folder}/go`, "", name);
    const exit = await reading.until((event) => event.type === "exit");
    expect(exit).toMatchObject({ processId, exitCode: 2, data: "Process completed with exit code 2" });
    expect([reading.text(), reading.text("stderr")]).toEqual(["before\nafter", "err\n"]);
  },
  "tells all of what has ended already": async (trial) => {
    const { processId } = await trial.client.processes.startProcess("seq 1 1000; echo end >&2", trial.name);
    await ended(trial, processId);
    const events = await all(await trial.client.processes.streamProcessLogs(processId));
    expect(textOf(events).split("\n").length).toBe(1001);
    expect(textOf(events, "stderr")).toBe("end\n");
    expect(events.at(-1)).toMatchObject({ type: "exit", exitCode: 0 });
  },
  "goes on when a reader goes, and tells the next one all again": async (trial) => {
    const { client, name, folder } = trial;
    const command = `echo one; until [ -e ${folder}/go ]; do sleep 0.01; done; echo two`;
    const { processId } = await client.processes.startProcess(command, name);
    const first = new Reading(await client.processes.streamProcessLogs(processId));
    await first.toText("one\n");
    await first.close();
    await client.files.writeFile(`${folder}/go`, "", name);
    expect(textOf(await all(await client.processes.streamProcessLogs(processId)))).toBe("one\ntwo\n");
  },
  "tells several readers the same": async (trial) => {
    const { processId } = await trial.client.processes.startProcess(
      "for i in $(seq 200); do echo $i; sleep 0.001; done",
      trial.name,
    );
    const read = async () => textOf(await all(await trial.client.processes.streamProcessLogs(processId)));
    const texts = await Promise.all([read(), read(), read()]);
    for (const text of texts) expect(text).toBe(Array.from({ length: 200 }, (_, i) => `${i + 1}\n`).join(""));
  },
  "says that there is none": async (trial) => {
    await streamRefused(trial, trial.client.processes.streamProcessLogs("none"), missing);
  },
});
