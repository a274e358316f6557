import { Caption1, Card, CardHeader, makeStyles, tokens } from "@fluentui/react-components";
import { LibraryRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";

import { TextLink } from "../lib/link";
import { Empty, Loading } from "../shell/page";
import { useWords } from "../text/text";
import { drivesQuery } from "./queries";
import { Unreachable } from "./reach";

const useStyles = makeStyles({
  list: { display: "grid", gap: tokens.spacingVerticalM, listStyleType: "none", margin: 0, padding: 0 },
  icon: { fontSize: "28px", color: tokens.colorBrandForeground1 },
});

/** The document libraries of a site. */
export function Drives({ site }: { readonly site: string }) {
  const styles = useStyles();
  const { text } = useWords();
  const query = useQuery(drivesQuery(site));
  if (query.isPending) return <Loading rows={2} />;
  if (query.isError) return <Unreachable error={query.error} retry={() => void query.refetch()} />;
  if (query.data.length === 0) {
    return <Empty icon={<LibraryRegular />} title={text.sharepoint.noLibraries} lead={text.sharepoint.noLibrariesLead} />;
  }
  return (
    <ul className={styles.list} aria-label={text.sharepoint.libraries}>
      {query.data.map((drive) => (
        <li key={drive.id}>
          <Card>
            <CardHeader
              image={<LibraryRegular className={styles.icon} aria-hidden />}
              header={
                <TextLink to="/organization/sharepoint" search={{ site, drive: drive.id }}>
                  {drive.name ?? drive.id}
                </TextLink>
              }
              description={<Caption1>{drive.description ?? ""}</Caption1>}
            />
          </Card>
        </li>
      ))}
    </ul>
  );
}
