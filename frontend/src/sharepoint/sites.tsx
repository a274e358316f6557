import { Avatar, Caption1, Card, CardHeader, makeStyles, tokens } from "@fluentui/react-components";
import { GlobeSearchRegular } from "@fluentui/react-icons";
import { useNavigate } from "@tanstack/react-router";

import { TextLink } from "../lib/link";
import { List } from "../lib/list";
import { SearchField } from "../lib/search-field";
import { Empty } from "../shell/page";
import { useWords } from "../text/text";
import { sitesPage, type Site } from "./queries";
import { Unreachable } from "./reach";

const useStyles = makeStyles({
  grid: {
    display: "grid",
    gap: tokens.spacingVerticalM,
    gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 280px), 1fr))",
    listStyleType: "none",
    margin: 0,
    padding: 0,
  },
  card: { height: "100%", boxSizing: "border-box" },
  quiet: { color: tokens.colorNeutralForeground3 },
});

/** The sites that the person may see. */
export function Sites({ q }: { readonly q: string }) {
  const styles = useStyles();
  const { text } = useWords();
  const navigate = useNavigate();
  const search = (words: string) => void navigate({ to: "/organization/sharepoint", search: words === "" ? {} : { q: words } });
  return (
    <>
      <SearchField key={q} label={text.sharepoint.searchSites} words={q} onSearch={search} />
      <List
        queryKey={["sharepoint", "sites", q]}
        page={sitesPage(q)}
        empty={<Empty icon={<GlobeSearchRegular />} title={text.sharepoint.noSites} lead={text.sharepoint.noSitesLead} />}
        failure={(error, retry) => <Unreachable error={error} retry={retry} />}
      >
        {(sites) => (
          <ul className={styles.grid} aria-label={text.sharepoint.sites}>
            {sites.map((site) => (
              <li key={site.id}>
                <SiteCard site={site} />
              </li>
            ))}
          </ul>
        )}
      </List>
    </>
  );
}

function SiteCard({ site }: { readonly site: Site }) {
  const styles = useStyles();
  const name = site.displayName ?? site.name ?? site.id;
  return (
    <Card className={styles.card}>
      <CardHeader
        image={<Avatar name={name} shape="square" color="colorful" aria-hidden />}
        header={
          <TextLink to="/organization/sharepoint" search={{ site: site.id }}>
            {name}
          </TextLink>
        }
        description={<Caption1 className={styles.quiet}>{site.description ?? ""}</Caption1>}
      />
    </Card>
  );
}
