import { Body1, Button, Card, makeStyles, Subtitle2, tokens } from "@fluentui/react-components";
import { useEffect, useRef, type ReactElement, type ReactNode } from "react";

const useStyles = makeStyles({
  region: { marginBottom: tokens.spacingVerticalXL, outlineStyle: "none" },
  card: { border: `2px solid ${tokens.colorBrandStroke1}` },
  head: { display: "flex", alignItems: "center", gap: tokens.spacingHorizontalS, fontSize: "20px" },
  fields: { display: "grid", gridTemplateColumns: "minmax(0, 1fr)", gap: tokens.spacingVerticalM },
  done: { justifySelf: "start" },
});

interface ShownOnceProps {
  readonly icon: ReactElement;
  readonly title: string;
  readonly lead: string;
  /** The word for having kept it. */
  readonly done: string;
  readonly onDone: () => void;
  readonly children: ReactNode;
}

/** What can be seen this one time. The focus goes there when it appears. */
export function ShownOnce({ icon, title, lead, done, onDone, children }: ShownOnceProps) {
  const styles = useStyles();
  const region = useRef<HTMLElement>(null);
  useEffect(() => region.current?.focus(), []);
  return (
    <section ref={region} className={styles.region} aria-label={title} tabIndex={-1}>
      <Card size="large" className={styles.card}>
        <div className={styles.head}>
          {icon}
          <Subtitle2 as="h2">{title}</Subtitle2>
        </div>
        <Body1>{lead}</Body1>
        <div className={styles.fields}>
          {children}
          <Button className={styles.done} appearance="primary" onClick={onDone}>
            {done}
          </Button>
        </div>
      </Card>
    </section>
  );
}
