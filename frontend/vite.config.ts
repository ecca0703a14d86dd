import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const server = process.env.WINNOW_SERVER ?? "http://127.0.0.1:8000";

// Django serves the built files under /static/ and answers every other page with index.html.
export default defineConfig(({ command }) => ({
  base: command === "build" ? "/static/" : "/",
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "dist",
    sourcemap: false,
    // OpenLayers and ECharts stand in chunks of their own that only their pages load.
    chunkSizeWarningLimit: 1000,
  },
  server: {
    host: "127.0.0.1",
    port: 5173,
    proxy: { "/api": { target: server, changeOrigin: false }, "/media": { target: server, changeOrigin: false } },
  },
  test: {
    // A file that needs a document says so in its first line; to make one takes longer than most files' tests.
    environment: "node",
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    testTimeout: 20_000,
  },
}));
