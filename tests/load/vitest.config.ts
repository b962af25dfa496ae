import { defineConfig } from "vitest/config";

/** Load and faults. `npm run load` runs it; `make test` does. */
export default defineConfig({
  test: {
    include: ["load/**/*.test.ts"],
    pool: "forks",
    execArgv: ["--experimental-websocket"],
    // Far above what any of them takes: a test that hangs is what this ends.
    testTimeout: 180_000,
    hookTimeout: 90_000,
    // Each measures what it leaves behind, and a small machine has two cores.
    fileParallelism: false,
    sequence: { concurrent: false },
  },
});
