import { Button, Toast, ToastBody, ToastTitle, ToastTrigger, Toaster, useId, useToastController } from "@fluentui/react-components";
import { TenantryError } from "@tenantry/client";
import { useEffect } from "react";

import { useWords } from "../text/text";
import { UNDO_TIME, type Message } from "./toast";

interface ToasterProps {
  /** What is to be said; each once. */
  readonly messages: readonly Message[];
  readonly onSaid: () => void;
}

/** Says things in a corner. It is fetched with the first of them. */
export function Messages({ messages, onSaid }: ToasterProps) {
  const toasterId = useId("toaster");
  const { dispatchToast } = useToastController(toasterId);
  const { text } = useWords();
  useEffect(() => {
    if (messages.length === 0) return;
    for (const message of messages) {
      if (message.kind === "done") {
        const { undo, words } = message;
        const action = undo && (
          <ToastTrigger>
            <Button size="small" appearance="transparent" onClick={undo}>
              {text.form.undo}
            </Button>
          </ToastTrigger>
        );
        const toast = (
          <Toast>
            <ToastTitle action={action ?? null}>{words}</ToastTitle>
          </Toast>
        );
        dispatchToast(toast, { intent: "success", ...(undo ? { timeout: UNDO_TIME } : {}) });
      } else {
        const { error } = message;
        const known = error instanceof TenantryError ? error : undefined;
        const toast = (
          <Toast>
            <ToastTitle>{text.failure.title}</ToastTitle>
            <ToastBody subtitle={known?.requestId === undefined ? null : text.failure.requestId(known.requestId)}>
              {known?.code === "NETWORK" ? text.failure.network : (known?.message ?? String(error))}
            </ToastBody>
          </Toast>
        );
        dispatchToast(toast, { intent: "error", politeness: "assertive" });
      }
    }
    onSaid();
  }, [messages, onSaid, dispatchToast, text]);
  return <Toaster toasterId={toasterId} position="bottom-end" />;
}
