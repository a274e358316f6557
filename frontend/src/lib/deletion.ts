import { useCallback, useSyncExternalStore } from "react";

import { useWords } from "../text/text";
import { Later } from "./later";
import { UNDO_TIME, useToasts } from "./toast";

const deletions = new Later();
globalThis.addEventListener("pagehide", () => deletions.flush());

/** The ids of what is being deleted: lists leave them out. */
export function useDeleted(): ReadonlySet<string> {
  return useSyncExternalStore(deletions.subscribe, deletions.snapshot);
}

/**
 * Deletes something unless it is taken back in time; until then it is only out of sight.
 *
 * @returns A function of the thing's id, what to say, and the deletion, which ends when lists no longer have it. Its
 *   request must outlive the page (`keepalive`).
 */
export function useDeletion(): (id: string, message: string, remove: () => Promise<unknown>) => void {
  const toasts = useToasts();
  const { text } = useWords();
  return useCallback(
    (id, message, remove) => {
      deletions.start(id, UNDO_TIME, () => remove().catch(toasts.failed));
      toasts.done(message, () => {
        if (!deletions.takeBack(id)) toasts.done(text.form.tooLate);
      });
    },
    [toasts, text],
  );
}
