import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    dir: import.meta.dirname,
    include: ["*.test.ts"],
    pool: "forks",
    // The SDK tells of each call; only what a failed case said is of use.
    silent: "passed-only",
    slowTestThreshold: 10_000,
    // As a user of the client runs it: Node itself loads the package, untouched, with the hook of docs/SDK.md.
    execArgv: ["--import", resolve(import.meta.dirname, "support/node.mjs"), "--experimental-websocket"],
    // The client's own log of each call.
    onConsoleLog: (log) => !log.includes("component: 'sandbox-do'"),
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
