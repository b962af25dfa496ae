import { defineConfig } from "vitest/config";

/** Vitest only runs the file: nothing here passes or fails by its time. */
export default defineConfig({
  test: {
    include: ["bench/**/*.bench.ts"],
    testTimeout: 900_000,
    hookTimeout: 60_000,
    bail: 1,
    reporters: ["dot"],
    disableConsoleIntercept: true,
  },
});
