// Microsoft's own client for Graph, with tokens of the hub. `npm install @microsoft/microsoft-graph-client`.
import { Client } from "@microsoft/microsoft-graph-client";

/** A client for one connection. The hub keeps its tokens fresh, so that this asks for one with each request. */
export function graphClient({ hub, apiKey, connectionId, graph = "https://graph.microsoft.com" }) {
  const authProvider = {
    async getAccessToken() {
      const url = `${hub}/api/connections/${connectionId}/token?resource=graph`;
      const answer = await fetch(url, { headers: { authorization: `ApiKey ${apiKey}` } });
      const body = await answer.json();
      if (!answer.ok) throw new Error(`${body.error.code}: ${body.error.message}`);
      return body.data.accessToken;
    },
  };
  // The client sends its token to Microsoft's hosts only, unless others are named.
  const customHosts = new Set([new URL(graph).hostname]);
  return Client.initWithMiddleware({ authProvider, baseUrl: graph, customHosts });
}
