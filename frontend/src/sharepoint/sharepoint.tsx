import { getRouteApi } from "@tanstack/react-router";

import { Page } from "../shell/page";
import { useWords } from "../text/text";
import { Drives } from "./drives";
import { Files } from "./files";
import { Sites } from "./sites";
import { Way } from "./way-bar";

const route = getRouteApi("/signed-in/organization/sharepoint");

/** What Microsoft 365 shows the person: sites, libraries, folders, files. The address says where one is. */
export function SharePoint() {
  const { text } = useWords();
  const search = route.useSearch();
  const { site, drive } = search;
  return (
    <Page title={text.sharepoint.title} lead={text.sharepoint.lead}>
      {site !== undefined && <Way site={site} {...(drive === undefined ? {} : { drive })} folder={search.folder ?? "root"} />}
      {site === undefined ? (
        <Sites q={search.q ?? ""} />
      ) : drive === undefined ? (
        <Drives site={site} />
      ) : (
        <Files key={drive} site={site} drive={drive} search={search} />
      )}
    </Page>
  );
}
