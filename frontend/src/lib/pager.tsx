import { Button, Caption1, makeStyles, tokens } from "@fluentui/react-components";
import { ChevronLeftRegular, ChevronRightRegular } from "@fluentui/react-icons";

import { useWords } from "../text/text";
import { pageOf } from "./pages";

const useStyles = makeStyles({
  pager: { display: "flex", alignItems: "center", justifyContent: "end", gap: tokens.spacingHorizontalS, marginTop: tokens.spacingVerticalM },
  range: { color: tokens.colorNeutralForeground3 },
});

interface PagerProps {
  readonly page: number;
  /** How many rows are on this page. */
  readonly shown: number;
  /** How many there are on all pages. */
  readonly total: number;
  readonly onPage: (page: number) => void;
}

/** Where one is in a list with numbered pages, and the ways to its neighbors. */
export function Pager({ page, shown, total, onPage }: PagerProps) {
  const styles = useStyles();
  const { text, number } = useWords();
  const { first, last, hasPrevious, hasNext } = pageOf(page, shown, total);
  return (
    <nav className={styles.pager} aria-label={text.list.pages}>
      <Caption1 className={styles.range} role="status">
        {text.list.range(number(first), number(last), number(total))}
      </Caption1>
      <Button
        size="small"
        icon={<ChevronLeftRegular />}
        aria-label={text.list.previous}
        disabledFocusable={!hasPrevious}
        onClick={() => onPage(page - 1)}
      />
      <Button
        size="small"
        icon={<ChevronRightRegular />}
        aria-label={text.list.next}
        disabledFocusable={!hasNext}
        onClick={() => onPage(page + 1)}
      />
    </nav>
  );
}
