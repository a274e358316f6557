import { Button, makeStyles, mergeClasses, Table, TableBody, TableCell, TableHeader, TableHeaderCell, TableRow, Text, tokens } from "@fluentui/react-components";
import { ArrowDownloadRegular, DocumentRegular, FolderOpenRegular, FolderRegular, SearchRegular } from "@fluentui/react-icons";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { TextLink } from "../lib/link";
import { List } from "../lib/list";
import { SearchField } from "../lib/search-field";
import { Empty } from "../shell/page";
import { Unseen } from "../shell/unseen";
import { useWords } from "../text/text";
import { FilePanel } from "./file-panel";
import { childrenPage, contentUrl, hitsPage, type DriveItem } from "./queries";
import { Unreachable } from "./reach";
import type { SharePointSearch } from "./search";

const NARROW = "@media (max-width: 640px)";

const useStyles = makeStyles({
  icon: { fontSize: "20px", flexShrink: 0 },
  folder: { color: tokens.colorPaletteMarigoldForeground1 },
  file: { color: tokens.colorBrandForeground1 },
  name: { display: "flex", alignItems: "center", gap: tokens.spacingHorizontalS, minWidth: 0 },
  words: { minWidth: 0, overflowWrap: "anywhere", display: "grid" },
  wide: { width: "150px", [NARROW]: { display: "none" } },
  narrow: { color: tokens.colorNeutralForeground3, "@media (min-width: 641px)": { display: "none" } },
  action: { width: "44px", textAlign: "end" },
});

interface FilesProps {
  readonly site: string;
  readonly drive: string;
  readonly search: SharePointSearch;
}

/** What is in a folder, or fits what was searched for; a file opens beside it. */
export function Files({ site, drive, search }: FilesProps) {
  const { text } = useWords();
  const navigate = useNavigate();
  const { folder = "root", q = "", file } = search;
  // The panel is there until it has closed, with what it showed.
  const [last, setLast] = useState(file);
  if (file !== undefined && file !== last) setLast(file);
  const here = { site, drive, ...(folder === "root" ? {} : { folder }), ...(q === "" ? {} : { q }) };
  const go = (to: SharePointSearch) => void navigate({ to: "/organization/sharepoint", search: to });
  const empty =
    q === "" ? (
      <Empty icon={<FolderOpenRegular />} title={text.sharepoint.noFiles} lead={text.sharepoint.noFilesLead} />
    ) : (
      <Empty icon={<SearchRegular />} title={text.sharepoint.noHits} lead={text.sharepoint.noHitsLead} />
    );
  return (
    <>
      <SearchField
        key={q}
        label={text.sharepoint.searchFiles}
        words={q}
        onSearch={(words) => go({ site, drive, ...(words === "" ? {} : { q: words }) })}
      />
      <List
        queryKey={["sharepoint", "items", drive, q === "" ? folder : "", q]}
        page={q === "" ? childrenPage(drive, folder) : hitsPage(drive, q)}
        empty={empty}
        failure={(error, retry) => <Unreachable error={error} retry={retry} />}
      >
        {(items) => <FileTable drive={drive} items={items} here={here} label={q === "" ? text.sharepoint.title : text.sharepoint.searching(q)} />}
      </List>
      {last !== undefined && <FilePanel site={site} drive={drive} file={last} open={file !== undefined} onClose={() => go(here)} />}
    </>
  );
}

interface FileTableProps {
  readonly items: readonly DriveItem[];
  readonly here: SharePointSearch;
  readonly drive: string;
  readonly label: string;
}

function FileTable({ drive, items, here, label }: FileTableProps) {
  const styles = useStyles();
  const { text } = useWords();
  return (
    <Table aria-label={label}>
      <TableHeader>
        <TableRow>
          <TableHeaderCell>{text.sharepoint.name}</TableHeaderCell>
          <TableHeaderCell className={styles.wide}>{text.sharepoint.modified}</TableHeaderCell>
          <TableHeaderCell className={styles.wide}>{text.sharepoint.size}</TableHeaderCell>
          <TableHeaderCell className={styles.action}>
            <Unseen>{text.sharepoint.download}</Unseen>
          </TableHeaderCell>
        </TableRow>
      </TableHeader>
      <TableBody>
        {items.map((item) => (
          <FileRow key={item.id} drive={drive} item={item} here={here} />
        ))}
      </TableBody>
    </Table>
  );
}

function FileRow({ drive, item, here }: { readonly drive: string; readonly item: DriveItem; readonly here: SharePointSearch }) {
  const styles = useStyles();
  const { text, moment, size } = useWords();
  const name = item.name ?? item.id;
  const isFolder = item.type === "folder";
  const modified = item.lastModifiedAt === null ? "" : moment(item.lastModifiedAt);
  const extent = isFolder ? text.sharepoint.items(item.childCount ?? 0) : item.size === null ? "" : size(item.size);
  const { q: _, ...place } = here;
  return (
    <TableRow>
      <TableCell>
        <span className={styles.name}>
          {isFolder ? (
            <FolderRegular className={mergeClasses(styles.icon, styles.folder)} aria-hidden />
          ) : (
            <DocumentRegular className={mergeClasses(styles.icon, styles.file)} aria-hidden />
          )}
          <span className={styles.words}>
            <TextLink to="/organization/sharepoint" search={isFolder ? { ...place, folder: item.id } : { ...here, file: item.id }}>
              {name}
            </TextLink>
            <Text size={200} className={styles.narrow}>
              {[extent, modified].filter((word) => word !== "").join(" · ")}
            </Text>
          </span>
        </span>
      </TableCell>
      <TableCell className={styles.wide}>{modified}</TableCell>
      <TableCell className={styles.wide}>{extent}</TableCell>
      <TableCell className={styles.action}>
        {item.type === "file" && (
          <Button
            as="a"
            appearance="subtle"
            size="small"
            icon={<ArrowDownloadRegular />}
            href={contentUrl(drive, item.id)}
            download={name}
            aria-label={`${text.sharepoint.download}: ${name}`}
          />
        )}
      </TableCell>
    </TableRow>
  );
}
