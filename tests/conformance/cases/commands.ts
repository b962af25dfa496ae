/** `client.commands`: exact output, sessions that keep their place, timeouts and ends that poison nothing. */
import { expect } from "vitest";
import { cases, type Trial } from "../support/cases.ts";
import { refused } from "../support/read.ts";

const out = async ({ client, name }: Trial, command: string) => (await client.commands.execute(command, name)).stdout;

cases("commands.execute", {
  "answers both streams, the exit code and what was asked": async ({ client, name }) => {
    const answer = await client.commands.execute("echo out; echo err >&2; (exit 7)", name);
    expect(answer).toMatchObject({ success: false, exitCode: 7, stdout: "out\n", stderr: "err\n" });
    expect(answer.command).toBe("echo out; echo err >&2; (exit 7)");
    expect(Date.parse(answer.timestamp)).toBeGreaterThan(0);
  },
  "is exact: with a last newline, without, with two, with NUL": async (trial) => {
    for (const text of ["a", "a\n", "a\n\n", "\n", "", "a\0b\0", "é€😀", "\u001b[31m\r\n\t"])
      expect(await out(trial, `printf '%b' '${bytes(text)}'`)).toBe(text);
  },
  "gives what is no text as replacement characters, and nothing else changed": async (trial) => {
    expect(await out(trial, "printf 'a\\377b\\n'")).toBe("a\uFFFDb\n");
  },
  "gives 8 MB whole": async (trial) => {
    const text = await out(trial, "head -c 8388608 /dev/zero | tr '\\0' x; echo end");
    expect(text.length).toBe(8388608 + 4);
    expect(text.endsWith("xend\n")).toBe(true);
  },
  "keeps folder, exported variables and functions from one command to the next": async (trial) => {
    await out(
      trial,
      `mkdir ${trial.folder}/in && cd ${trial.folder}/in && export WHO=me && greet() { echo "hi $WHO"; }`,
    );
    expect(await out(trial, "pwd; greet")).toBe(`${trial.folder}/in\nhi me\n`);
  },
  "keeps sessions apart, and makes one that is not known, in /workspace": async (trial) => {
    await out(trial, "cd /tmp && export ONLY=here");
    const other = await trial.client.commands.execute("echo $PWD $ONLY", `${trial.name}-other`);
    expect(other.stdout).toBe("/workspace\n");
  },
  "has variables of one command only": async ({ client, name }) => {
    const env = { GIVEN: "a b", EMPTY: "" };
    const answer = await client.commands.execute('echo "$GIVEN|${EMPTY-unset}"', name, { env });
    expect(answer.stdout).toBe("a b|\n");
    expect((await client.commands.execute("echo ${GIVEN-unset}", name)).stdout).toBe("unset\n");
  },
  "prefers a command's variables over the session's": async ({ client, name }) => {
    await client.utils.createSession({ id: name, env: { LEVEL: "session", OTHER: "session" } });
    const answer = await client.commands.execute("echo $LEVEL $OTHER", name, { env: { LEVEL: "command" } });
    expect(answer.stdout).toBe("command session\n");
    expect((await client.commands.execute("echo $LEVEL", name)).stdout).toBe("session\n");
  },
  "runs in a folder of its own for one command": async ({ client, name, folder }) => {
    expect((await client.commands.execute("pwd", name, { cwd: folder })).stdout).toBe(`${folder}\n`);
    expect((await client.commands.execute("pwd", name)).stdout).toBe("/workspace\n");
  },
  "says so when that folder does not exist, and goes on": async ({ client, name }) => {
    const answer = await client.commands.execute("pwd", name, { cwd: "/nowhere" });
    expect(answer).toMatchObject({ success: false, exitCode: 1, stdout: "" });
    expect(answer.stderr).toContain("/nowhere");
    expect((await client.commands.execute("pwd", name)).stdout).toBe("/workspace\n");
  },
  "ends what takes too long with all it started, and the session goes on as it was": async (trial) => {
    const { client, name, folder } = trial;
    await out(trial, `cd ${folder}; export KEPT=yes`);
    const command = "(sleep 1000 & echo $! > child); setsid sleep 1000 & echo $! > alone; sleep 1000";
    await refused(client.commands.execute(command, name, { timeoutMs: 300 }), {
      name: "CommandError",
      code: "COMMAND_EXECUTION_ERROR",
      httpStatus: 500,
      context: { timeoutMs: 300 },
    });
    // A zombie is dead, though `kill -0` still finds it.
    const lives = 'for one in child alone; do grep -H "^State:.[^Z]" /proc/$(cat $one)/status 2>/dev/null; done';
    expect(await out(trial, `echo $PWD $KEPT; ${lives}; wc -w < child; wc -w < alone`)).toBe(`${folder} yes\n1\n1\n`);
  },
  "says by 410 that a shell has ended, with its code, and has a fresh one next": async ({ client, name }) => {
    await client.commands.execute("export LOST=1", name);
    await refused(client.commands.execute("exit 3", name), {
      name: "SessionTerminatedError",
      code: "SESSION_TERMINATED",
      httpStatus: 410,
      context: { sessionId: name, exitCode: 3 },
    });
    expect((await client.commands.execute("echo ${LOST-fresh}", name)).stdout).toBe("fresh\n");
  },
  "is not poisoned by what bash cannot read": async (trial) => {
    for (const command of [
      "echo 'unclosed",
      "if true; then",
      "cat <<EOF\nnever ended",
      ")",
      "echo $(",
      "set -e; false",
      "exec 1>&-",
    ])
      await trial.client.commands.execute(command, trial.name).catch(() => undefined);
    expect(await out(trial, "echo still here")).toBe("still here\n");
  },
  "runs commands of one session one after another, whoever asks": async (trial) => {
    const { client, name, folder } = trial;
    const command = (i: number) => `echo ${i} >> ${folder}/order; sleep 0.01; echo ${i} >> ${folder}/order; echo ${i}`;
    const each = Array.from({ length: 20 }, (_, i) => client.commands.execute(command(i), name));
    const answers = await Promise.all(each);
    expect(answers.map((answer) => answer.stdout)).toEqual(answers.map((_, i) => `${i}\n`));
    const order = (await out(trial, `cat ${folder}/order`)).trimEnd().split("\n");
    expect(order.filter((_, i) => i % 2 === 0)).toEqual(order.filter((_, i) => i % 2 === 1));
    // Several connections arrive in any order; one keeps it.
    if (trial.transport === "websocket") expect(order).toEqual(answers.flatMap((_, i) => [`${i}`, `${i}`]));
  },
  "runs commands of two sessions side by side": async ({ client, name, folder }) => {
    await client.commands.execute(`mkfifo ${folder}/there ${folder}/back`, name);
    const [one, other] = await Promise.all([
      client.commands.execute(`echo ping > ${folder}/there; cat ${folder}/back`, `${name}-a`),
      client.commands.execute(`cat ${folder}/there; echo pong > ${folder}/back`, `${name}-b`),
    ]);
    expect([one.stdout, other.stdout]).toEqual(["pong\n", "ping\n"]);
  },
  "mixes up nothing among 100 at once": async ({ client, name }) => {
    const ask = (i: number) =>
      client.commands.execute(`printf '%s' ${i}-${"x".repeat(i)}; echo ${i} >&2`, `${name}-${i % 10}`);
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(i)));
    for (const [i, answer] of answers.entries())
      expect(answer).toMatchObject({ stdout: `${i}-${"x".repeat(i)}`, stderr: `${i}\n` });
  },
  "has an empty standard input": async (trial) => {
    expect(await out(trial, "cat; echo done")).toBe("done\n");
  },
  "runs without a session when the client says so": async ({ client }) => {
    const sessionless = "__DISABLE_SESSION__";
    await client.commands.execute("cd /tmp; export GONE=1", sessionless);
    expect((await client.commands.execute("echo $PWD ${GONE-gone}", sessionless)).stdout).toBe("/workspace gone\n");
    const ended = await client.commands.execute("exit 4", sessionless);
    expect(ended).toMatchObject({ success: false, exitCode: 4 });
    const late = await client.commands.execute("sleep 1000", sessionless, { timeoutMs: 200 });
    expect(late).toMatchObject({ success: false, exitCode: 124 });
    expect(late.stderr).toContain("200ms");
  },
  "refuses an empty command": async ({ client, name }) => {
    const facts = { name: "CommandError", code: "INVALID_COMMAND", httpStatus: 400 };
    await refused(client.commands.execute("", name), facts);
    await refused(client.commands.execute(" \n ", name), facts);
  },
  "refuses a NUL, which no command can hold": async ({ client, name }) => {
    await refused(client.commands.execute("echo a\0b", name), {
      name: "CommandError",
      code: "INVALID_COMMAND",
      httpStatus: 400,
    });
  },
  "refuses variables that have no possible name": async ({ client, name }) => {
    await refused(client.commands.execute("true", name, { env: { "A B": "1" } }), {
      name: "ValidationFailedError",
      code: "VALIDATION_FAILED",
      httpStatus: 400,
    });
  },
});

/** As `printf %b` takes it. */
function bytes(text: string): string {
  return [...Buffer.from(text)].map((byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join("");
}
