/** `client.interpreter`: contexts, and code whose outputs keep apart. */
import { expect } from "vitest";
import { until } from "../../support/child.ts";
import { cases, type Trial } from "../support/cases.ts";
import { all, failure, Reading, refused, streamRefused, textOf } from "../support/read.ts";

const missing = { name: "ContextNotFoundError", code: "CONTEXT_NOT_FOUND", httpStatus: 404 };
const PYTHON = { language: "python" as const };

interface Run {
  stdout: string;
  stderr: string;
  results: { text?: string; json?: unknown; html?: string; png?: string }[];
  error?: { name: string; message: string; traceback: string[] };
}

async function run({ client }: Trial, context: string, code: string, timeoutMs?: number): Promise<Run> {
  const seen: Run = { stdout: "", stderr: "", results: [] };
  const callbacks = {
    onStdout: ({ text }: { text: string }) => {
      seen.stdout += text;
    },
    onStderr: ({ text }: { text: string }) => {
      seen.stderr += text;
    },
    onResult: (result: Run["results"][number]) => void seen.results.push(result),
    onError: (error: NonNullable<Run["error"]>) => {
      seen.error = error;
    },
  };
  await client.interpreter.runCodeStream(context, code, undefined, callbacks, timeoutMs);
  return seen;
}

async function within(trial: Trial, options: object, use: (context: string) => Promise<void>): Promise<void> {
  const { id } = await trial.client.interpreter.createCodeContext(options);
  await use(id).finally(() => trial.client.interpreter.deleteCodeContext(id));
}

cases("interpreter.createCodeContext", {
  "makes a Python context in /workspace, by itself": async ({ client }) => {
    const context = await client.interpreter.createCodeContext();
    expect(context).toMatchObject({ language: "python", cwd: "/workspace" });
    expect(context.id).toMatch(/\S/);
    expect(context.createdAt.getTime()).toBeGreaterThan(0);
    await client.interpreter.deleteCodeContext(context.id);
  },
  "runs in the folder and with the variables that were given": async (trial) => {
    await within(trial, { cwd: trial.folder, envVars: { GIVEN: "1", LEVEL: "context" } }, async (id) => {
      const code =
        "import os; print(os.getcwd(), os.environ['GIVEN'], os.environ['LEVEL'], os.environ['SANDBOX_ONLY'])";
      expect((await run(trial, id, code)).stdout).toBe(`${trial.folder} 1 context 1\n`);
    });
  },
  "speaks JavaScript and TypeScript": async (trial) => {
    await within(trial, { language: "javascript" }, async (id) => {
      expect((await run(trial, id, "const a = 1; console.log(a + 1)")).stdout.trim()).toBe("2");
    });
    await within(trial, { language: "typescript" }, async (id) => {
      expect((await run(trial, id, "const a: number = 1; console.log(a + 2)")).stdout.trim()).toBe("3");
    });
  },
  "refuses a folder that is not there, and a language nobody speaks": async ({ client }) => {
    const error = await failure(client.interpreter.createCodeContext({ cwd: "/nowhere" }));
    expect(error.httpStatus).toBeGreaterThanOrEqual(400);
    expect(error.httpStatus).toBeLessThan(500);
    const language = "cobol" as "python";
    await refused(client.interpreter.createCodeContext({ language }), {
      name: "ValidationFailedError",
      code: "VALIDATION_FAILED",
      httpStatus: 400,
      context: { field: "language" },
    });
  },
});

