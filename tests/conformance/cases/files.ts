/** `client.files`: content that comes back as it went, and errors of the client's own classes. */
import { createHash, randomBytes } from "node:crypto";
import { expect } from "vitest";
import { cases, type Trial } from "../support/cases.ts";
import { failure, refused } from "../support/read.ts";

/** Legal names that are apt to break something. */
export const ODD_NAMES = [
  "a space",
  "quote'\"`$(x)",
  "new\nline",
  "tab\t",
  "-rf",
  "émoji 😀",
  "back\\slash",
  "%2e%2e",
  "*?[a]{b}",
  "x".repeat(255),
  " ",
  "...",
  "a?b#c&d=e",
];

const missing = (path: string) => ({
  name: "FileNotFoundError",
  code: "FILE_NOT_FOUND",
  httpStatus: 404,
  context: { path },
});
const invalid = { name: "ValidationFailedError", code: "VALIDATION_FAILED", httpStatus: 400 };

/** The same refusals for whatever takes a path. */
export async function refusesBadPaths(trial: Trial, call: (path: string) => Promise<unknown>): Promise<void> {
  await refused(call(""), { ...invalid, context: { field: "path" } });
  await refused(call("a\0b"), invalid);
  await refused(call(`/workspace/${"x".repeat(256)}`), {
    name: "FileSystemError",
    code: "NAME_TOO_LONG",
    httpStatus: 400,
  });
  await refused(call(`/${"y/".repeat(2500)}z`), { name: "FileSystemError", code: "NAME_TOO_LONG", httpStatus: 400 });
  await trial.client.files.writeFile(`${trial.folder}/file`, "", trial.name);
  await refused(call(`${trial.folder}/file/below`), {
    name: "FileSystemError",
    code: "NOT_DIRECTORY",
    httpStatus: 400,
  });
}

cases("files.writeFile", {
  "writes text that reads back the same": async ({ client, name, folder }) => {
    const path = `${folder}/text`;
    for (const text of ["", "a", "a\n", "\n\n", "é😀\r\n\t", "NUL \0 inside", "\uFEFFbom"]) {
      expect(await client.files.writeFile(path, text, name)).toMatchObject({ success: true, path });
      const read = await client.files.readFile(path, name, { encoding: "utf-8" });
      expect(read).toMatchObject({ content: text, encoding: "utf-8", size: Buffer.byteLength(text) });
    }
  },
  "writes bytes by base64": async ({ client, name, folder }) => {
    const bytes = randomBytes(100_000);
    await client.files.writeFile(`${folder}/bytes`, bytes.toString("base64"), name, { encoding: "base64" });
    const { stdout } = await client.commands.execute(`sha256sum < ${folder}/bytes`, name);
    expect(stdout.slice(0, 64)).toBe(createHash("sha256").update(bytes).digest("hex"));
  },
  "writes 8 MB": async ({ client, name, folder }) => {
    const text = "0123456789abcdé\n".repeat(524_288);
    await client.files.writeFile(`${folder}/large`, text, name);
    expect((await client.commands.execute(`sha256sum < ${folder}/large`, name)).stdout.slice(0, 64)).toBe(
      createHash("sha256").update(text).digest("hex"),
    );
    expect((await client.files.readFile(`${folder}/large`, name)).content).toBe(text);
  },
  "makes the folders above it": async ({ client, name, folder }) => {
    await client.files.writeFile(`${folder}/a/b/c`, "deep", name);
    expect((await client.files.readFile(`${folder}/a/b/c`, name)).content).toBe("deep");
  },
  "takes any name a file can have": async ({ client, name, folder }) => {
    for (const odd of ODD_NAMES) {
      await client.files.writeFile(`${folder}/${odd}`, odd, name);
      expect((await client.files.readFile(`${folder}/${odd}`, name)).content).toBe(odd);
    }
    const { files } = await client.files.listFiles(folder, name, { includeHidden: true });
    expect(files.map((file) => file.name).sort()).toEqual([...ODD_NAMES].sort());
  },
  "keeps the mode of what it writes over, and a link stays a link": async ({ client, name, folder }) => {
    await client.commands.execute(`cd ${folder}; echo old > run; chmod 750 run; ln -s run link`, name);
    await client.files.writeFile(`${folder}/link`, "new", name);
    const { stdout } = await client.commands.execute("stat -c '%a %F' run link; cat run", name);
    expect(stdout).toBe("750 regular file\n777 symbolic link\nnew");
  },
  "is whole at any moment for who reads meanwhile": async ({ client, name, folder }) => {
    const [a, b] = ["a".repeat(300_000), "b".repeat(300_000)];
    await client.files.writeFile(`${folder}/one`, a, name);
    const write = async () => {
      for (let i = 0; i < 10; i++) await client.files.writeFile(`${folder}/one`, i % 2 ? a : b, name);
    };
    const read = async () => {
      for (let i = 0; i < 10; i++)
        expect([a, b]).toContain((await client.files.readFile(`${folder}/one`, name)).content);
    };
    await Promise.all([write(), read(), read()]);
  },
  "refuses base64 that is none, and encodings it does not know": async ({ client, name, folder }) => {
    await client.files.writeFile(`${folder}/kept`, "kept", name);
    await refused(client.files.writeFile(`${folder}/kept`, "not*base64", name, { encoding: "base64" }), {
      ...invalid,
      context: { field: "content" },
    });
    await refused(client.files.writeFile(`${folder}/kept`, "x", name, { encoding: "latin1" }), {
      ...invalid,
      context: { field: "encoding" },
    });
    expect((await client.files.readFile(`${folder}/kept`, name)).content).toBe("kept");
  },
  "refuses a folder, and paths that cannot be": async (trial) => {
    const { client, name, folder } = trial;
    await refused(client.files.writeFile(folder, "x", name), {
      name: "FileSystemError",
      code: "IS_DIRECTORY",
      httpStatus: 400,
    });
    await refusesBadPaths(trial, (path) => client.files.writeFile(path, "x", name));
  },
  "says that it may not": async ({ client, name }) => {
    const error = await failure(client.files.writeFile("/proc/version", "x", name));
    expect(error.name).toMatch(/^(PermissionDeniedError|FileSystemError)$/);
    expect(["PERMISSION_DENIED", "READ_ONLY", "FILESYSTEM_ERROR"]).toContain(error.code);
  },
});

