import { Badge, makeStyles, Table, TableBody, TableCell, TableHeader, TableHeaderCell, TableRow } from "@fluentui/react-components";
import { HistoryRegular } from "@fluentui/react-icons";

import { List } from "../lib/list";
import { Empty } from "../shell/page";
import { useWords } from "../text/text";
import { API_KEYS, usesPage } from "./queries";

const NARROW = "@media (max-width: 640px)";

const useStyles = makeStyles({
  wide: { [NARROW]: { display: "none" } },
  count: { width: "70px" },
  path: { overflowWrap: "anywhere" },
});

/** Every attempt with a key, refused ones too. */
export function Uses({ keyId }: { readonly keyId: string }) {
  const styles = useStyles();
  const { text, moment, number } = useWords();
  const outcomes: Readonly<Record<string, string>> = text.apiKeys.outcomes;
  return (
    <List
      queryKey={[...API_KEYS, "uses", keyId]}
      page={usesPage(keyId)}
      empty={<Empty icon={<HistoryRegular />} title={text.apiKeys.logEmpty} lead={text.apiKeys.logEmptyLead} />}
    >
      {(uses) => (
        <Table aria-label={text.apiKeys.log} size="small">
          <TableHeader>
            <TableRow>
              <TableHeaderCell>{text.apiKeys.time}</TableHeaderCell>
              <TableHeaderCell>{text.apiKeys.request}</TableHeaderCell>
              <TableHeaderCell>{text.apiKeys.outcome}</TableHeaderCell>
              <TableHeaderCell className={styles.wide}>{text.apiKeys.address}</TableHeaderCell>
              <TableHeaderCell className={styles.count}>{text.apiKeys.count}</TableHeaderCell>
            </TableRow>
          </TableHeader>
          <TableBody>
            {uses.map((use) => (
              <TableRow key={use.id}>
                <TableCell>{moment(use.lastAt)}</TableCell>
                <TableCell className={styles.path}>
                  {use.method} {use.path}
                </TableCell>
                <TableCell>
                  <Badge appearance="tint" color={use.outcome === "allowed" ? "success" : "danger"}>
                    {outcomes[use.outcome] ?? use.outcome}
                  </Badge>
                </TableCell>
                <TableCell className={styles.wide}>{use.ip ?? "–"}</TableCell>
                <TableCell className={styles.count}>{number(use.count)}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
    </List>
  );
}
