import { createContext, lazy, Suspense, use, useCallback, useMemo, useState, type ReactNode } from "react";

/** How long something can be taken back, in milliseconds. */
export const UNDO_TIME = 8_000;

/** Something to say in passing. */
export type Message =
  | { readonly kind: "done"; readonly words: string; readonly undo?: () => void }
  | { readonly kind: "failed"; readonly error: unknown };

interface Toasts {
  /** Says that something is done; `undo` takes it back. */
  readonly done: (message: string, undo?: () => void) => void;
  readonly failed: (error: unknown) => void;
}

const ToastsContext = createContext<Toasts | null>(null);
const Messages = lazy(async () => ({ default: (await import("./toaster")).Messages }));
const NONE: readonly Message[] = [];

export function ToastsProvider({ children }: { readonly children: ReactNode }) {
  const [messages, setMessages] = useState(NONE);
  const [hasSpoken, setHasSpoken] = useState(false);
  const say = useCallback((message: Message) => {
    setMessages((before) => [...before, message]);
    setHasSpoken(true);
  }, []);
  const said = useCallback(() => setMessages(NONE), []);
  const toasts = useMemo<Toasts>(
    () => ({
      done: (words, undo) => say({ kind: "done", words, ...(undo ? { undo } : {}) }),
      failed: (error) => say({ kind: "failed", error }),
    }),
    [say],
  );
  return (
    <ToastsContext value={toasts}>
      {children}
      {hasSpoken && (
        <Suspense>
          <Messages messages={messages} onSaid={said} />
        </Suspense>
      )}
    </ToastsContext>
  );
}

export function useToasts(): Toasts {
  const toasts = use(ToastsContext);
  if (toasts === null) throw new Error("there is no ToastsProvider above");
  return toasts;
}
