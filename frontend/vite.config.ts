import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The service that `make run` starts; the console's own pages are Vite's while it is developed.
const service = "http://localhost:4000";
// To the service its own page asks, or it would refuse every change.
const proxied = { target: service, headers: { origin: service } };

export default defineConfig({
  plugins: [react()],
  build: { outDir: "built/console", assetsDir: "assets", sourcemap: false, assetsInlineLimit: 0 },
  server: { proxy: { "/api": proxied, "/docs": proxied, "/openapi.json": proxied } },
});
