import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import { api } from "./api";
import { useToasts } from "./toast";

/** Ends the session, and leaves nothing of it in the page. */
export function useSignOut(): () => void {
  const queries = useQueryClient();
  const toasts = useToasts();
  return useCallback(() => {
    api.POST("/api/auth/logout").then(() => {
      queries.clear();
      globalThis.location.assign("/sign-in");
    }, toasts.failed);
  }, [queries, toasts]);
}
