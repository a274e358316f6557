import { Body1, Button, Card, CardHeader, Caption1, Field, Input, makeStyles, Tag, TagGroup, Textarea, tokens } from "@fluentui/react-components";
import { AddRegular, TagMultipleRegular } from "@fluentui/react-icons";
import { data } from "@tenantry/client";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "../lib/api";
import { FormDialog, textOf } from "../lib/form";
import { List } from "../lib/list";
import { useMay } from "../lib/me";
import { useToasts } from "../lib/toast";
import { Empty, Page } from "../shell/page";
import { useWords } from "../text/text";
import { TAXONOMIES, type Taxonomy } from "./queries";


const useStyles = makeStyles({
  grid: { display: "grid", gap: tokens.spacingVerticalL, gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 320px), 1fr))" },
  add: { alignSelf: "start" },
  name: { overflowWrap: "anywhere" },
  term: { maxWidth: "100%", height: "auto", minHeight: "24px", "& > span": { whiteSpace: "normal", overflowWrap: "anywhere" } },
  terms: { flexWrap: "wrap", rowGap: tokens.spacingVerticalXS },
});

/** The vocabularies of the organization. */
export function Taxonomies() {
  const styles = useStyles();
  const { text } = useWords();
  const mayManage = useMay("taxonomies:manage");
  const create = mayManage && <NewTaxonomy />;
  return (
    <Page title={text.taxonomies.title} lead={text.taxonomies.lead} actions={create}>
      <List
        queryKey={[...TAXONOMIES, "list"]}
        page={(cursor) => data(api.GET("/api/taxonomies", { params: { query: cursor === undefined ? {} : { cursor } } }))}
        empty={<Empty icon={<TagMultipleRegular />} title={text.taxonomies.empty} lead={text.taxonomies.emptyLead} />}
      >
        {(taxonomies) => (
          <div className={styles.grid}>
            {taxonomies.map((taxonomy) => (
              <TaxonomyCard key={taxonomy.id} taxonomy={taxonomy} />
            ))}
          </div>
        )}
      </List>
    </Page>
  );
}

function NewTaxonomy() {
  const { text } = useWords();
  const queries = useQueryClient();
  const submit = async (form: FormData) => {
    const description = textOf(form, "description");
    const body = { name: textOf(form, "name") ?? "", ...(description === undefined ? {} : { description }) };
    await data(api.POST("/api/taxonomies", { body }));
    await queries.invalidateQueries({ queryKey: TAXONOMIES });
  };
  const trigger = (open: () => void) => (
    <Button appearance="primary" icon={<AddRegular />} onClick={open}>
      {text.taxonomies.create}
    </Button>
  );
  return (
    <FormDialog title={text.taxonomies.create} trigger={trigger} submit={submit}>
      {(errors) => (
        <>
          <Field label={text.taxonomies.name} required validationMessage={errors("name") ?? null}>
            <Input name="name" maxLength={200} />
          </Field>
          <Field label={text.taxonomies.description} validationMessage={errors("description") ?? null}>
            <Textarea name="description" />
          </Field>
        </>
      )}
    </FormDialog>
  );
}

function TaxonomyCard({ taxonomy }: { readonly taxonomy: Taxonomy }) {
  const styles = useStyles();
  const { text } = useWords();
  const mayManage = useMay("taxonomies:manage");
  const key = [...TAXONOMIES, taxonomy.id, "terms"];
  const path = { taxonomyId: taxonomy.id };
  return (
    <Card>
      <CardHeader
        header={<strong className={styles.name}>{taxonomy.name}</strong>}
        description={<Caption1 className={styles.name}>{taxonomy.description ?? ""}</Caption1>}
        action={mayManage ? <Remove taxonomy={taxonomy} /> : null}
      />
      <List
        queryKey={key}
        page={(cursor) =>
          data(api.GET("/api/taxonomies/{taxonomyId}/terms", { params: { path, query: cursor === undefined ? {} : { cursor } } }))
        }
        empty={<Caption1>{text.taxonomies.noTerms}</Caption1>}
      >
        {(terms) => (
          <TagGroup className={styles.terms} aria-label={text.taxonomies.terms}>
            {terms.map((term) => (
              <Tag key={term.id} size="small" className={styles.term}>
                {term.label}
              </Tag>
            ))}
          </TagGroup>
        )}
      </List>
      {mayManage && <NewTerm taxonomy={taxonomy} />}
    </Card>
  );
}

function NewTerm({ taxonomy }: { readonly taxonomy: Taxonomy }) {
  const styles = useStyles();
  const { text } = useWords();
  const queries = useQueryClient();
  const submit = async (form: FormData) => {
    const params = { path: { taxonomyId: taxonomy.id } };
    await data(api.POST("/api/taxonomies/{taxonomyId}/terms", { params, body: { label: textOf(form, "label") ?? "" } }));
    await queries.invalidateQueries({ queryKey: TAXONOMIES });
  };
  const trigger = (open: () => void) => (
    <Button className={styles.add} size="small" appearance="subtle" icon={<AddRegular />} onClick={open}>
      {text.taxonomies.newTerm}
    </Button>
  );
  return (
    <FormDialog title={text.taxonomies.newTerm} trigger={trigger} submit={submit}>
      {(errors) => (
        <Field label={text.taxonomies.name} required validationMessage={errors("label") ?? null}>
          <Input name="label" />
        </Field>
      )}
    </FormDialog>
  );
}

/** Can't be taken back, since its terms and their use on annotations go with it. */
function Remove({ taxonomy }: { readonly taxonomy: Taxonomy }) {
  const { text } = useWords();
  const toasts = useToasts();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => data(api.DELETE("/api/taxonomies/{taxonomyId}", { params: { path: { taxonomyId: taxonomy.id } } })),
    onSuccess: () => toasts.done(text.taxonomies.deleted(taxonomy.name)),
    onSettled: () => queries.invalidateQueries({ queryKey: TAXONOMIES }),
  });
  const trigger = (open: () => void) => (
    <Button size="small" appearance="subtle" onClick={open}>
      {text.form.remove}
    </Button>
  );
  return (
    <FormDialog title={text.taxonomies.confirm(taxonomy.name)} trigger={trigger} submit={async () => void (await remove.mutateAsync())} save={text.form.remove}>
      {() => <Body1>{text.taxonomies.deleteLead}</Body1>}
    </FormDialog>
  );
}
