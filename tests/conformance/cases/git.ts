/** `client.git.checkout`: a clone, or the reason why there is none. */
import { expect } from "vitest";
import { cases, type Trial } from "../support/cases.ts";
import { failure, refused } from "../support/read.ts";

/** A repository in the sandbox with two commits on `main`, and a branch `side`. */
async function repository({ client, name, folder }: Trial): Promise<string> {
  const git = "git -c user.name=a -c user.email=a@b -c commit.gpgsign=false";
  const made = await client.commands.execute(
    `cd ${folder} && git init -q -b main origin && cd origin && echo 1 > file && git add . && ${git} commit -qm one &&
     echo 2 > file && ${git} commit -qam two && git branch side && git update-server-info`,
    name,
  );
  expect(made).toMatchObject({ exitCode: 0 });
  return `file://${folder}/origin`;
}

cases("git.checkout", {
  "clones the main branch": async (trial) => {
    const { client, name, folder } = trial;
    const url = await repository(trial);
    const targetDir = `${folder}/clone`;
    expect(await client.git.checkout(url, name, { targetDir })).toMatchObject({
      success: true,
      repoUrl: url,
      branch: "main",
      targetDir,
    });
    expect((await client.files.readFile(`${targetDir}/file`, name)).content).toBe("2\n");
  },
  "clones a branch, no deeper than asked": async (trial) => {
    const { client, name, folder } = trial;
    const url = await repository(trial);
    const targetDir = `${folder}/clone`;
    expect(await client.git.checkout(url, name, { targetDir, branch: "side", depth: 1 })).toMatchObject({
      branch: "side",
    });
    const { stdout } = await client.commands.execute(
      `cd ${targetDir} && git rev-list --count HEAD && git branch --show-current`,
      name,
    );
    expect(stdout).toBe("1\nside\n");
  },
  "clones into /workspace by the name of the repository when nothing is said": async (trial) => {
    const { client, name, folder } = trial;
    await repository(trial);
    await client.commands.execute(`mv ${folder}/origin ${folder}/${name}-repo.git`, name);
    const clone = await client.git.checkout(`file://${folder}/${name}-repo.git`, name);
    expect(clone.targetDir).toBe(`/workspace/${name}-repo`);
    expect((await client.files.exists(`/workspace/${name}-repo/file`, name)).exists).toBe(true);
  },
  "says that there is no such branch": async (trial) => {
    const url = await repository(trial);
    await refused(trial.client.git.checkout(url, trial.name, { branch: "none", targetDir: `${trial.folder}/clone` }), {
      name: "GitBranchNotFoundError",
      code: "GIT_BRANCH_NOT_FOUND",
      httpStatus: 404,
    });
    expect((await trial.client.files.exists(`${trial.folder}/clone`, trial.name)).exists).toBe(false);
  },
  "says that there is no such repository": async ({ client, name, folder }) => {
    await refused(client.git.checkout(`file://${folder}/none`, name, { targetDir: `${folder}/clone` }), {
      name: "GitRepositoryNotFoundError",
      code: "GIT_REPOSITORY_NOT_FOUND",
      httpStatus: 404,
    });
  },
  "says that nobody answers": async ({ client, name, folder }) => {
    await refused(client.git.checkout("http://127.0.0.1:9/x.git", name, { targetDir: `${folder}/clone` }), {
      name: "GitNetworkError",
      code: "GIT_NETWORK_ERROR",
      httpStatus: 502,
    });
  },
  "gives up when the time is over, and leaves nothing half done": async (trial) => {
    const { client, name, folder } = trial;
    const { processId } = await client.processes.startProcess(
      `python3 -c "import socket; s=socket.create_server(('127.0.0.1', 20987)); k=[s.accept() for _ in range(9)]"`,
      name,
    );
    await client.commands.execute("until (: < /dev/tcp/127.0.0.1/20987) 2>/dev/null; do sleep 0.02; done", name);
    await refused(
      client.git.checkout("http://127.0.0.1:20987/x.git", name, { targetDir: `${folder}/clone`, timeoutMs: 500 }),
      {
        name: "GitNetworkError",
        code: "GIT_NETWORK_ERROR",
        httpStatus: 502,
      },
    );
    expect((await client.files.exists(`${folder}/clone`, name)).exists).toBe(false);
    await client.processes.killProcess(processId);
  },
  "writes over nothing": async (trial) => {
    const url = await repository(trial);
    await trial.client.files.writeFile(`${trial.folder}/clone/mine`, "mine", trial.name);
    const error = await failure(trial.client.git.checkout(url, trial.name, { targetDir: `${trial.folder}/clone` }));
    expect(error).toMatchObject({ code: "FILE_EXISTS", httpStatus: 409 });
    expect((await trial.client.files.readFile(`${trial.folder}/clone/mine`, trial.name)).content).toBe("mine");
  },
  "refuses an address that is none, or that would be an option or a program": async ({ client, name, folder }) => {
    for (const url of [
      "",
      "--upload-pack=touch /tmp/owned",
      "ext::sh -c id",
      "javascript://x",
      "a\0b",
      `https://${"x".repeat(2100)}`,
    ])
      await refused(client.git.checkout(url, name, { targetDir: `${folder}/clone` }), {
        name: "InvalidGitUrlError",
        code: "INVALID_GIT_URL",
        httpStatus: 400,
      });
    expect((await client.files.exists("/tmp/owned", name)).exists).toBe(false);
  },
  "tells nobody a password": async ({ client, name, folder }) => {
    const error = await failure(
      client.git.checkout("http://me:s3cret@127.0.0.1:9/x.git", name, { targetDir: `${folder}/clone` }),
    );
    expect(JSON.stringify(error)).not.toContain("s3cret");
    expect(error.message).not.toContain("s3cret");
  },
  "the client minds depth and time itself": async ({ client, name }) => {
    expect((await failure(client.git.checkout("file:///x", name, { depth: 0 }))).message).toContain(
      "Invalid depth value",
    );
    expect((await failure(client.git.checkout("file:///x", name, { timeoutMs: -1 }))).message).toContain(
      "Invalid timeout value",
    );
  },
});
