import { Button, Card, Field, Input, makeStyles, MessageBar, MessageBarBody, Select, Textarea, tokens } from "@fluentui/react-components";
import { data, TenantryError } from "@tenantry/client";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { vocabularyQuery } from "../annotations/queries";
import { api } from "../lib/api";
import { Reasons } from "../lib/field-errors";
import { useMay } from "../lib/me";
import { useToasts } from "../lib/toast";
import { Failure } from "../shell/failure";
import { Loading, Page } from "../shell/page";
import { useWords } from "../text/text";
import { Deletion } from "./deletion";
import { Export } from "./export";
import { organizationQuery, type Organization } from "./queries";
import { configOf, draftOf, isConfig } from "./settings-draft";

const useStyles = makeStyles({
  all: { display: "grid", gridTemplateColumns: "minmax(0, 1fr)", gap: tokens.spacingVerticalXL, maxWidth: "720px" },
  form: { display: "grid", gridTemplateColumns: "minmax(0, 1fr)", gap: tokens.spacingVerticalM },
  code: { "& textarea": { fontFamily: tokens.fontFamilyMonospace, minHeight: "120px" } },
  save: { justifySelf: "start" },
});

/** The organization's name and settings, and the ways out. */
export function Settings() {
  const styles = useStyles();
  const { text } = useWords();
  const query = useQuery(organizationQuery);
  const mayExport = useMay("organization:export");
  const mayDelete = useMay("organization:delete");
  return (
    <Page title={text.settings.title} lead={text.settings.lead}>
      <div className={styles.all}>
        {query.isPending && <Loading rows={6} />}
        {query.isError && <Failure error={query.error} retry={() => void query.refetch()} />}
        {query.isSuccess && <SettingsForm key={query.data.etag} {...query.data} />}
        {mayExport && <Export />}
        {mayDelete && query.isSuccess && <Deletion organization={query.data.organization} />}
      </div>
    </Page>
  );
}

interface SettingsFormProps {
  readonly organization: Organization;
  /** The version that is changed: a change of somebody else's in between is not undone. */
  readonly etag: string | null;
}

function SettingsForm({ organization, etag }: SettingsFormProps) {
  const styles = useStyles();
  const { text } = useWords();
  const toasts = useToasts();
  const queries = useQueryClient();
  const mayManage = useMay("organization:manage");
  const { data: vocabulary } = useQuery(vocabularyQuery);
  const [draft, setDraft] = useState(() => draftOf(organization));
  const save = useMutation({
    mutationFn: () => {
      const { name, defaultTaxonomyId, config } = draft;
      const settings = { defaultTaxonomyId: defaultTaxonomyId === "" ? null : defaultTaxonomyId, config: configOf(config) };
      const params = { header: etag === null ? {} : { "If-Match": etag } };
      return data(api.PATCH("/api/auth/organization", { params, body: { name: name.trim(), settings } }));
    },
    onSuccess: async () => {
      toasts.done(text.settings.saved);
      await Promise.all(["organization", "me"].map((key) => queries.invalidateQueries({ queryKey: [key] })));
    },
  });
  const reasons = new Reasons(save.error);
  const readable = isConfig(draft.config);
  return (
    <Card size="large">
      <form
        className={styles.form}
        aria-label={text.settings.title}
        onSubmit={(event) => {
          event.preventDefault();
          if (readable && mayManage) save.mutate();
        }}
      >
        {!mayManage && (
          <MessageBar>
            <MessageBarBody>{text.settings.readOnly}</MessageBarBody>
          </MessageBar>
        )}
        <Field label={text.settings.name} hint={text.settings.nameHint} required validationMessage={reasons.of("name") ?? null}>
          <Input
            maxLength={200}
            readOnly={!mayManage}
            value={draft.name}
            onChange={(_, { value }) => setDraft({ ...draft, name: value })}
          />
        </Field>
        <Field label={text.settings.taxonomy} hint={text.settings.taxonomyHint}>
          <Select
            disabled={!mayManage}
            value={draft.defaultTaxonomyId}
            onChange={(_, { value }) => setDraft({ ...draft, defaultTaxonomyId: value })}
          >
            <option value="">{text.settings.noTaxonomy}</option>
            {vocabulary?.taxonomies.map(({ taxonomy }) => (
              <option key={taxonomy.id} value={taxonomy.id}>
                {taxonomy.name}
              </option>
            ))}
          </Select>
        </Field>
        <Field
          label={text.settings.config}
          hint={text.settings.configHint}
          validationMessage={readable ? (reasons.of("settings.config") ?? null) : text.settings.configWrong}
        >
          <Textarea
            className={styles.code}
            resize="vertical"
            spellCheck={false}
            readOnly={!mayManage}
            value={draft.config}
            onChange={(_, { value }) => setDraft({ ...draft, config: value })}
          />
        </Field>
        {reasons.isElsewhere && <Failure error={save.error} />}
        {save.error instanceof TenantryError && save.error.status === 412 && (
          <Button onClick={() => void queries.invalidateQueries({ queryKey: ["organization"] })}>{text.settings.reload}</Button>
        )}
        {mayManage && (
          <Button className={styles.save} type="submit" appearance="primary" disabledFocusable={!readable || save.isPending}>
            {text.settings.save}
          </Button>
        )}
      </form>
    </Card>
  );
}
