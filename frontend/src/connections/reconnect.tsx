import { Button } from "@fluentui/react-components";
import { PlugConnectedRegular } from "@fluentui/react-icons";
import { data } from "@tenantry/client";
import { useMutation } from "@tanstack/react-query";

import { api } from "../lib/api";
import { useToasts } from "../lib/toast";
import { useWords } from "../text/text";

interface ReconnectProps {
  readonly id: string;
  /** What Microsoft wants to see, where a resource said it and not the connection. */
  readonly claims?: string | undefined;
}

/** Leads to Microsoft by the connection's own link, which passes on what Microsoft wants to see, and back to this page. */
export function Reconnect({ id, claims }: ReconnectProps) {
  const { text } = useWords();
  const toasts = useToasts();
  const leave = useMutation({
    mutationFn: () => {
      const params = { path: { connectionId: id }, query: claims === undefined ? {} : { claims } };
      return data(api.POST("/api/connections/{connectionId}/reconnect-link", { params }));
    },
    onSuccess: ({ data: { url } }) => {
      const { pathname, search } = globalThis.location;
      const link = new URL(url);
      link.searchParams.set("return_to", pathname + search);
      globalThis.location.assign(link);
    },
    onError: toasts.failed,
  });
  return (
    <Button appearance="primary" icon={<PlugConnectedRegular />} disabledFocusable={leave.isPending} onClick={() => leave.mutate()}>
      {text.connections.reconnect}
    </Button>
  );
}
