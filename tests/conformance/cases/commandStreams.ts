/** `client.commands.executeStream`: bytes as they are written, one end, and a stop when the reader goes. */
import { asyncIterableToSSEStream, parseSSEStream, responseToAsyncIterable } from "@cloudflare/sandbox";
import { expect } from "vitest";
import { until } from "../../support/child.ts";
import { cases, type Trial } from "../support/cases.ts";
import { all, type Happening, Reading, streamRefused, textOf } from "../support/read.ts";

const gone = ({ client, name, folder }: Trial, pidFile: string) =>
  until(`the command of ${pidFile} to be gone`, async () => {
    const { stdout } = await client.commands.execute(
      `kill -0 $(cat ${folder}/${pidFile}) 2>/dev/null && echo there || echo gone`,
      `${name}-look`,
    );
    return stdout === "gone\n";
  });

cases("commands.executeStream", {
  "starts, tells both streams, completes": async ({ client, name }) => {
    const events = await all(await client.commands.executeStream("echo out; echo err >&2; (exit 5)", name));
    expect(events[0]).toMatchObject({ type: "start", command: "echo out; echo err >&2; (exit 5)" });
    expect(textOf(events)).toBe("out\n");
    expect(textOf(events, "stderr")).toBe("err\n");
    expect(events.at(-1)).toMatchObject({ type: "complete", exitCode: 5 });
    for (const event of events) expect(Date.parse(String(event.timestamp))).toBeGreaterThan(0);
  },
  "tells what is written before a newline comes, while the command goes on": async ({ client, name, folder }) => {
    const command = `printf 50%%; until [ -e ${folder}/go ]; do sleep 0.01; done; printf '\\r100%%\\n'`;
    const reading = new Reading(await client.commands.executeStream(command, name));
    await reading.toText("50%");
    await client.files.writeFile(`${folder}/go`, "", name);
    await reading.until((event) => event.type === "complete");
    expect(reading.text()).toBe("50%\r100%\n");
  },
  "never cuts a character, however it is written": async ({ client, name, folder }) => {
    const command = `printf '\\360\\237'; until [ -e ${folder}/go ]; do sleep 0.01; done; printf '\\230\\200'; printf '\\0'`;
    const reading = new Reading(await client.commands.executeStream(command, name));
    await reading.until((event) => event.type === "start");
    await client.files.writeFile(`${folder}/go`, "", name);
    await reading.until((event) => event.type === "complete");
    expect(reading.text()).toBe("😀\0");
  },
  "gives 8 MB whole and in order": async ({ client, name }) => {
    const events = await all(await client.commands.executeStream("seq 1 1200000", name));
    const text = textOf(events);
    expect(text.length).toBe(8488896);
    expect(text.endsWith("\n1199999\n1200000\n")).toBe(true);
    expect(events.at(-1)).toMatchObject({ type: "complete", exitCode: 0 });
  },
  "stops the command and all it started when its reader goes": async (trial) => {
    const { client, name, folder } = trial;
    const command = `sleep 1000 & echo $! > ${folder}/child; echo $BASHPID > ${folder}/pid; echo up; wait`;
    const reading = new Reading(await client.commands.executeStream(command, name));
    await reading.toText("up");
    await reading.close();
    await gone(trial, "child");
    expect((await client.commands.execute("echo usable", name)).stdout).toBe("usable\n");
  },
  "keeps its time limit, says so by a code, and leaves the session usable": async ({ client, name }) => {
    const events = await all(await client.commands.executeStream("echo begun; sleep 1000", name, { timeoutMs: 300 }));
    expect(textOf(events)).toBe("begun\n");
    expect(events.at(-1)).toMatchObject({ type: "error", code: "COMMAND_EXECUTION_ERROR" });
    expect(events.filter((event) => event.type === "complete")).toEqual([]);
    expect((await client.commands.execute("echo usable", name)).stdout).toBe("usable\n");
  },
  "ends with an error, and no completion, when the shell itself ends": async ({ client, name }) => {
    const events = await all(await client.commands.executeStream("echo last; exit 3", name));
    expect(textOf(events)).toBe("last\n");
    expect(events.at(-1)).toMatchObject({ type: "error", code: "SESSION_TERMINATED" });
  },
  "keeps folder and variables as any command of the session": async ({ client, name, folder }) => {
    await all(await client.commands.executeStream(`cd ${folder}; export KEPT=1`, name));
    expect((await client.commands.execute("echo $PWD $KEPT", name)).stdout).toBe(`${folder} 1\n`);
  },
  "takes variables and a folder for the one command": async ({ client, name, folder }) => {
    const events = await all(
      await client.commands.executeStream("echo $ONE $PWD", name, { env: { ONE: "1" }, cwd: folder }),
    );
    expect(textOf(events)).toBe(`1 ${folder}\n`);
  },
  "runs 20 side by side without mixing them": async ({ client, name }) => {
    const one = async (i: number) => {
      const events = await all(
        await client.commands.executeStream(`for n in 1 2 3; do echo ${i}; sleep 0.01; done`, `${name}-${i}`),
      );
      expect(textOf(events)).toBe(`${i}\n`.repeat(3));
    };
    await Promise.all(Array.from({ length: 20 }, (_, i) => one(i)));
  },
  "refuses an empty command before any event": async (trial) => {
    await streamRefused(trial, trial.client.commands.executeStream("", trial.name), {
      name: "CommandError",
      code: "INVALID_COMMAND",
      httpStatus: 400,
    });
  },
});

