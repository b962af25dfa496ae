import { defineConfig } from "vitest/config";

/** The OpenAPI document against the real server. `npm run openapi` runs it; `make test` does. */
export default defineConfig({
  test: {
    dir: import.meta.dirname,
    include: ["*.test.ts"],
    pool: "forks",
    // The run has its own budget (schemathesis.toml); this ends one that hangs.
    testTimeout: 400_000,
    hookTimeout: 60_000,
  },
});
