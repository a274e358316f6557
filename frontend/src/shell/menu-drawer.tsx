import { makeStyles, OverlayDrawer, tokens } from "@fluentui/react-components";

import { useWords } from "../text/text";
import { Navigation } from "./navigation";

const useStyles = makeStyles({ drawer: { padding: tokens.spacingHorizontalM } });

interface MenuDrawerProps {
  readonly open: boolean;
  readonly onChange: (open: boolean) => void;
}

/** The menu, where there is no room for it beside the screen. */
export function MenuDrawer({ open, onChange }: MenuDrawerProps) {
  const styles = useStyles();
  const { text } = useWords();
  return (
    <OverlayDrawer open={open} onOpenChange={(_, change) => onChange(change.open)} aria-label={text.nav.label}>
      <div className={styles.drawer}>
        <Navigation onChosen={() => onChange(false)} />
      </div>
    </OverlayDrawer>
  );
}
