/** What a snippet is filled with. */
export interface Call {
  /** Where the service is. */
  readonly origin: string;
  readonly key: string;
  /** The path with its query, such as `/api/annotations`. */
  readonly path: string;
}

export type SnippetKind = "curl" | "n8n" | "typescript";

/** A call that a key with these scopes may make, the most useful one first. */
export function firstPath(scopes: readonly string[], connectionId?: string): string {
  const may = (scope: string) => scopes.includes(scope);
  if (connectionId !== undefined && may("tokens:read")) return `/api/connections/${connectionId}/token?resource=graph`;
  if (may("connections:read")) return "/api/connections";
  if (may("annotations:read")) return "/api/annotations";
  if (may("taxonomies:read")) return "/api/taxonomies";
  if (may("members:read")) return "/api/members";
  if (may("organization:read")) return "/api/auth/organization";
  return "/api/auth/me";
}

/** In single quotes, for a POSIX shell. */
const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;

const writers: Record<SnippetKind, (call: Call) => string> = {
  curl: ({ origin, key, path }) => `curl ${quoted(origin + path)} \\\n  -H ${quoted(`X-Api-Key: ${key}`)}`,
  // What n8n takes when it is pasted onto a workflow.
  n8n: ({ origin, key, path }) =>
    JSON.stringify(
      {
        nodes: [
          {
            name: "Tenantry",
            type: "n8n-nodes-base.httpRequest",
            typeVersion: 4.2,
            position: [0, 0],
            parameters: {
              url: origin + path,
              sendHeaders: true,
              headerParameters: { parameters: [{ name: "X-Api-Key", value: key }] },
            },
          },
        ],
        connections: {},
      },
      null,
      2,
    ),
  typescript: ({ origin, key, path }) =>
    [
      `const response = await fetch(${JSON.stringify(origin + path)}, {`,
      `  headers: { "X-Api-Key": process.env.TENANTRY_KEY ?? ${JSON.stringify(key)} },`,
      "});",
      "if (!response.ok) throw new Error(await response.text());",
      "const { data } = await response.json();",
      "console.log(data);",
    ].join("\n"),
};

export function snippet(kind: SnippetKind, call: Call): string {
  return writers[kind](call);
}
