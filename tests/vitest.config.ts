import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["journeys/**/*.test.ts"],
    // A journey is one person at one window: its steps build on each other.
    sequence: { concurrent: false },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A lost step makes the rest meaningless; enough fail to see what it was.
    bail: 2,
    // Each window draws in software: one at a time on a small machine.
    fileParallelism: false,
  },
});
