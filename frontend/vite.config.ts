import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The service that `make run` starts; the console's own pages are Vite's while it is developed.
const service = "http://localhost:4000";

export default defineConfig({
  plugins: [react()],
  build: { outDir: "built/console", assetsDir: "assets", sourcemap: false, assetsInlineLimit: 0 },
  server: { proxy: { "/api": service, "/docs": service, "/openapi.json": service } },
});
