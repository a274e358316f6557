import { makeStyles, Tab, TabList, tokens } from "@fluentui/react-components";
import { useState } from "react";

import { snippet, type Call, type SnippetKind } from "./snippet";
import { Copyable } from "./copyable";

const NAMES: Record<SnippetKind, string> = { curl: "curl", n8n: "n8n", typescript: "TypeScript" };
const KINDS = ["curl", "n8n", "typescript"] as const;

const useStyles = makeStyles({ all: { display: "grid", gap: tokens.spacingVerticalS, minWidth: 0 } });

/** One call in the ways people make calls, each ready to be copied. */
export function Snippets({ label, call }: { readonly label: string; readonly call: Call }) {
  const styles = useStyles();
  const [kind, setKind] = useState<SnippetKind>("curl");
  return (
    <div className={styles.all}>
      <TabList
        size="small"
        aria-label={label}
        selectedValue={kind}
        onTabSelect={(_, { value }) => setKind(KINDS.find((each) => each === value) ?? "curl")}
      >
        {KINDS.map((each) => (
          <Tab key={each} value={each}>
            {NAMES[each]}
          </Tab>
        ))}
      </TabList>
      <Copyable label={NAMES[kind]} value={snippet(kind, call)} />
    </div>
  );
}
