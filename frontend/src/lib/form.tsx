import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, makeStyles, tokens } from "@fluentui/react-components";
import { TenantryError } from "@tenantry/client";
import { useState, type FormEvent, type ReactElement, type ReactNode } from "react";

import { Failure } from "../shell/page";
import { useWords } from "../text/text";

/** The reasons that the service gave against each field, to stand beside it. */
export type FieldErrors = (field: string) => string | undefined;

interface FormDialogProps {
  readonly title: string;
  readonly trigger: (open: () => void) => ReactElement;
  /** Fails by throwing what the service answered; the dialog stays open then. */
  readonly submit: (form: FormData) => Promise<void>;
  readonly children: (errors: FieldErrors) => ReactNode;
}

const useStyles = makeStyles({ fields: { display: "grid", gap: tokens.spacingVerticalM } });

/** A form in a dialog. Nothing that was typed is lost when it cannot be saved. */
export function FormDialog({ title, trigger, submit, children }: FormDialogProps) {
  const styles = useStyles();
  const { text } = useWords();
  const [open, setOpen] = useState(false);
  const [saving, setSaving] = useState(false);
  const [error, setError] = useState<unknown>();
  const fields = error instanceof TenantryError ? error.fields : {};
  const reopen = (shown: boolean) => {
    setError(undefined);
    setOpen(shown);
  };
  const onSubmit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
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
          <form onSubmit={(event) => void onSubmit(event)}>
            <DialogBody>
              <DialogTitle>{title}</DialogTitle>
              <DialogContent className={styles.fields}>
                {children((field) => fields[field]?.join(" "))}
                {error !== undefined && Object.keys(fields).length === 0 && <Failure error={error} />}
              </DialogContent>
              <DialogActions>
                <Button onClick={() => reopen(false)}>{text.form.cancel}</Button>
                <Button type="submit" appearance="primary" disabled={saving}>
                  {text.form.save}
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