cases("parseSSEStream", {
  "reads a stream of the sandbox to its end": async ({ client, name }) => {
    const seen: Happening[] = [];
    for await (const event of parseSSEStream<Happening>(await client.commands.executeStream("echo 'data: odd'", name)))
      seen.push(event);
    expect(textOf(seen)).toBe("data: odd\n");
  },
  "stops the command when it is aborted": async (trial) => {
    const { client, name, folder } = trial;
    const abort = new AbortController();
    const stream = await client.commands.executeStream(`echo $BASHPID > ${folder}/pid; echo up; sleep 1000`, name);
    const read = async () => {
      for await (const event of parseSSEStream<Happening>(stream, abort.signal))
        if (event.data?.includes("up")) abort.abort();
    };
    await expect(read()).rejects.toThrow("aborted");
    await until(
      "the session to be free",
      async () => (await client.commands.execute("echo free", name)).stdout === "free\n",
    );
  },
});

cases(
  "responseToAsyncIterable",
  {
    "reads the sandbox's own answer": async ({ sandbox, gateway, client, name }) => {
      const response = await fetch(`${sandbox.url}/api/execute/stream`, {
        method: "POST",
        headers: { ...gateway.headers, "Content-Type": "application/json" },
        body: JSON.stringify({ command: "echo plain", sessionId: name }),
      });
      expect(response.headers.get("content-type")).toBe("text/event-stream");
      const seen: Happening[] = [];
      for await (const event of responseToAsyncIterable<Happening>(response)) seen.push(event);
      expect(textOf(seen)).toBe("plain\n");
      expect((await client.commands.execute("echo as well", name)).stdout).toBe("as well\n");
    },
    "throws for an answer that is an error": async ({ sandbox, gateway }) => {
      const response = await fetch(`${sandbox.url}/api/process/none/stream`, { headers: gateway.headers });
      await expect(responseToAsyncIterable(response)[Symbol.asyncIterator]().next()).rejects.toThrow("404");
    },
  },
  { plain: true },
);

cases("asyncIterableToSSEStream", {
  "hands events of the sandbox on as they came": async ({ client, name }) => {
    const events = parseSSEStream<Happening>(await client.commands.executeStream("echo on", name));
    expect(textOf(await all(asyncIterableToSSEStream(events)))).toBe("on\n");
  },
});
