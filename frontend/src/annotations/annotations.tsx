import { Badge, Button, Caption1, Card, CardHeader, Field, makeStyles, Select, tokens } from "@fluentui/react-components";
import { DismissRegular, DocumentRegular, NoteRegular, OpenRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";

import { useDeleted } from "../lib/deletion";
import { ButtonLink, TextLink } from "../lib/link";
import { List } from "../lib/list";
import { useMay } from "../lib/me";
import { Empty, Page } from "../shell/page";
import { useWords } from "../text/text";
import { byItem, type Marked } from "./by-item";
import { Note } from "./note";
import { ANNOTATIONS, annotationsPage, vocabularyQuery, type AnnotationFilter } from "./queries";

const route = getRouteApi("/signed-in/organization/annotations");

const useStyles = makeStyles({
  filters: { display: "flex", flexWrap: "wrap", alignItems: "end", gap: tokens.spacingHorizontalM, marginBottom: tokens.spacingVerticalL },
  filter: { maxWidth: "100%", gridTemplateColumns: "minmax(0, max-content)" },
  list: { display: "grid", gap: tokens.spacingVerticalL, listStyleType: "none", margin: 0, padding: 0 },
  notes: { display: "grid", gap: tokens.spacingVerticalM, listStyleType: "none", margin: 0, padding: 0 },
  icon: { fontSize: "24px", color: tokens.colorBrandForeground1 },
  name: { overflowWrap: "anywhere" },
  quiet: { color: tokens.colorNeutralForeground3, overflowWrap: "anywhere" },
});

/** What people have noted on documents, by document. */
export function Annotations() {
  const styles = useStyles();
  const { text } = useWords();
  const filter = route.useSearch();
  const deleted = useDeleted();
  const isFiltered = Object.keys(filter).length > 0;
  const mayBrowse = useMay("sharepoint:read");
  const browse = mayBrowse && (
    <ButtonLink to="/organization/sharepoint" search={{}} appearance="primary">
      {text.annotations.browse}
    </ButtonLink>
  );
  const empty = isFiltered ? (
    <Empty icon={<NoteRegular />} title={text.annotations.noneFit} lead={text.annotations.noneFitLead} />
  ) : (
    <Empty icon={<NoteRegular />} title={text.annotations.empty} lead={text.annotations.emptyLead} action={browse} />
  );
  return (
    <Page title={text.annotations.title} lead={text.annotations.lead}>
      <Filters filter={filter} />
      <List queryKey={[...ANNOTATIONS, "all", filter]} page={annotationsPage(filter, mayBrowse)} empty={empty}>
        {(annotations) => {
          const files = byItem(annotations.filter(({ id }) => !deleted.has(id)));
          return files.length === 0 ? (
            empty
          ) : (
            <ul className={styles.list}>
              {files.map((marked) => (
                <li key={marked.key}>
                  <File marked={marked} />
                </li>
              ))}
            </ul>
          );
        }}
      </List>
    </Page>
  );
}

/** Narrows the list; what is chosen stands in the address. */
function Filters({ filter }: { readonly filter: AnnotationFilter }) {
  const styles = useStyles();
  const { text } = useWords();
  const navigate = useNavigate();
  const { data: vocabulary } = useQuery(vocabularyQuery);
  const { termId, ...file } = filter;
  const go = (search: AnnotationFilter) => void navigate({ to: "/organization/annotations", search });
  const hasTerms = vocabulary !== undefined && vocabulary.labels.size > 0;
  if (!hasTerms && file.itemId === undefined) return null;
  return (
    <div className={styles.filters}>
      {hasTerms && (
        <Field className={styles.filter} label={text.annotations.filterTerm}>
          <Select value={termId ?? ""} onChange={(_, { value }) => go(value === "" ? file : { ...file, termId: value })}>
            <option value="">{text.annotations.anyTerm}</option>
            {vocabulary.taxonomies.map(({ taxonomy, terms }) => (
              <optgroup key={taxonomy.id} label={taxonomy.name}>
                {terms.map((term) => (
                  <option key={term.id} value={term.id}>
                    {term.label}
                  </option>
                ))}
              </optgroup>
            ))}
          </Select>
        </Field>
      )}
      {file.itemId !== undefined && (
        <Button icon={<DismissRegular />} onClick={() => go(termId === undefined ? {} : { termId })}>
          {text.annotations.oneFile}
        </Button>
      )}
    </div>
  );
}

function File({ marked: { first, annotations } }: { readonly marked: Marked }) {
  const styles = useStyles();
  const { text } = useWords();
  const item = first.item;
  const name = item?.name ?? text.annotations.file;
  const place = { site: first.siteId, drive: first.driveId, file: first.itemId };
  const state = item?.state ?? "unknown";
  return (
    <Card>
      <CardHeader
        image={<DocumentRegular className={styles.icon} aria-hidden />}
        header={
          state === "found" ? (
            <TextLink className={styles.name} to="/organization/sharepoint" search={place}>
              {name}
            </TextLink>
          ) : (
            <Badge appearance="tint" color={state === "unknown" ? "informative" : "warning"}>
              {text.annotations.states[state]}
            </Badge>
          )
        }
        description={<Caption1 className={styles.quiet}>{item?.path ?? first.itemId}</Caption1>}
        action={
          item?.webUrl == null ? null : (
            <Button
              as="a"
              appearance="subtle"
              size="small"
              icon={<OpenRegular />}
              href={item.webUrl}
              target="_blank"
              rel="noreferrer"
              aria-label={`${text.annotations.open}: ${name}`}
            />
          )
        }
      />
      <ul className={styles.notes}>
        {annotations.map((annotation) => (
          <li key={annotation.id}>
            <Note annotation={annotation} />
          </li>
        ))}
      </ul>
    </Card>
  );
}
