import { Toast, ToastBody, ToastTitle, ToastTrigger, Toaster, useId, useToastController, Button } from "@fluentui/react-components";
import { TenantryError } from "@tenantry/client";
import { createContext, use, useMemo, type ReactNode } from "react";

import { useWords } from "../text/text";

/** How long something can be taken back, in milliseconds. */
export const UNDO_TIME = 8_000;

interface Toasts {
  /** Says that something is done; `undo` takes it back. */
  readonly done: (message: string, undo?: () => void) => void;
  readonly failed: (error: unknown) => void;
}

const ToastsContext = createContext<Toasts | null>(null);

export function ToastsProvider({ children }: { readonly children: ReactNode }) {
  const toasterId = useId("toaster");
  const { dispatchToast } = useToastController(toasterId);
  const { text } = useWords();
  const toasts = useMemo<Toasts>(
    () => ({
      done(message, undo) {
        const action = undo && (
          <ToastTrigger>
            <Button size="small" appearance="transparent" onClick={undo}>
              {text.form.undo}
            </Button>
          </ToastTrigger>
        );
        dispatchToast(
          <Toast>
            <ToastTitle action={action ?? null}>{message}</ToastTitle>
          </Toast>,
          { intent: "success", ...(undo ? { timeout: UNDO_TIME } : {}) },
        );
      },
      failed(error) {
        const known = error instanceof TenantryError ? error : undefined;
        dispatchToast(
          <Toast>
            <ToastTitle>{text.failure.title}</ToastTitle>
            <ToastBody subtitle={known?.requestId === undefined ? null : text.failure.requestId(known.requestId)}>
              {known?.code === "NETWORK" ? text.failure.network : (known?.message ?? String(error))}
            </ToastBody>
          </Toast>,
          { intent: "error", politeness: "assertive" },
        );
      },
    }),
    [dispatchToast, text],
  );
  return (
    <ToastsContext value={toasts}>
      {children}
      <Toaster toasterId={toasterId} position="bottom-end" />
    </ToastsContext>
  );
}

export function useToasts(): Toasts {
  const toasts = use(ToastsContext);
  if (toasts === null) throw new Error("there is no ToastsProvider above");
  return toasts;
}
