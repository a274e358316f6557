import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { TenantryError } from "@tenantry/client";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { ToastsProvider } from "./lib/toast";
import { makeRouter } from "./router";
import { ThemeProvider } from "./shell/theme";
import { firstWords, WordsProvider } from "./text/text";

// What the service refused it would refuse again; only what did not reach it, or what it could not do now, is retried.
const worthRetrying = (error: unknown) =>
  error instanceof TenantryError && (error.code === "NETWORK" || error.status === 503 || error.status === 504);
const queries = new QueryClient({
  defaultOptions: { queries: { retry: (count, error) => count < 2 && worthRetrying(error), staleTime: 10_000 } },
});
const router = makeRouter(queries);

const words = await firstWords();
const element = document.getElementById("root");
if (element !== null) {
  createRoot(element).render(
    <StrictMode>
      <WordsProvider first={words}>
        <ThemeProvider>
          <ToastsProvider>
            <QueryClientProvider client={queries}>
              <RouterProvider router={router} />
            </QueryClientProvider>
          </ToastsProvider>
        </ThemeProvider>
      </WordsProvider>
    </StrictMode>,
  );
}
