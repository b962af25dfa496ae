import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// Relative addresses: the same files are served by Tauri's own protocol and by `sandpitd serve`.
export default defineConfig({
  base: "./",
  plugins: [react()],
  build: {
    target: "es2022",
    // Fonts stay files: a data: address would need a wider content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
  },
  server: { strictPort: true, port: 5199 },
  clearScreen: false,
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true },
});
