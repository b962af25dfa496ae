/** `CodeInterpreter`: what a user of the client runs code with. */
import { expect } from "vitest";
import { cases, type Trial } from "../support/cases.ts";
import { all, failure, streamRefused, textOf } from "../support/read.ts";

const run = async ({ interpreter }: Trial, code: string, options: object = {}) => interpreter.runCode(code, options);

cases("CodeInterpreter.createCodeContext", {
  "makes a context to run in": async (trial) => {
    const context = await trial.interpreter.createCodeContext({ language: "python", cwd: trial.folder });
    const { logs } = await run(trial, "import os; print(os.getcwd())", { context });
    expect(logs.stdout.join("")).toBe(`${trial.folder}\n`);
    await trial.interpreter.deleteCodeContext(context.id);
  },
  "the client refuses a language it does not know": async ({ interpreter }) => {
    const language = "cobol" as "python";
    expect(await failure(interpreter.createCodeContext({ language }))).toMatchObject({
      name: "SandboxSecurityError",
      code: "INVALID_LANGUAGE",
    });
  },
});

cases("CodeInterpreter.runCode", {
  "runs in a context of its own making, which it keeps": async (trial) => {
    await run(trial, "kept = 20");
    const execution = await run(trial, "print('hi'); kept + 1");
    expect(execution.logs).toEqual({ stdout: ["hi\n"], stderr: [] });
    expect(execution.results.map(({ text }) => text)).toEqual(["21"]);
    expect(execution.error).toBeUndefined();
    expect(execution.toJSON()).toMatchObject({ code: "print('hi'); kept + 1", results: [{ text: "21" }] });
  },
  "calls back for each thing as it comes": async ({ interpreter }) => {
    const seen: unknown[] = [];
    await interpreter.runCode("import sys\nprint('o')\nprint('e', file=sys.stderr)\n'r'", {
      onStdout: ({ text }) => void seen.push(["stdout", text]),
      onStderr: ({ text }) => void seen.push(["stderr", text]),
      onResult: (result) => void seen.push(["result", result.text]),
    });
    expect(seen).toEqual(
      expect.arrayContaining([
        ["stdout", "o\n"],
        ["stderr", "e\n"],
        ["result", "'r'"],
      ]),
    );
    expect(seen.length).toBe(3);
    const errors: string[] = [];
    const { error } = await interpreter.runCode("nobody", { onError: ({ name }) => void errors.push(name) });
    expect(errors).toEqual(["NameError"]);
    expect(error).toMatchObject({ name: "NameError", message: "name 'nobody' is not defined" });
  },
  "gives each plot as a picture": async (trial) => {
    const { results } = await run(
      trial,
      "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.figure(); plt.bar([1], [2]); plt.show()",
    );
    const pictures = results.filter(({ png }) => png);
    expect(pictures.length).toBe(2);
    for (const { png } of pictures)
      expect(
        Buffer.from(png ?? "", "base64")
          .subarray(1, 4)
          .toString(),
      ).toBe("PNG");
  },
  "gives a DataFrame as HTML and as text, in one result": async (trial) => {
    const { results } = await run(trial, "import pandas as pd\npd.DataFrame({'a': [1, 2]})");
    expect(results.length).toBe(1);
    expect(results[0]?.html).toContain("<table");
    expect(results[0]?.text).toContain("a\n");
    expect(results[0]?.formats()).toEqual(expect.arrayContaining(["text", "html"]));
  },
  "gives every kind the client knows": async (trial) => {
    const code = `from IPython.display import *
display(HTML('<b>h</b>')); display(Markdown('*m*')); display(Latex('$l$')); display(SVG('<svg xmlns="http://www.w3.org/2000/svg"/>'))
display(JSON({'j': 1})); display(Javascript('js()')); display({'text/plain': 'a', 'image/jpeg': '/9j/'}, raw=True)`;
    const { results } = await run(trial, code);
    const kinds = results.map((result) => result.formats().filter((kind) => kind !== "text"));
    expect(kinds).toEqual([["html"], ["markdown"], ["latex"], ["svg"], ["json"], ["javascript"], ["jpeg"]]);
    expect(results[4]?.json).toEqual({ j: 1 });
  },
  "runs JavaScript: await, require, constants declared again, plain text": async (trial) => {
    const js = (code: string) => run(trial, code, { language: "javascript" });
    expect((await js("const a = await Promise.resolve(1); a + 1")).results.map(({ text }) => text)).toEqual(["2"]);
    expect((await js("const a = 5; 'x' + a")).results.map(({ text }) => text)).toEqual(['"x5"']);
    expect((await js("({ b: [1, a] })")).results.map(({ json }) => json)).toEqual([{ b: [1, 5] }]);
    expect((await js("require('node:path').join('a', 'b')")).results.map(({ text }) => text)).toEqual(['"a/b"']);
    const failed = await js("console.error('bad'); throw new TypeError('no')");
    expect(failed.logs.stderr.join("")).toBe("bad\n");
    expect(failed.error).toMatchObject({ name: "TypeError", message: "no" });
  },
  "runs TypeScript with its types": async (trial) => {
    const code = "interface P { n: number }\nconst p: P = { n: 3 };\nenum E { A = 4 }\nconsole.log(p.n + E.A)";
    expect((await run(trial, code, { language: "typescript" })).logs.stdout.join("")).toBe("7\n");
  },
  "says that its context is gone": async (trial) => {
    const context = await trial.interpreter.createCodeContext({ language: "python" });
    await trial.interpreter.deleteCodeContext(context.id);
    await streamRefused(trial, run(trial, "1", { context }), {
      name: "ContextNotFoundError",
      code: "CONTEXT_NOT_FOUND",
      httpStatus: 404,
      context: { contextId: context.id },
    });
  },
});

cases("CodeInterpreter.runCodeStream", {
  "gives the events themselves": async ({ interpreter }) => {
    const events = await all(await interpreter.runCodeStream("print('streamed')"));
    expect(textOf(events)).toBe("streamed\n");
    expect(events.at(-1)).toMatchObject({ type: "execution_complete" });
  },
});

cases("CodeInterpreter.listCodeContexts", {
  "lists what the sandbox has": async ({ interpreter, client }) => {
    const { id } = await client.interpreter.createCodeContext();
    expect((await interpreter.listCodeContexts()).map((context) => context.id)).toContain(id);
    await client.interpreter.deleteCodeContext(id);
  },
});

cases("CodeInterpreter.deleteCodeContext", {
  "deletes it": async ({ interpreter }) => {
    const { id } = await interpreter.createCodeContext();
    await interpreter.deleteCodeContext(id);
    expect((await interpreter.listCodeContexts()).map((context) => context.id)).not.toContain(id);
  },
});
