/** `client.files`: folders, moves, and what is there. */
import { expect } from "vitest";
import { cases } from "../support/cases.ts";
import { refused } from "../support/read.ts";
import { refusesBadPaths } from "./files.ts";

const missing = { name: "FileNotFoundError", code: "FILE_NOT_FOUND", httpStatus: 404 };
const there = { name: "FileExistsError", code: "FILE_EXISTS", httpStatus: 409 };

cases("files.mkdir", {
  "makes one folder, or all that are missing when asked": async ({ client, name, folder }) => {
    expect(await client.files.mkdir(`${folder}/a`, name)).toMatchObject({
      success: true,
      path: `${folder}/a`,
      recursive: false,
    });
    await refused(client.files.mkdir(`${folder}/x/y`, name), missing);
    expect(await client.files.mkdir(`${folder}/x/y`, name, { recursive: true })).toMatchObject({ recursive: true });
    expect((await client.commands.execute(`find ${folder} -type d | sort`, name)).stdout).toBe(
      `${folder}\n${folder}/a\n${folder}/x\n${folder}/x/y\n`,
    );
  },
  "minds what is there, unless all is to be made": async ({ client, name, folder }) => {
    await refused(client.files.mkdir(folder, name), there);
    await client.files.mkdir(folder, name, { recursive: true });
    await client.files.writeFile(`${folder}/file`, "", name);
    await refused(client.files.mkdir(`${folder}/file`, name), there);
  },
  "refuses paths that cannot be": async (trial) => {
    await refusesBadPaths(trial, (path) => trial.client.files.mkdir(path, trial.name));
  },
});

cases("files.deleteFile", {
  "deletes a file, and of a link only the link": async ({ client, name, folder }) => {
    await client.commands.execute(`cd ${folder}; echo x > file; ln -s file link`, name);
    expect(await client.files.deleteFile(`${folder}/link`, name)).toMatchObject({
      success: true,
      path: `${folder}/link`,
    });
    expect((await client.files.exists(`${folder}/file`, name)).exists).toBe(true);
    await client.files.deleteFile(`${folder}/file`, name);
    expect((await client.files.exists(`${folder}/file`, name)).exists).toBe(false);
  },
  "refuses a folder, and what is missing": async ({ client, name, folder }) => {
    await refused(client.files.deleteFile(folder, name), {
      name: "FileSystemError",
      code: "IS_DIRECTORY",
      httpStatus: 400,
    });
    await refused(client.files.deleteFile(`${folder}/none`, name), { ...missing, context: { path: `${folder}/none` } });
  },
  "refuses paths that cannot be": async (trial) => {
    await refusesBadPaths(trial, (path) => trial.client.files.deleteFile(path, trial.name));
  },
});

cases("files.renameFile", {
  "renames files and folders": async ({ client, name, folder }) => {
    await client.files.writeFile(`${folder}/dir/old`, "x", name);
    expect(await client.files.renameFile(`${folder}/dir/old`, `${folder}/dir/new`, name)).toMatchObject({
      success: true,
      path: `${folder}/dir/old`,
      newPath: `${folder}/dir/new`,
    });
    await client.files.renameFile(`${folder}/dir`, `${folder}/moved`, name);
    expect((await client.files.readFile(`${folder}/moved/new`, name)).content).toBe("x");
  },
  "loses nothing that is there already": async ({ client, name, folder }) => {
    await client.files.writeFile(`${folder}/a`, "a", name);
    await client.files.writeFile(`${folder}/b`, "b", name);
    await refused(client.files.renameFile(`${folder}/a`, `${folder}/b`, name), there);
    expect((await client.files.readFile(`${folder}/b`, name)).content).toBe("b");
  },
  "says what is missing": async ({ client, name, folder }) => {
    await refused(client.files.renameFile(`${folder}/none`, `${folder}/x`, name), {
      ...missing,
      context: { path: `${folder}/none` },
    });
  },
});

