import { Body1, Caption1, Card, makeStyles, tokens } from "@fluentui/react-components";
import { NoteRegular } from "@fluentui/react-icons";
import { data } from "@tenantry/client";

import { api } from "../lib/api";
import { List } from "../lib/list";
import { Empty, Page } from "../shell/page";
import { useWords } from "../text/text";

const useStyles = makeStyles({
  list: { display: "grid", gap: tokens.spacingVerticalM, listStyleType: "none", margin: 0, padding: 0 },
  quiet: { color: tokens.colorNeutralForeground3 },
});

/** What people have noted on documents. */
export function Annotations() {
  const styles = useStyles();
  const { text, moment } = useWords();
  return (
    <Page title={text.annotations.title} lead={text.annotations.lead}>
      <List
        queryKey={["annotations"]}
        page={(cursor) => data(api.GET("/api/annotations", { params: { query: cursor === undefined ? {} : { cursor } } }))}
        empty={<Empty icon={<NoteRegular />} title={text.annotations.empty} lead={text.annotations.emptyLead} />}
      >
        {(annotations) => (
          <ul className={styles.list}>
            {annotations.map((annotation) => (
              <li key={annotation.id}>
                <Card>
                  <Body1>{annotation.note}</Body1>
                  <Caption1 className={styles.quiet}>{moment(annotation.createdAt)}</Caption1>
                </Card>
              </li>
            ))}
          </ul>
        )}
      </List>
    </Page>
  );
}