cases("interpreter.runCodeStream", {
  "keeps standard output, errors and the result apart, in their order": async (trial) => {
    await within(trial, PYTHON, async (id) => {
      const seen = await run(trial, id, "import sys\nprint('out')\nprint('err', file=sys.stderr)\n40 + 2");
      expect(seen).toMatchObject({ stdout: "out\n", stderr: "err\n", results: [{ text: "42" }] });
      expect(seen.error).toBeUndefined();
    });
  },
  "keeps variables from one run to the next": async (trial) => {
    await within(trial, PYTHON, async (id) => {
      await run(trial, id, "kept = {'a': [1, 2]}");
      expect((await run(trial, id, "kept")).results).toMatchObject([{ json: { a: [1, 2] }, text: "{'a': [1, 2]}" }]);
    });
  },
  "tells an error by its name, its message and the way there": async (trial) => {
    await within(trial, PYTHON, async (id) => {
      const seen = await run(trial, id, "print('before')\ndef f(): return 1 / 0\nf()");
      expect(seen).toMatchObject({
        stdout: "before\n",
        error: { name: "ZeroDivisionError", message: "division by zero" },
      });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
      expect(seen.error?.traceback.join("\n").replace(/\u001b\[[\d;]*m/g, "")).toContain("1 / 0");
      expect((await run(trial, id, "f.__name__")).results).toMatchObject([{ text: "'f'" }]);
    });
  },
  "takes what is no Python for an error": async (trial) => {
    await within(trial, PYTHON, async (id) => {
      expect((await run(trial, id, "def (:")).error).toMatchObject({ name: "SyntaxError" });
    });
  },
  "stops what takes too long, and the context goes on with its variables": async (trial) => {
    await within(trial, PYTHON, async (id) => {
      const seen = await run(trial, id, "kept = 1\nimport time\nprint('begun', flush=True)\ntime.sleep(1000)", 500);
      expect(seen.stdout).toBe("begun\n");
      expect(seen.error?.name).toMatch(/Timeout/);
      expect((await run(trial, id, "kept + 1")).results).toMatchObject([{ text: "2" }]);
    });
  },
  "asks nobody for input": async (trial) => {
    await within(trial, PYTHON, async (id) => {
      expect((await run(trial, id, "input('name? ')")).error?.name).toMatch(/StdinNotImplemented|EOFError/);
    });
  },
  "survives the end of its kernel": async (trial) => {
    await within(trial, PYTHON, async (id) => {
      expect((await run(trial, id, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")).error).toBeDefined();
      expect((await run(trial, id, "'again'")).results).toMatchObject([{ text: "'again'" }]);
    });
  },
  "gives 2 MB of output whole": async (trial) => {
    await within(trial, PYTHON, async (id) => {
      const { stdout } = await run(trial, id, "for i in range(200000): print(f'{i:09d}')");
      expect(stdout.length).toBe(2_000_000);
      expect(stdout.endsWith("000199999\n")).toBe(true);
    });
  },
  "says that there is no such context": async (trial) => {
    await streamRefused(trial, run(trial, "none", "1"), { ...missing, context: { contextId: "none" } });
  },
});

cases("interpreter.streamCode", {
  "tells events as they happen": async (trial) => {
    await within(trial, PYTHON, async (id) => {
      const code = `import os, time\nprint('first', flush=True)\nwhile not os.path.exists('${trial.folder}/go'): time.sleep(0.01)\nprint('second')\n7`;
      const reading = new Reading(await trial.client.interpreter.streamCode(id, code));
      await reading.toText("first\n");
      await trial.client.files.writeFile(`${trial.folder}/go`, "", trial.name);
      await reading.until(({ type }) => type === "execution_complete");
      expect(reading.text()).toBe("first\nsecond\n");
      expect(reading.seen.find(({ type }) => type === "result")).toMatchObject({ text: "7" });
    });
  },
  "stops the run when its reader goes": async (trial) => {
    await within(trial, PYTHON, async (id) => {
      const reading = new Reading(
        await trial.client.interpreter.streamCode(id, "import time\nprint('on', flush=True)\ntime.sleep(1000)"),
      );
      await reading.toText("on\n");
      await reading.close();
      expect((await run(trial, id, "'free'")).results).toMatchObject([{ text: "'free'" }]);
    });
  },
  "counts its runs": async (trial) => {
    await within(trial, PYTHON, async (id) => {
      await all(await trial.client.interpreter.streamCode(id, "1"));
      const events = await all(await trial.client.interpreter.streamCode(id, "2", "python"));
      expect(events.at(-1)).toMatchObject({ type: "execution_complete", execution_count: 2 });
    });
  },
  "queues what is asked at once": async (trial) => {
    await within(trial, PYTHON, async (id) => {
      await run(trial, id, "seen = []");
      const one = async (i: number) =>
        textOf(await all(await trial.client.interpreter.streamCode(id, `seen.append(${i}); print(${i})`)));
      expect(await Promise.all([0, 1, 2, 3, 4].map(one))).toEqual(["0\n", "1\n", "2\n", "3\n", "4\n"]);
      expect((await run(trial, id, "len(seen)")).results).toMatchObject([{ text: "5" }]);
    });
  },
});

cases("interpreter.listCodeContexts", {
  "lists those that are there": async (trial) => {
    await within(trial, { ...PYTHON, cwd: trial.folder }, async (id) => {
      const found = (await trial.client.interpreter.listCodeContexts()).find((context) => context.id === id);
      expect(found).toMatchObject({ id, language: "python", cwd: trial.folder });
    });
  },
});

cases("interpreter.deleteCodeContext", {
  "ends it and its kernel, even while it runs": async (trial) => {
    const { client, name } = trial;
    const { id } = await client.interpreter.createCodeContext(PYTHON);
    const reading = new Reading(
      await client.interpreter.streamCode(id, "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(1000)"),
    );
    await reading.toText("\n");
    await client.interpreter.deleteCodeContext(id);
    await reading.until(({ type }) => type === "error");
    const look = `grep "^State:.[^Z]" /proc/${reading.text().trim()}/status 2>/dev/null || echo gone`;
    await until("its kernel to be gone", async () => (await client.commands.execute(look, name)).stdout === "gone\n");
    await refused(client.interpreter.deleteCodeContext(id), { ...missing, context: { contextId: id } });
  },
});
