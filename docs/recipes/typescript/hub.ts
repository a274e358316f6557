// A token of a connected account, for whatever asks Microsoft. Runs in Node.js without a package.

export interface Hub {
  /** Where Tenantry is. */
  url: string;
  /** With the scope tokens:read. */
  apiKey: string;
  connectionId: string;
}

/** A token that lasts at least five minutes: ask for each piece of work, and keep none. */
export async function accessToken(hub: Hub, resource = "graph"): Promise<string> {
  const url = new URL(`/api/connections/${hub.connectionId}/token`, hub.url);
  url.searchParams.set("resource", resource);
  const answer = await fetch(url, { headers: { authorization: `ApiKey ${hub.apiKey}` } });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${body.error.code}: ${body.error.message}`);
  return body.data.accessToken;
}
