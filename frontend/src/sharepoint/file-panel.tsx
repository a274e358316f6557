import { Button, DrawerBody, DrawerHeader, DrawerHeaderTitle, makeStyles, OverlayDrawer, Subtitle2, tokens } from "@fluentui/react-components";
import { ArrowDownloadRegular, DismissRegular, OpenRegular } from "@fluentui/react-icons";
import { useQuery } from "@tanstack/react-query";

import { ItemAnnotations } from "../annotations/item-annotations";
import { FocusReturns } from "../lib/return-focus";
import { Facts } from "../shell/facts";
import { Loading } from "../shell/page";
import { useWords } from "../text/text";
import { contentUrl, itemQuery, type DriveItem } from "./queries";
import { Unreachable } from "./reach";

const useStyles = makeStyles({
  panel: { width: "min(100vw, 480px)" },
  title: { overflowWrap: "anywhere" },
  actions: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS, marginBottom: tokens.spacingVerticalL },
  part: { marginTop: tokens.spacingVerticalXL, display: "grid", gap: tokens.spacingVerticalM },
});

interface FilePanelProps {
  readonly site: string;
  readonly drive: string;
  readonly file: string;
  readonly open: boolean;
  readonly onClose: () => void;
}

/** One file: what it is, and what people have noted on it. */
export function FilePanel({ site, drive, file, open, onClose }: FilePanelProps) {
  const styles = useStyles();
  const { text } = useWords();
  const query = useQuery(itemQuery(drive, file));
  return (
    <OverlayDrawer
      open={open}
      position="end"
      className={styles.panel}
      onOpenChange={(_, change) => !change.open && onClose()}
      aria-label={query.data?.name ?? text.annotations.file}
    >
      <FocusReturns />
      <DrawerHeader>
        <DrawerHeaderTitle
          heading={{ className: styles.title }}
          action={<Button appearance="subtle" aria-label={text.form.close} icon={<DismissRegular />} onClick={onClose} />}
        >
          {query.data?.name ?? "…"}
        </DrawerHeaderTitle>
      </DrawerHeader>
      <DrawerBody>
        {query.isPending && <Loading rows={4} />}
        {query.isError && <Unreachable error={query.error} retry={() => void query.refetch()} />}
        {query.isSuccess && <FileFacts drive={drive} item={query.data} />}
        {query.isSuccess && (
          <section className={styles.part} aria-label={text.sharepoint.annotations}>
            <Subtitle2 as="h3">{text.sharepoint.annotations}</Subtitle2>
            <ItemAnnotations item={{ siteId: site, driveId: drive, itemId: file }} />
          </section>
        )}
      </DrawerBody>
    </OverlayDrawer>
  );
}

function FileFacts({ drive, item }: { readonly drive: string; readonly item: DriveItem }) {
  const styles = useStyles();
  const { text, moment, size } = useWords();
  const facts = [
    [text.sharepoint.path, item.path],
    [text.sharepoint.kind, item.mimeType],
    [text.sharepoint.size, item.size === null ? null : size(item.size)],
    [text.sharepoint.modified, item.lastModifiedAt === null ? null : moment(item.lastModifiedAt)],
  ] as const;
  return (
    <>
      <div className={styles.actions}>
        {item.webUrl !== null && (
          <Button as="a" icon={<OpenRegular />} href={item.webUrl} target="_blank" rel="noreferrer">
            {text.sharepoint.open}
          </Button>
        )}
        {item.type === "file" && (
          <Button as="a" icon={<ArrowDownloadRegular />} href={contentUrl(drive, item.id)} download={item.name ?? item.id}>
            {text.sharepoint.download}
          </Button>
        )}
      </div>
      <Facts facts={facts.filter(([, value]) => value !== null)} />
    </>
  );
}
