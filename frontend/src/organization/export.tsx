import { Body1, Button, Card, Field, makeStyles, ProgressBar, Subtitle2 } from "@fluentui/react-components";
import { ArrowDownloadRegular } from "@fluentui/react-icons";
import { data } from "@tenantry/client";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../lib/api";
import { save } from "../lib/save";
import { useToasts } from "../lib/toast";
import { Failure } from "../shell/failure";
import { useWords } from "../text/text";
import { ExportLines, type ExportProgress } from "./export-lines";

const useStyles = makeStyles({ button: { alignSelf: "start" } });

/** Everything the organization owns, as a file. */
export function Export() {
  const styles = useStyles();
  const { text, number } = useWords();
  const toasts = useToasts();
  const [progress, setProgress] = useState<ExportProgress>();
  const run = useMutation({
    mutationFn: () => download(setProgress),
    onSuccess: ({ file, rows, isComplete }) => {
      if (!isComplete) throw new Error(text.leaving.incomplete);
      save(file, "organization.jsonl");
      toasts.done(text.leaving.exported(number(rows)));
    },
    onSettled: () => setProgress(undefined),
  });
  return (
    <Card size="large">
      <Subtitle2 as="h2">{text.leaving.exportTitle}</Subtitle2>
      <Body1>{text.leaving.exportLead}</Body1>
      {run.isError && <Failure error={run.error} retry={() => run.mutate()} />}
      {progress && (
        <Field validationState="none" validationMessage={text.leaving.exporting(number(progress.rows), number(progress.expected))}>
          <ProgressBar aria-label={text.leaving.exportTitle} max={Math.max(progress.expected, 1)} value={progress.rows} />
        </Field>
      )}
      <Button className={styles.button} icon={<ArrowDownloadRegular />} disabledFocusable={run.isPending} onClick={() => run.mutate()}>
        {text.leaving.export}
      </Button>
    </Card>
  );
}

async function download(onProgress: (progress: ExportProgress) => void) {
  // The document calls the answer a file, which the generated types take for text.
  const body: unknown = await data(api.GET("/api/organization/export", { parseAs: "stream" }));
  if (!(body instanceof ReadableStream)) throw new Error("the answer is no stream");
  const lines = new ExportLines();
  const pieces: Blob[] = [];
  let progress: ExportProgress = { rows: 0, expected: 0, isComplete: false };
  const reader: ReadableStreamDefaultReader<string> = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    pieces.push(new Blob([next.value]));
    progress = lines.add(next.value);
    onProgress(progress);
  }
  return { file: new Blob(pieces, { type: "application/x-ndjson" }), ...progress };
}
