/** `client.watch`: changes told in order, moves as pairs, and versions to ask about. */
import { expect } from "vitest";
import { cases, type Trial } from "../support/cases.ts";
import { type Happening, Reading, refused, streamRefused } from "../support/read.ts";

const invalid = { name: "ValidationFailedError", code: "VALIDATION_FAILED", httpStatus: 400 };

async function watching({ client, folder, name }: Trial, options: object = {}): Promise<Reading> {
  return new Reading(await client.watch.watch({ path: folder, recursive: true, sessionId: name, ...options }));
}

const of = (type: string, path: string) => (event: Happening) => event.eventType === type && event.path === path;

cases("watch.watch", {
  "tells that it watches, then creation, change and deletion": async (trial) => {
    const { client, name, folder } = trial;
    const reading = await watching(trial);
    await client.files.writeFile(`${folder}/made`, "1", name);
    await reading.until((event) => event.path === `${folder}/made`);
    expect(reading.seen[0]).toMatchObject({ type: "watching", path: folder });
    expect(typeof reading.seen[0]?.watchId).toBe("string");
    await client.commands.execute(`echo 2 >> ${folder}/made`, name);
    const changed = await reading.until(of("modify", `${folder}/made`));
    expect(changed).toMatchObject({ type: "event", isDirectory: false });
    expect(Date.parse(String(changed.timestamp))).toBeGreaterThan(0);
    await client.files.deleteFile(`${folder}/made`, name);
    await reading.until(of("delete", `${folder}/made`));
    await reading.close();
  },
  "tells a move as a pair, one right after the other": async (trial) => {
    const { client, name, folder } = trial;
    await client.commands.execute(`cd ${folder}; mkdir -p a b; touch a/one`, name);
    const reading = await watching(trial);
    await client.commands.execute(`cd ${folder}; mv a/one b/two; mv a c`, name);
    await reading.until(of("move_to", `${folder}/c`));
    const moves = reading.seen.filter(({ eventType }) => String(eventType).startsWith("move"));
    expect(moves.map(({ eventType, path, isDirectory }) => [eventType, path, isDirectory])).toEqual([
      ["move_from", `${folder}/a/one`, false],
      ["move_to", `${folder}/b/two`, false],
      ["move_from", `${folder}/a`, true],
      ["move_to", `${folder}/c`, true],
    ]);
    await reading.close();
  },
  "sees into folders made meanwhile, and misses nothing in them": async (trial) => {
    const { client, name, folder } = trial;
    const reading = await watching(trial);
    await client.commands.execute(`cd ${folder}; mkdir -p x/y/z; touch x/y/z/{1..50}; touch last`, name);
    await reading.until(of("create", `${folder}/last`));
    const told = new Set(reading.seen.map(({ path }) => path));
    for (let i = 1; i <= 50; i++) expect(told).toContain(`${folder}/x/y/z/${i}`);
    await reading.close();
  },
  "stays at the top when asked": async (trial) => {
    const { client, name, folder } = trial;
    await client.files.mkdir(`${folder}/below`, name);
    const reading = await watching(trial, { recursive: false });
    await client.commands.execute(`cd ${folder}; touch below/not; touch top`, name);
    await reading.until(of("create", `${folder}/top`));
    expect(reading.seen.map(({ path }) => path)).not.toContain(`${folder}/below/not`);
    await reading.close();
  },
  "tells only what is included": async (trial) => {
    const reading = await watching(trial, { include: ["*.ts"] });
    await trial.client.commands.execute(`cd ${trial.folder}; touch a.js b.ts`, trial.name);
    await reading.until(of("create", `${trial.folder}/b.ts`));
    expect(reading.seen.map(({ path }) => path)).not.toContain(`${trial.folder}/a.js`);
    await reading.close();
  },
  "leaves out what is excluded, and by itself .git and node_modules": async (trial) => {
    const { client, name, folder } = trial;
    await client.commands.execute(`cd ${folder}; mkdir .git node_modules`, name);
    const reading = await watching(trial);
    await client.commands.execute(`cd ${folder}; touch .git/x node_modules/x seen`, name);
    await reading.until(of("create", `${folder}/seen`));
    expect(reading.seen.filter(({ path }) => String(path).endsWith("/x"))).toEqual([]);
    await reading.close();
    const other = await watching(trial, { exclude: ["*.log"] });
    await client.commands.execute(`cd ${folder}; touch a.log b`, name);
    await other.until(of("create", `${folder}/b`));
    expect(other.seen.map(({ path }) => path)).not.toContain(`${folder}/a.log`);
    await other.close();
  },
  "tells names as they are": async (trial) => {
    const reading = await watching(trial);
    for (const odd of ["new\nline", "émoji 😀", "-rf", "a b"]) {
      await trial.client.files.writeFile(`${trial.folder}/${odd}`, "", trial.name);
      await reading.until(({ path }) => path === `${trial.folder}/${odd}`);
    }
    await reading.close();
  },
  "tells of every file of a flood, or says that there were too many": async (trial) => {
    const reading = await watching(trial);
    await trial.client.commands.execute(
      `cd ${trial.folder}; seq 5000 | xargs touch; sleep 0.3; touch last`,
      trial.name,
    );
    await reading.until(({ type, path }) => path === `${trial.folder}/last` || type === "resync");
    const told = new Set(reading.seen.map(({ path }) => path));
    const whole = Array.from({ length: 5000 }, (_, i) => `${trial.folder}/${i + 1}`).every((path) => told.has(path));
    expect(whole || reading.seen.some(({ type }) => type === "resync")).toBe(true);
    await reading.close();
  },
  "says when what it watched is gone": async (trial) => {
    const { client, name, folder } = trial;
    await client.files.mkdir(`${folder}/root`, name);
    const reading = await watching(trial, { path: `${folder}/root` });
    await client.commands.execute(`rmdir ${folder}/root`, name);
    const stopped = await reading.until(({ type }) => type === "stopped");
    expect(typeof stopped.reason).toBe("string");
  },
  "refuses what is missing, and include with exclude": async (trial) => {
    const { client, folder } = trial;
    await streamRefused(trial, client.watch.watch({ path: `${folder}/none` }), {
      name: "FileNotFoundError",
      code: "FILE_NOT_FOUND",
      httpStatus: 404,
    });
    await streamRefused(trial, client.watch.watch({ path: folder, include: ["*.a"], exclude: ["*.b"] }), invalid);
    await streamRefused(trial, client.watch.watch({ path: folder, include: ["[ab]"] }), invalid);
  },
  "tells only the kinds of change that were asked for": async (trial) => {
    const { client, name, folder } = trial;
    const reading = await watching(trial, { events: ["delete"] });
    await client.commands.execute(`cd ${folder}; touch a; rm a`, name);
    await reading.until(of("delete", `${folder}/a`));
    expect(reading.seen.map(({ type, eventType }) => eventType ?? type)).toEqual(["watching", "delete"]);
    await reading.close();
  },
});