cases("files.moveFile", {
  "moves files and folders, to another file system too": async ({ client, name, folder }) => {
    await client.files.writeFile(`${folder}/dir/file`, "x", name);
    expect(await client.files.moveFile(`${folder}/dir`, `/tmp/${name}`, name)).toMatchObject({
      success: true,
      path: `${folder}/dir`,
      newPath: `/tmp/${name}`,
    });
    expect((await client.files.readFile(`/tmp/${name}/file`, name)).content).toBe("x");
    expect((await client.files.exists(`${folder}/dir`, name)).exists).toBe(false);
    await client.commands.execute(`rm -r /tmp/${name}`, name);
  },
  "moves nothing into itself": async ({ client, name, folder }) => {
    await client.files.mkdir(`${folder}/a`, name);
    await refused(client.files.moveFile(`${folder}/a`, `${folder}/a/b`, name), {
      name: "ValidationFailedError",
      code: "VALIDATION_FAILED",
      httpStatus: 400,
    });
  },
  "says what is missing, and what is in the way": async ({ client, name, folder }) => {
    await refused(client.files.moveFile(`${folder}/none`, `${folder}/x`, name), missing);
    await client.files.writeFile(`${folder}/a`, "a", name);
    await client.files.writeFile(`${folder}/b`, "b", name);
    await refused(client.files.moveFile(`${folder}/a`, `${folder}/b`, name), there);
  },
});

cases("files.listFiles", {
  "tells of each entry all there is to know": async ({ client, name, folder }) => {
    await client.commands.execute(
      `cd ${folder}; printf abc > file; chmod 640 file; mkdir dir; ln -s file link; mkfifo pipe`,
      name,
    );
    const { files, count, success, path } = await client.files.listFiles(folder, name);
    expect({ success, path, count }).toEqual({ success: true, path: folder, count: 4 });
    const [dir, file, link, pipe] = [...files].sort((a, b) => a.name.localeCompare(b.name));
    expect(file).toMatchObject({
      name: "file",
      absolutePath: `${folder}/file`,
      relativePath: "file",
      type: "file",
      size: 3,
      mode: "rw-r-----",
      permissions: { readable: true, writable: true, executable: false },
    });
    expect(Date.parse(file?.modifiedAt ?? "")).toBeGreaterThan(0);
    expect([dir?.type, link?.type, pipe?.type]).toEqual(["directory", "symlink", "other"]);
  },
  "leaves hidden ones out, unless asked": async ({ client, name, folder }) => {
    await client.commands.execute(`cd ${folder}; touch .hidden shown; mkdir .dir; touch .dir/inside`, name);
    const names = async (options?: object) =>
      (await client.files.listFiles(folder, name, options)).files.map((f) => f.relativePath).sort();
    expect(await names()).toEqual(["shown"]);
    expect(await names({ includeHidden: true })).toEqual([".dir", ".hidden", "shown"]);
    expect(await names({ recursive: true })).toEqual(["shown"]);
    expect(await names({ recursive: true, includeHidden: true })).toEqual([".dir", ".dir/inside", ".hidden", "shown"]);
  },
  "goes down as far as it goes, and never through links": async ({ client, name, folder }) => {
    await client.commands.execute(`cd ${folder}; mkdir -p a/b/c; touch a/b/c/deep; ln -s .. a/up`, name);
    const { files } = await client.files.listFiles(folder, name, { recursive: true });
    expect(files.map((file) => file.relativePath).sort()).toEqual(["a", "a/b", "a/b/c", "a/b/c/deep", "a/up"]);
  },
  "lists 5000 files": async ({ client, name, folder }) => {
    await client.commands.execute(`cd ${folder}; seq 5000 | xargs touch`, name);
    expect((await client.files.listFiles(folder, name)).count).toBe(5000);
  },
  "says what is missing, and what is no folder": async ({ client, name, folder }) => {
    await refused(client.files.listFiles(`${folder}/none`, name), { ...missing, context: { path: `${folder}/none` } });
    await client.files.writeFile(`${folder}/file`, "", name);
    await refused(client.files.listFiles(`${folder}/file`, name), {
      name: "FileSystemError",
      code: "NOT_DIRECTORY",
      httpStatus: 400,
    });
  },
  "refuses paths that cannot be": async (trial) => {
    await refusesBadPaths(trial, (path) => trial.client.files.listFiles(path, trial.name));
  },
});

cases("files.exists", {
  "knows files, folders and nothing": async ({ client, name, folder }) => {
    await client.files.writeFile(`${folder}/file`, "", name);
    const look = async (path: string) => client.files.exists(path, name);
    expect(await look(`${folder}/file`)).toMatchObject({ success: true, exists: true, path: `${folder}/file` });
    expect((await look(folder)).exists).toBe(true);
    expect((await look(`${folder}/none`)).exists).toBe(false);
    expect((await look(`${folder}/file/below`)).exists).toBe(false);
  },
  "refuses what can be no path": async ({ client, name }) => {
    const invalid = { name: "ValidationFailedError", code: "VALIDATION_FAILED", httpStatus: 400 };
    await refused(client.files.exists("", name), invalid);
    await refused(client.files.exists("a\0b", name), invalid);
  },
});
