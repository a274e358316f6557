import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, makeStyles, tokens } from "@fluentui/react-components";
import { useState, type FormEvent, type ReactElement, type ReactNode } from "react";

import { Failure } from "../shell/failure";
import { useWords } from "../text/text";
import { Reasons, type FieldErrors } from "./field-errors";
import { FocusReturns } from "./return-focus";

interface FormDialogProps {
  readonly title: string;
  readonly trigger: (open: () => void) => ReactElement;
  /** Fails by throwing what the service answered; the dialog stays open then. */
  readonly submit: (form: FormData) => Promise<void>;
  /** The word on the button that sends it off; "Save" unless given. */
  readonly save?: string;
  /** Instead of the usual words about a failure. */
  readonly failure?: (error: unknown) => ReactNode;
  /** Whether it can be sent off yet. */
  readonly isComplete?: boolean;
  readonly children: (errors: FieldErrors) => ReactNode;
}

const useStyles = makeStyles({ fields: { display: "grid", gridTemplateColumns: "minmax(0, 1fr)", gap: tokens.spacingVerticalM } });

/** A form in a dialog. Nothing that was typed is lost when it cannot be saved. */
export function FormDialog({ title, trigger, submit, save, isComplete = true, failure, children }: FormDialogProps) {
  const styles = useStyles();
  const { text } = useWords();
  const [open, setOpen] = useState(false);
  const [saving, setSaving] = useState(false);
  const [error, setError] = useState<unknown>();
  const reasons = new Reasons(error);
  const fields = children(reasons.of);
  const reopen = (shown: boolean) => {
    setError(undefined);
    setOpen(shown);
  };
  const onSubmit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (saving || !isComplete) return;
    setSaving(true);
    try {
      await submit(new FormData(event.currentTarget));
      reopen(false);
    } catch (thrown) {
      setError(thrown);
    } finally {
      setSaving(false);
    }
  };
  return (
    <>
      {trigger(() => reopen(true))}
      <Dialog open={open} onOpenChange={(_, change) => reopen(change.open)}>
        <DialogSurface>
          <FocusReturns />
          <form onSubmit={(event) => void onSubmit(event)}>
            <DialogBody>
              <DialogTitle>{title}</DialogTitle>
              <DialogContent className={styles.fields}>
                {fields}
                {reasons.isElsewhere && (failure?.(error) ?? <Failure error={error} />)}
              </DialogContent>
              <DialogActions>
                <Button onClick={() => reopen(false)}>{text.form.cancel}</Button>
                <Button type="submit" appearance="primary" disabledFocusable={saving || !isComplete}>
                  {save ?? text.form.save}
                </Button>
              </DialogActions>
            </DialogBody>
          </form>
        </DialogSurface>
      </Dialog>
    </>
  );
}

/** A text field of a form; empty is absent. */
export function textOf(form: FormData, name: string): string | undefined {
  const value = form.get(name);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}