cases("watch.checkChanges", {
  "knows whether anything changed since a version": async ({ client, name, folder }) => {
    const ask = async (since?: string) =>
      client.watch.checkChanges({ path: folder, recursive: true, sessionId: name, since });
    const first = await ask();
    expect(first).toMatchObject({ success: true, status: "unchanged" });
    expect(await ask(first.version)).toMatchObject({ status: "unchanged", version: first.version });
    await client.files.writeFile(`${folder}/deep/made`, "", name);
    const changed = await ask(first.version);
    expect(changed).toMatchObject({ success: true, status: "changed" });
    expect(changed.version).not.toBe(first.version);
    expect(await ask(changed.version)).toMatchObject({ status: "unchanged" });
    expect(await ask(first.version)).toMatchObject({ status: "changed" });
  },
  "keeps to what is included": async ({ client, name, folder }) => {
    const ask = async (since?: string) => client.watch.checkChanges({ path: folder, include: ["*.ts"], since });
    const { version } = await ask();
    await client.files.writeFile(`${folder}/a.js`, "", name);
    expect(await ask(version)).toMatchObject({ status: "unchanged" });
    await client.files.writeFile(`${folder}/a.ts`, "", name);
    expect(await ask(version)).toMatchObject({ status: "changed" });
  },
  "says to look again when it cannot know": async ({ client, folder }) => {
    const answer = await client.watch.checkChanges({ path: folder, since: "watch-of-another-life:7" });
    expect(answer).toMatchObject({
      success: true,
      status: "resync",
      reason: expect.stringMatching(/^(expired|restarted)$/),
    });
    expect(await client.watch.checkChanges({ path: folder, since: answer.version })).toMatchObject({
      status: "unchanged",
    });
  },
  "refuses what is missing, and include with exclude": async ({ client, folder }) => {
    await refused(client.watch.checkChanges({ path: `${folder}/none` }), {
      name: "FileNotFoundError",
      code: "FILE_NOT_FOUND",
      httpStatus: 404,
    });
    await refused(client.watch.checkChanges({ path: folder, include: ["*.a"], exclude: ["*.b"] }), invalid);
  },
});
