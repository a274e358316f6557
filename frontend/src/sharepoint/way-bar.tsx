import { makeStyles, tokens } from "@fluentui/react-components";
import { ChevronRightRegular } from "@fluentui/react-icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";

import { TextLink } from "../lib/link";
import { useWords } from "../text/text";
import { drivesQuery, wayQuery } from "./queries";
import type { SharePointSearch } from "./search";
import { siteNameOf } from "./way";

const useStyles = makeStyles({
  way: {
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    gap: tokens.spacingHorizontalXS,
    listStyleType: "none",
    margin: `0 0 ${tokens.spacingVerticalL}`,
    padding: 0,
    minHeight: "24px",
  },
  step: { display: "inline-flex", alignItems: "center", gap: tokens.spacingHorizontalXS, minWidth: 0, overflowWrap: "anywhere" },
  here: { fontWeight: tokens.fontWeightSemibold },
});

interface WayProps {
  readonly site: string;
  readonly drive?: string;
  /** `root` for the library itself. */
  readonly folder: string;
}

/** From all sites to where one is; each step leads there. */
export function Way({ site, drive, folder }: WayProps) {
  const styles = useStyles();
  const { text } = useWords();
  const queries = useQueryClient();
  const drives = useQuery(drivesQuery(site)).data;
  const inFolder = drive !== undefined && folder !== "root";
  const folders = useQuery({ ...wayQuery(queries, drive ?? "", folder), enabled: inFolder }).data ?? [];
  const steps: { readonly name: string; readonly search: SharePointSearch }[] = [
    { name: text.sharepoint.sites, search: {} },
    { name: siteNameOf(drives?.[0]?.webUrl) ?? "…", search: { site } },
  ];
  if (drive !== undefined) {
    steps.push({ name: drives?.find(({ id }) => id === drive)?.name ?? "…", search: { site, drive } });
    if (inFolder) steps.push(...folders.map(({ id, name }) => ({ name: name ?? id, search: { site, drive, folder: id } })));
  }
  return (
    <nav aria-label={text.sharepoint.way}>
      <ol className={styles.way}>
        {steps.map(({ name, search }, index) => (
          <li key={JSON.stringify(search)} className={styles.step}>
            {index > 0 && <ChevronRightRegular aria-hidden />}
            {index === steps.length - 1 ? (
              <span className={styles.here} aria-current="page">
                {name}
              </span>
            ) : (
              <TextLink to="/organization/sharepoint" search={search}>
                {name}
              </TextLink>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
