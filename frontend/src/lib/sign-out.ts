import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

/** Ends the session and leaves nothing of it in the page. */
export function useSignOut(): () => void {
  const queries = useQueryClient();
  return useCallback(() => {
    queries.clear();
    globalThis.location.assign("/sign-in");
  }, [queries]);
}