cases("files.readFile", {
  "tells text, its type and size": async ({ client, name, folder }) => {
    await client.files.writeFile(`${folder}/page.html`, "<!doctype html><p>é</p>\n", name);
    const read = await client.files.readFile(`${folder}/page.html`, name);
    expect(read).toMatchObject({
      success: true,
      path: `${folder}/page.html`,
      content: "<!doctype html><p>é</p>\n",
      encoding: "utf-8",
      isBinary: false,
      mimeType: "text/html",
      size: 25,
    });
    expect(Date.parse(read.timestamp)).toBeGreaterThan(0);
  },
  "gives bytes as base64, by itself or when asked": async ({ client, name, folder }) => {
    const png = Buffer.from("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489", "hex");
    await client.files.writeFile(`${folder}/no-suffix`, png.toString("base64"), name, { encoding: "base64" });
    const read = await client.files.readFile(`${folder}/no-suffix`, name);
    expect(read).toMatchObject({ encoding: "base64", isBinary: true, mimeType: "image/png", size: png.length });
    expect(Buffer.from(read.content, "base64").equals(png)).toBe(true);
    await client.files.writeFile(`${folder}/text`, "text", name);
    expect(await client.files.readFile(`${folder}/text`, name, { encoding: "base64" })).toMatchObject({
      content: "dGV4dA==",
      encoding: "base64",
    });
    expect(await client.files.readFile(`${folder}/text`, name, { encoding: "utf8" })).toMatchObject({
      content: "text",
      encoding: "utf-8",
    });
  },
  "reads what has no size, as in /proc": async ({ client, name }) => {
    expect((await client.files.readFile("/proc/self/comm", name)).content).toContain("sandpit-agent");
  },
  "says what is missing, by class, code, status and path": async ({ client, name, folder }) => {
    await refused(client.files.readFile(`${folder}/none`, name), missing(`${folder}/none`));
  },
  "refuses folders, pipes, devices and loops of links at once": async ({ client, name, folder }) => {
    await client.commands.execute(`cd ${folder}; mkfifo pipe; ln -s loop loop; ln -s /dev/zero device`, name);
    await refused(client.files.readFile(folder, name), {
      name: "FileSystemError",
      code: "IS_DIRECTORY",
      httpStatus: 400,
    });
    await refused(client.files.readFile(`${folder}/pipe`, name), { ...invalid, context: { type: "pipe" } });
    await refused(client.files.readFile(`${folder}/device`, name), { ...invalid, context: { type: "device" } });
    await refused(client.files.readFile(`${folder}/loop`, name), {
      name: "FileSystemError",
      code: "TOO_MANY_LINKS",
      httpStatus: 500,
    });
  },
  "says that it may not": async ({ client, name, folder }) => {
    await client.commands.execute(`echo x > ${folder}/secret; chmod 000 ${folder}/secret`, name);
    await refused(client.files.readFile(`${folder}/secret`, name), {
      name: "PermissionDeniedError",
      code: "PERMISSION_DENIED",
      httpStatus: 403,
      context: { path: `${folder}/secret` },
    });
  },
  "refuses what is too large for one answer, and says what to do": async ({ client, name, folder }) => {
    await client.commands.execute(`truncate -s 33M ${folder}/huge`, name);
    await refused(client.files.readFile(`${folder}/huge`, name), {
      name: "FileTooLargeError",
      code: "FILE_TOO_LARGE",
      httpStatus: 413,
    });
  },
  "refuses paths that cannot be": async (trial) => {
    await refusesBadPaths(trial, (path) => trial.client.files.readFile(path, trial.name));
  },
  "the client keeps encoding none to itself": async ({ client, name, folder }) => {
    const { message } = await failure(
      Promise.resolve().then(() => client.files.readFile(folder, name, { encoding: "none" })),
    );
    expect(message).toContain("requires the rpc transport");
  },
});

cases(
  "files.writeFileStream",
  {
    "the client asks for its rpc transport": async ({ client, name, folder }) => {
      const stream = new Blob(["x"]).stream();
      const { message } = await failure(
        Promise.resolve().then(() => client.files.writeFileStream(`${folder}/x`, stream, name)),
      );
      expect(message).toContain("requires the rpc transport");
      expect((await client.files.exists(`${folder}/x`, name)).exists).toBe(false);
    },
  },
  { refusedByClient: true },
);
