import { Body1, Button, Field, Input, makeStyles, MessageBar, MessageBarBody, tokens } from "@fluentui/react-components";
import { ArrowUndoRegular, CheckmarkCircleRegular, DeleteRegular, ProhibitedRegular } from "@fluentui/react-icons";
import { data } from "@tenantry/client";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactElement } from "react";

import { api } from "../lib/api";
import { FormDialog } from "../lib/form";
import { useMe } from "../lib/me";
import { useToasts } from "../lib/toast";
import { useWords } from "../text/text";
import { changed, type Tenant } from "./queries";
import { Reason, saysSomething } from "./reason";
import { canComeBack } from "./restorable";

const useStyles = makeStyles({ actions: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS } });

/** What an operator can do with an organization; each of it with a reason. */
export function TenantActions({ tenant }: { readonly tenant: Tenant }) {
  const styles = useStyles();
  return (
    <div className={styles.actions}>
      {tenant.deletedAt !== null ? (
        canComeBack(tenant, Date.now()) && <Restore tenant={tenant} />
      ) : (
        <>
          {tenant.isActive ? <Suspend tenant={tenant} /> : <Reactivate tenant={tenant} />}
          <Delete tenant={tenant} />
        </>
      )}
    </div>
  );
}

interface ReasonedProps {
  readonly name: string;
  readonly icon: ReactElement;
  readonly title: string;
  readonly lead: string;
  /** What must be typed besides the reason. */
  readonly confirm?: string;
  /** What is said when it is done. */
  readonly done: string;
  readonly act: (reason: string) => Promise<Tenant>;
  /** What else to think of, if it shuts the operator out, too. */
  readonly warning?: string | undefined;
  /** Whether it is the organization's suspension that the reason is of. */
  readonly suspends?: boolean;
}

/** A button, and a dialog that asks why. */
function Reasoned({ name, icon, title, lead, confirm, done, act, warning, suspends = false }: ReasonedProps) {
  const { text } = useWords();
  const toasts = useToasts();
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const submit = async () => {
    const tenant = await act(reason.trim());
    await changed(queries, tenant, suspends ? reason.trim() : null);
    toasts.done(done);
  };
  const trigger = (open: () => void) => (
    <Button
      icon={icon}
      onClick={() => {
        setReason("");
        setTyped("");
        open();
      }}
    >
      {name}
    </Button>
  );
  const isComplete = saysSomething(reason) && (confirm === undefined || typed === confirm);
  return (
    <FormDialog title={title} trigger={trigger} submit={submit} save={name} isComplete={isComplete}>
      {(errors) => (
        <>
          <Body1>{lead}</Body1>
          {warning !== undefined && (
            <MessageBar intent="warning" layout="multiline">
              <MessageBarBody>{warning}</MessageBarBody>
            </MessageBar>
          )}
          <Reason reason={reason} onChange={setReason} error={errors("reason")} />
          {confirm !== undefined && (
            <Field label={text.leaving.typeName(confirm)} validationMessage={errors("confirm") ?? null}>
              <Input autoComplete="off" value={typed} onChange={(_, { value }) => setTyped(value)} />
            </Field>
          )}
        </>
      )}
    </FormDialog>
  );
}

/** An operator is shut out with everybody else of their own organization. */
function useOwnWarning(id: string): string | undefined {
  const { text } = useWords();
  return useMe().organization.id === id ? text.operator.own : undefined;
}

function Suspend({ tenant: { id, name } }: { readonly tenant: Tenant }) {
  const { text } = useWords();
  return (
    <Reasoned
      name={text.operator.suspend}
      icon={<ProhibitedRegular />}
      title={text.operator.suspendTitle(name)}
      lead={text.operator.suspendLead}
      done={text.operator.suspended(name)}
      act={(reason) => setActive(id, false, reason)}
      warning={useOwnWarning(id)}
      suspends
    />
  );
}

function Reactivate({ tenant: { id, name } }: { readonly tenant: Tenant }) {
  const { text } = useWords();
  return (
    <Reasoned
      name={text.operator.reactivate}
      icon={<CheckmarkCircleRegular />}
      title={text.operator.reactivateTitle(name)}
      lead={text.operator.reactivateLead}
      done={text.operator.reactivated(name)}
      act={(reason) => setActive(id, true, reason)}
    />
  );
}

function setActive(organizationId: string, isActive: boolean, reason: string): Promise<Tenant> {
  return data(api.PATCH("/api/admin/tenants/{organizationId}", { params: { path: { organizationId } }, body: { isActive, reason } }));
}

function Delete({ tenant: { id, name } }: { readonly tenant: Tenant }) {
  const { text } = useWords();
  const act = (reason: string) => {
    const params = { path: { organizationId: id }, query: { confirm: name, reason } };
    return data(api.DELETE("/api/admin/tenants/{organizationId}", { params }));
  };
  return (
    <Reasoned
      name={text.form.remove}
      icon={<DeleteRegular />}
      title={text.leaving.confirm(name)}
      lead={text.operator.deleteLead}
      confirm={name}
      done={text.leaving.gone(name)}
      act={act}
      warning={useOwnWarning(id)}
    />
  );
}

function Restore({ tenant: { id, name } }: { readonly tenant: Tenant }) {
  const { text } = useWords();
  const act = (reason: string) =>
    data(api.POST("/api/admin/tenants/{organizationId}/restore", { params: { path: { organizationId: id } }, body: { reason } }));
  return (
    <Reasoned
      name={text.operator.restore}
      icon={<ArrowUndoRegular />}
      title={text.operator.restoreTitle(name)}
      lead={text.operator.restoreLead}
      done={text.operator.restored(name)}
      act={act}
    />
  );
}
