import { Body1, Button, Caption1, makeStyles, Tag, TagGroup, tokens } from "@fluentui/react-components";
import { DeleteRegular, EditRegular } from "@fluentui/react-icons";
import { data } from "@tenantry/client";
import { useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../lib/api";
import { useDeletion } from "../lib/deletion";
import { useMay, useMe } from "../lib/me";
import { useWords } from "../text/text";
import { EditNote } from "./edit-note";
import { ANNOTATIONS, memberQuery, vocabularyQuery, type Annotation } from "./queries";

const useStyles = makeStyles({
  note: {
    display: "grid",
    gap: tokens.spacingVerticalXS,
    padding: `${tokens.spacingVerticalS} 0 ${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    borderLeft: `3px solid ${tokens.colorBrandStroke2}`,
  },
  words: { whiteSpace: "pre-wrap", overflowWrap: "anywhere" },
  terms: { flexWrap: "wrap", rowGap: tokens.spacingVerticalXS },
  foot: { display: "flex", flexWrap: "wrap", alignItems: "center", justifyContent: "space-between", gap: tokens.spacingHorizontalS },
  quiet: { color: tokens.colorNeutralForeground3 },
});

/** One annotation: what it says, who wrote it, and what can be done with it. */
export function Note({ annotation }: { readonly annotation: Annotation }) {
  const styles = useStyles();
  const { text, moment } = useWords();
  const me = useMe();
  const mayWrite = useMay("annotations:write");
  const mayModerate = useMay("annotations:moderate");
  const { data: vocabulary } = useQuery(vocabularyQuery);
  const isOwn = annotation.authorId === me.id;
  return (
    <article className={styles.note}>
      {annotation.note !== "" && <Body1 className={styles.words}>{annotation.note}</Body1>}
      {annotation.termIds.length > 0 && (
        <TagGroup className={styles.terms} aria-label={text.annotations.terms} role="list">
          {annotation.termIds.map((id) => (
            <Tag key={id} size="small" appearance="brand" role="listitem">
              {vocabulary?.labels.get(id) ?? "…"}
            </Tag>
          ))}
        </TagGroup>
      )}
      <div className={styles.foot}>
        <Caption1 className={styles.quiet}>
          <Author annotation={annotation} isOwn={isOwn} />, {moment(annotation.createdAt)}
        </Caption1>
        {(isOwn || mayModerate) && mayWrite && (
          <span>
            <EditNote
              annotation={annotation}
              trigger={(open) => (
                <Button size="small" appearance="subtle" icon={<EditRegular />} onClick={open} aria-label={text.annotations.edit} />
              )}
            />
            <Delete annotation={annotation} />
          </span>
        )}
      </div>
    </article>
  );
}

function Author({ annotation, isOwn }: { readonly annotation: Annotation; readonly isOwn: boolean }) {
  const { text } = useWords();
  const { data: member, isError } = useQuery({ ...memberQuery(annotation.authorId), enabled: !isOwn });
  if (isOwn) return text.annotations.you;
  return member?.displayName ?? member?.email ?? (isError ? text.annotations.somebody : "…");
}

function Delete({ annotation }: { readonly annotation: Annotation }) {
  const { text } = useWords();
  const queries = useQueryClient();
  const deletion = useDeletion();
  const remove = async () => {
    await data(api.DELETE("/api/annotations/{annotationId}", { params: { path: { annotationId: annotation.id } }, keepalive: true }));
    await queries.invalidateQueries({ queryKey: ANNOTATIONS });
  };
  return (
    <Button
      size="small"
      appearance="subtle"
      icon={<DeleteRegular />}
      aria-label={text.form.remove}
      onClick={() => deletion(annotation.id, text.annotations.deleted, remove)}
    />
  );
}
