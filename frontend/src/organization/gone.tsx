import { Body1, Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle } from "@fluentui/react-components";
import type { components } from "@tenantry/client";

import { useWords } from "../text/text";

export type DeletedOrganization = components["schemas"]["DeletedOrganization"];

/** What is said last: nothing here works any more. */
export function Gone({ name, gone }: { readonly name: string; readonly gone: DeletedOrganization }) {
  const { text, moment, day } = useWords();
  return (
    <Dialog open modalType="alert">
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{text.leaving.gone(name)}</DialogTitle>
          <DialogContent>
            <Body1>{text.leaving.goneLead(moment(gone.deletedAt), day(gone.purgeAt))}</Body1>
          </DialogContent>
          <DialogActions>
            {/* A new page: nothing of the organization stays in this one. */}
            <Button as="a" appearance="primary" href="/sign-in">
              {text.leaving.leave}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
