/** `client.files.readFileStream` and the client's two readers of it. */
import { createHash } from "node:crypto";
import { collectFile, streamFile } from "@cloudflare/sandbox";
import { expect } from "vitest";
import { cases, type Trial } from "../support/cases.ts";
import { all, failure, streamRefused } from "../support/read.ts";

const collect = async ({ client, name }: Trial, path: string) =>
  collectFile(await client.files.readFileStream(path, name));

cases("files.readFileStream", {
  "tells what it is, then slices, then how much it was": async ({ client, name, folder }) => {
    await client.files.writeFile(`${folder}/text.md`, "# é\n", name);
    const events = await all(await client.files.readFileStream(`${folder}/text.md`, name));
    expect(events).toMatchObject([
      { type: "metadata", mimeType: "text/markdown", size: 5, isBinary: false, encoding: "utf-8" },
      { type: "chunk", data: "# é\n" },
      { type: "complete", bytesRead: 5 },
    ]);
  },
  "refuses before any event what is missing": async (trial) => {
    const path = `${trial.folder}/none`;
    await streamRefused(trial, trial.client.files.readFileStream(path, trial.name), {
      name: "FileNotFoundError",
      code: "FILE_NOT_FOUND",
      httpStatus: 404,
      context: { path },
    });
  },
  "refuses a folder": async (trial) => {
    await streamRefused(trial, trial.client.files.readFileStream(trial.folder, trial.name), {
      name: "FileSystemError",
      code: "IS_DIRECTORY",
      httpStatus: 400,
    });
  },
  "is left in the middle without harm": async ({ client, name, folder }) => {
    await client.commands.execute(`head -c 30000000 /dev/urandom > ${folder}/large`, name);
    const stream = await client.files.readFileStream(`${folder}/large`, name);
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel();
    expect((await client.files.exists(`${folder}/large`, name)).exists).toBe(true);
  },
});

cases("collectFile", {
  "gives text whole, whatever the slices cut": async (trial) => {
    const text = "ab😀é\n".repeat(100_000);
    await trial.client.files.writeFile(`${trial.folder}/text`, text, trial.name);
    const { content, metadata } = await collect(trial, `${trial.folder}/text`);
    expect(content).toBe(text);
    expect(metadata).toMatchObject({ size: Buffer.byteLength(text), isBinary: false });
  },
  "gives 8 MB of bytes whole": async (trial) => {
    const { client, name, folder } = trial;
    const { stdout } = await client.commands.execute(
      `head -c 8388609 /dev/urandom > ${folder}/b; sha256sum < ${folder}/b`,
      name,
    );
    const { content, metadata } = await collect(trial, `${folder}/b`);
    expect(metadata).toMatchObject({ size: 8388609, isBinary: true, encoding: "base64" });
    expect(createHash("sha256").update(content).digest("hex")).toBe(stdout.slice(0, 64));
  },
  "gives an empty file": async (trial) => {
    await trial.client.files.writeFile(`${trial.folder}/empty`, "", trial.name);
    expect(await collect(trial, `${trial.folder}/empty`)).toMatchObject({
      content: "",
      metadata: { size: 0, isBinary: false },
    });
  },
  "gives text that turns out to have bytes in it after all": async (trial) => {
    const { client, name, folder } = trial;
    const { stdout } = await client.commands.execute(
      `(yes text | head -c 200000; head -c 1000 /dev/urandom) > ${folder}/late; sha256sum < ${folder}/late`,
      name,
    );
    const outcome = await collect(trial, `${folder}/late`).catch((error: Error) => error);
    // Whole, or an error: never silently something else.
    if (outcome instanceof Error) expect(outcome.message).toContain("File streaming error");
    else expect(createHash("sha256").update(outcome.content).digest("hex")).toBe(stdout.slice(0, 64));
  },
});

cases("streamFile", {
  "gives text as text and bytes as bytes, piece by piece": async ({ client, name, folder }) => {
    await client.files.writeFile(`${folder}/text`, "t".repeat(200_000), name);
    let length = 0;
    for await (const piece of streamFile(await client.files.readFileStream(`${folder}/text`, name))) {
      expect(typeof piece).toBe("string");
      length += piece.length;
    }
    expect(length).toBe(200_000);
    await client.files.writeFile(`${folder}/bytes`, Buffer.from([0, 255, 0, 254]).toString("base64"), name, {
      encoding: "base64",
    });
    for await (const piece of streamFile(await client.files.readFileStream(`${folder}/bytes`, name)))
      expect(piece).toEqual(new Uint8Array([0, 255, 0, 254]));
  },
  "throws when the file cannot be read": async ({ client, name, folder }) => {
    const read = async () => {
      for await (const _ of streamFile(await client.files.readFileStream(`${folder}/none`, name)));
    };
    expect((await failure(read())).message).toMatch(/none|FILE_NOT_FOUND/);
  },
});
