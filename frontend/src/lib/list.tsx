import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Failure } from "../shell/failure";
import { Loading } from "../shell/page";
import { useWords } from "../text/text";
import type { ListPage } from "./list-page";

interface ListProps<Row> {
  readonly queryKey: readonly unknown[];
  readonly page: (cursor: string | undefined) => Promise<ListPage<Row>>;
  readonly empty: ReactNode;
  /** Instead of the usual words about a failure. */
  readonly failure?: (error: unknown, retry: () => void) => ReactNode;
  readonly children: (rows: readonly Row[]) => ReactNode;
}

const useStyles = makeStyles({ more: { marginTop: tokens.spacingVerticalL } });

/** The rows of one of the API's lists, page by page. */
export function List<Row>({ queryKey, page, empty, failure, children }: ListProps<Row>) {
  const styles = useStyles();
  const { text } = useWords();
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => page(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });
  if (query.isPending) return <Loading />;
  if (query.isError && query.data === undefined) {
    const retry = () => void query.refetch();
    return failure?.(query.error, retry) ?? <Failure error={query.error} retry={retry} />;
  }
  const rows = query.data?.pages.flatMap((each) => each.data) ?? [];
  if (rows.length === 0) return empty;
  return (
    <>
      {children(rows)}
      {query.isError && <Failure error={query.error} retry={() => void query.fetchNextPage()} />}
      {query.hasNextPage && (
        <Button className={styles.more} disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {query.isFetchingNextPage ? text.list.loading : text.list.more}
        </Button>
      )}
    </>
  );
}
