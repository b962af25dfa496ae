/** docs/SDK.md is run exactly as it is printed. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../support/place.ts";
import { Gateway } from "./support/gateway.ts";

const page = readFileSync(join(root, "docs/SDK.md"), "utf8");

const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map((match) => match[1] ?? "");

const named = blocks("js").map((code) => ({ name: /^\/\/ ([\w-]+\.mjs)/.exec(code)?.[1] ?? "", code }));
const commands = blocks("sh").flatMap((block) => block.trim().split("\n"));

let gateway: Gateway;
let folder: string;

beforeAll(async () => {
  gateway = await Gateway.open();
  folder = mkdtempSync(join(tmpdir(), "sandpit-docs-"));
  // What the page's `npm install` would bring.
  symlinkSync(join(root, "tests/node_modules"), join(folder, "node_modules"));
  for (const { name, code } of named) writeFileSync(join(folder, name), code);
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await gateway?.close();
});

async function run(command: string): Promise<string> {
  const env = { PATH: process.env.PATH, SANDPIT_URL: gateway.url, SANDPIT_TOKEN: gateway.token };
  const { stdout } = await promisify(execFile)("bash", ["-c", command], { cwd: folder, env, timeout: 50_000 });
  return stdout;
}

describe("docs/SDK.md", () => {
  it("names each file it prints, and the version that is tried here", () => {
    expect(named.map(({ name }) => name)).toEqual(["hello.mjs", "sandpit-node.mjs", "socket.mjs"]);
    const { devDependencies } = JSON.parse(readFileSync(join(root, "tests/package.json"), "utf8")) as {
      devDependencies: Record<string, string>;
    };
    expect(commands[0]).toMatch(new RegExp(`@cloudflare/sandbox@${devDependencies["@cloudflare/sandbox"]}$`));
  });

  it("prints the hook that the whole suite runs with", () => {
    const ours = readFileSync(join(root, "tests/conformance/support/node.mjs"), "utf8");
    expect(named.find(({ name }) => name === "sandpit-node.mjs")?.code).toBe(ours);
  });

  it("says five lines, and has them", () => {
    const lines = named[0]?.code.trim().split("\n").slice(2).filter(Boolean);
    expect(lines?.length).toBe(5);
  });

  it("works over HTTP, as printed", async () => {
    expect(await run(commands[1] ?? "")).toBe("hello from /workspace\n\n");
  });

  it("works over one WebSocket, as printed", async () => {
    expect(await run(commands[2] ?? "")).toBe("over one socket\n\n");
  });
});
