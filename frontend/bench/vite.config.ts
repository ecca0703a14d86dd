import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// A page of its own for `make bench NAME=canvas`; it is no part of what a deployment serves.
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  resolve: { alias: { "@": fileURLToPath(new URL("../src", import.meta.url)) } },
  build: { outDir: process.env.BENCH_OUT ?? "dist", emptyOutDir: true },
});
