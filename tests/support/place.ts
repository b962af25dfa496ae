/** Where a test of the whole runs: its own data folder, the programs under test, and a folder for pictures. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");

/** The folder of the programs under test: `target/debug`, or what `SANDPIT_BIN` names. */
export const programs = process.env.SANDPIT_BIN ?? join(root, "target/debug");

export interface Place {
  dataDir: string;
  env: Record<string, string>;
  remove(): void;
}

export function newPlace(): Place {
  const dataDir = mkdtempSync(join(tmpdir(), "sandpit-place-"));
  const runtime = process.env.SANDPIT_RUNTIME;
  const agent = process.env.SANDPIT_AGENT ?? join(root, "target/release/sandpit-agent");
  if (!runtime) throw new Error("SANDPIT_RUNTIME is not set: run the tests through `make test`");
  const env = { ...(process.env as Record<string, string>) };
  Object.assign(env, { SANDPIT_DATA_DIR: dataDir, SANDPIT_RUNTIME: runtime, SANDPIT_AGENT: agent });
  return { dataDir, env, remove: () => rmSync(dataDir, { recursive: true, force: true }) };
}

/** A program of the Python environment that `make test` prepares with what others say of our files. */
export const peer = (program: string) => join(root, ".sandpit/peers/bin", program);

export function picture(name: string): string {
  const folder = join(root, "tests/screenshots");
  mkdirSync(folder, { recursive: true });
  return join(folder, `${name}.png`);
}
