import { Button, Toast, ToastBody, ToastTitle, ToastTrigger, Toaster, toasterClassNames, useId, useToastController } from "@fluentui/react-components";
import { TenantryError } from "@tenantry/client";
import { useCallback, useEffect, useRef } from "react";

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
  const leave = useWayBack();
  useEffect(() => {
    if (messages.length === 0) return;
    for (const message of messages) {
      if (message.kind === "done") {
        const { undo, words } = message;
        const action = undo && (
          <ToastTrigger>
            <Button
              size="small"
              appearance="transparent"
              onClick={() => {
                leave();
                undo();
              }}
            >
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
  }, [messages, onSaid, dispatchToast, text, leave]);
  return <Toaster toasterId={toasterId} position="bottom-end" />;
}

/**
 * Gives the focus back to where it was before it came into a toast. A toast that is closed with the focus in it would
 * hand it to the next toast, later, and out of a dialog that was opened meanwhile.
 */
function useWayBack(): () => void {
  const outside = useRef<HTMLElement | null>(null);
  useEffect(() => {
    const remember = ({ target }: FocusEvent) => {
      if (target instanceof HTMLElement && target.closest(`.${toasterClassNames.root}`) === null) outside.current = target;
    };
    document.addEventListener("focusin", remember);
    return () => document.removeEventListener("focusin", remember);
  }, []);
  return useCallback(() => {
    if (outside.current?.isConnected === true) outside.current.focus();
    else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  }, []);
}
